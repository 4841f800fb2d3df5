import { assert, describe, it } from "@effect/vitest"
import type { ProbeResult } from "@holdfast/balancer/Probe"
import * as SmtpDialogue from "@holdfast/balancer/SmtpDialogue"
import * as Schema from "effect/Schema"

const runs = { arbitrary: { runs: 1_000 } }

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0))
const textOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes)

/** Carries a dialogue through what the server says, then the end of the connection. */
const dialogue = (pieces: ReadonlyArray<Uint8Array>) => {
  let current = SmtpDialogue.start("balancer.example")
  let sent = ""
  for (const input of [
    ...pieces.map((bytes) => ({ _tag: "BytesReceived", bytes }) as const),
    { _tag: "ConnectionEnded" } as const
  ]) {
    const step = SmtpDialogue.step(current, input)
    current = step.dialogue
    sent += step.commands.map(textOf).join("")
    if (step.result !== undefined) return { sent, result: step.result }
  }
  throw new Error("no result")
}

const said = (...lines: ReadonlyArray<string>) => dialogue(lines.map(bytesOf))
const failed = (reason: string): ProbeResult => ({ _tag: "Failed", reason })

describe("SmtpDialogue", () => {
  it("greets, leaves and passes", () => {
    assert.deepStrictEqual(said("220 mx ESMTP\r\n", "250 mx\r\n", "221 bye\r\n"), {
      sent: "HELO balancer.example\r\nQUIT\r\n",
      result: { _tag: "Passed" }
    })
  })

  it("RFC 5321 4.2.1: a reply may have several lines", () => {
    const { result } = said("220-mx\r\n220-no spam\r\n220 ready\r\n", "250-mx\r\n250 SIZE\r\n", "221\r\n")

    assert.deepStrictEqual(result, { _tag: "Passed" })
  })

  it("any other code fails with its line", () => {
    assert.deepStrictEqual(
      said("554-go away\r\n554 now\r\n").result,
      failed('the connection was answered with "554-go away", expected 220')
    )
    assert.deepStrictEqual(
      said("220 mx\r\n", "421 busy\r\n").result,
      failed('HELO was answered with "421 busy", expected 250')
    )
    assert.deepStrictEqual(
      said("220 mx\r\n", "250 mx\r\n", "500 what\r\n").result,
      failed('QUIT was answered with "500 what", expected 221')
    )
  })

  it("what is no reply fails with its line, bounded and without control characters", () => {
    assert.deepStrictEqual(
      said("HTTP/1.0 400 Bad\r\n").result,
      failed('the answer is not SMTP: "HTTP/1.0 400 Bad"')
    )
    assert.deepStrictEqual(said("\u001b[2J\n").result, failed('the answer is not SMTP: "\ufffd[2J"'))
    assert.deepStrictEqual(
      said(`${"x".repeat(500)}\n`).result,
      failed(`the answer is not SMTP: "${"x".repeat(80)}"`)
    )
  })

  it("lines and replies are bounded", () => {
    assert.deepStrictEqual(said("220 ".padEnd(5_000, "x")).result, failed("line longer than 1024 bytes"))
    assert.deepStrictEqual(
      said("220 ".padEnd(900, "x"), "x".repeat(900)).result,
      failed("line longer than 1024 bytes")
    )
    assert.deepStrictEqual(
      said("220 ".padEnd(1_000, "x"), `${"x".repeat(100)}\r\n`).result,
      failed("line longer than 1024 bytes")
    )
    assert.deepStrictEqual(said("220-x\r\n".repeat(500)).result, failed("reply of more than 100 lines"))
  })

  it("an end of the connection says when", () => {
    assert.deepStrictEqual(said().result, failed("the connection was closed without a banner"))
    assert.deepStrictEqual(said("220 mx\r\n").result, failed("the connection was closed after HELO"))
    assert.deepStrictEqual(
      said("220 mx\r\n", "250 mx\r\n", "221").result,
      failed("the connection was closed after QUIT")
    )
  })

  it("a name that would begin another line is refused", () => {
    assert.isUndefined(SmtpDialogue.refusal("balancer.example"))
    assert.match(SmtpDialogue.refusal("a\r\nMAIL")!, /control character in helo_name "a\\r\\nMAIL"/)
  })

  it.prop(
    "any answer comes to the same result and the same commands, however it is cut",
    {
      words: Schema.Array(
        Schema.Literals(["220 mx\r\n", "220-mx\n", "250 ok\r\n", "221 bye\r\n", "2", "\r\n", "554 no\r\n"])
      ),
      greeted: Schema.Boolean,
      tail: Schema.Uint8Array,
      size: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 9 }))
    },
    ({ words, greeted, tail, size }) => {
      const bytes = bytesOf((greeted ? "220 mx\r\n250 ok\r\n" : "") + words.join("") + textOf(tail))
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size)
      )

      assert.deepStrictEqual(dialogue(pieces), dialogue([bytes]))
    },
    runs
  )
})
