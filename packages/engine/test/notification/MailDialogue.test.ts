import { assert, describe, it } from "@effect/vitest"
import * as MailDialogue from "@holdfast/engine/notification/MailDialogue"

const mail: MailDialogue.OutgoingMail = {
  helloName: "ld-1.example",
  from: "holdfast@example",
  recipients: ["ops@example", "boss@example"],
  subject: "[ld-1] VRRP instance VI_1 is MASTER",
  body: "first\n.dot\nlast",
  date: "Sun, 22 Nov 2026 20:00:00 +0000",
  messageId: "1@ld-1"
}

/** What is sent when the server says these lines, and what came of it. */
const converse = (lines: ReadonlyArray<string>, of = mail) => {
  let dialogue = MailDialogue.start
  const sent: Array<string> = []
  const results: Array<MailDialogue.Step["result"]> = []
  for (const line of lines) {
    const step = MailDialogue.step(dialogue, of, line)
    dialogue = step.dialogue
    if (step.send !== undefined) sent.push(step.send)
    if (step.result !== undefined) results.push(step.result)
  }
  return { sent, results }
}

describe("MailDialogue", () => {
  it("RFC 5321 3.3: greets, names the sender and all recipients, and hands the text over", () => {
    const { results, sent } = converse([
      "220-hello",
      "220 ready",
      "250 ok",
      "250 ok",
      "250 ok",
      "251 ok",
      "354 go",
      "250 queued",
      "221 bye"
    ])

    assert.deepStrictEqual(sent.slice(0, 5), [
      "HELO ld-1.example\r\n",
      "MAIL FROM:<holdfast@example>\r\n",
      "RCPT TO:<ops@example>\r\n",
      "RCPT TO:<boss@example>\r\n",
      "DATA\r\n"
    ])
    assert.strictEqual(sent[6], "QUIT\r\n")
    assert.deepStrictEqual(results, [{ _tag: "Sent" }])
  })

  it("RFC 5321 4.5.2: a line that begins with a dot gets another, and a dot alone ends the text", () => {
    const text = converse(["220 a", "250 a", "250 a", "250 a", "250 a", "354 a"]).sent[5]!

    assert.isTrue(text.endsWith("\r\n\r\nfirst\r\n..dot\r\nlast\r\n.\r\n"))
    assert.include(text, "\r\nSubject: [ld-1] VRRP instance VI_1 is MASTER\r\n")
    assert.include(text, "\r\nTo: ops@example,\r\n boss@example\r\n")
    assert.strictEqual(text.split(/(?<!\r)\n/).length, 1)
  })

  it("RFC 2047 2: a subject beyond ASCII is encoded, and a line end in it begins no header", () => {
    const subject = "Über\r\nBcc: all@example"
    const text = converse(["220 a", "250 a", "250 a", "250 a", "250 a", "354 a"], { ...mail, subject })
      .sent[5]!

    const encoded = /\r\nSubject: =\?UTF-8\?B\?([^?]*)\?=\r\n/.exec(text)?.[1] ?? ""
    assert.strictEqual(Buffer.from(encoded, "base64").toString("utf8"), "Über Bcc: all@example")
  })

  it("one recipient that is refused does not keep the mail from the others; all of them do", () => {
    assert.deepStrictEqual(
      converse(["220 a", "250 a", "250 a", "550 unknown", "250 a", "354 a", "250 a"]).results,
      [{ _tag: "Sent" }]
    )
    assert.deepStrictEqual(converse(["220 a", "250 a", "250 a", "550 unknown", "550 unknown"]).results, [
      { _tag: "Refused", reason: 'every recipient was refused, the last with "550 unknown"' }
    ])
  })

  it.each([
    ["the banner", ["554 go away"]],
    ["HELO", ["220 a", "500 what"]],
    ["the sender", ["220 a", "250 a", "550 no"]],
    ["DATA", ["220 a", "250 a", "250 a", "250 a", "250 a", "500 no"]],
    ["the text", ["220 a", "250 a", "250 a", "250 a", "250 a", "354 a", "552 too much"]],
    ["what is not SMTP", ["HTTP/1.0 400"]]
  ])("a refusal of %s ends it with the answer", (_, lines) => {
    const { results, sent } = converse(lines)

    assert.strictEqual(results[0]?._tag, "Refused")
    assert.include(JSON.stringify(results[0]), lines.at(-1)!)
    assert.strictEqual(sent.at(-1), "QUIT\r\n")
  })
})
