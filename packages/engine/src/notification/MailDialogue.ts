/**
 * The dialogue that hands one mail to a server: greeting, sender, recipients, text.
 *
 * Decides; never acts. Takes the lines that the server says and returns what to send, and at last what came of it.
 *
 * **Details** the mail is sent if one recipient at least is accepted. No extension of SMTP is used: neither keepalived's
 * configuration nor a server that relays for its own network needs one.
 *
 * @see RFC 5321 sections 3.3, 4.1.1 and 4.5.2; RFC 5322 sections 2.2 and 3.6
 * @since 0.1.0
 */

/**
 * A mail on its way.
 *
 * - `helloName`: how we name ourselves.
 * - `date`: of the header, in RFC 5322's form; `messageId`: unique, without its angle brackets.
 *
 * @category models
 * @since 0.1.0
 */
export interface OutgoingMail {
  readonly helloName: string
  readonly from: string
  readonly recipients: ReadonlyArray<string>
  readonly subject: string
  readonly body: string
  readonly date: string
  readonly messageId: string
}

/**
 * What is waited for.
 *
 * - `Recipient`: the answer for the recipient of this index; `acceptedCount` of those before.
 *
 * @category models
 * @since 0.1.0
 */
export type MailDialogue =
  | { readonly _tag: "Banner" | "Hello" | "Sender" | "Text" | "End" | "Quit" }
  | { readonly _tag: "Recipient"; readonly index: number; readonly acceptedCount: number }

/**
 * What a line brought: what to send; and at last whether the mail was taken, or why not.
 *
 * @category models
 * @since 0.1.0
 */
export interface Step {
  readonly dialogue: MailDialogue
  readonly send?: string
  readonly result?: { readonly _tag: "Sent" } | { readonly _tag: "Refused"; readonly reason: string }
}

/**
 * The server speaks first.
 *
 * @category constants
 * @since 0.1.0
 */
export const start: MailDialogue = { _tag: "Banner" }

/**
 * Takes one line of the server, without its end. Total.
 *
 * @category steps
 * @since 0.1.0
 */
export const step = (dialogue: MailDialogue, mail: OutgoingMail, line: string): Step => {
  const reply = /^([0-9]{3})([ -]|$)/.exec(line)
  if (reply === null) return refuse(`the answer is not SMTP: ${quote(line)}`)
  // RFC 5321 4.2.1: the last line of a reply has no hyphen, and it alone decides.
  if (reply[2] === "-") return { dialogue }
  const isPositive = (wanted: string): boolean => reply[1]!.startsWith(wanted)
  switch (dialogue._tag) {
    case "Banner":
      return isPositive("2")
        ? { dialogue: { _tag: "Hello" }, send: `HELO ${mail.helloName}\r\n` }
        : refuse(`the connection was answered with ${quote(line)}`)
    case "Hello":
      return isPositive("2")
        ? { dialogue: { _tag: "Sender" }, send: `MAIL FROM:<${mail.from}>\r\n` }
        : refuse(`HELO was answered with ${quote(line)}`)
    case "Sender":
      return isPositive("2")
        ? askRecipient(mail, 0, 0, "")
        : refuse(`the sender ${mail.from} was answered with ${quote(line)}`)
    case "Recipient": {
      const acceptedCount = dialogue.acceptedCount + (isPositive("2") ? 1 : 0)
      return askRecipient(mail, dialogue.index + 1, acceptedCount, line)
    }
    case "Text":
      return isPositive("3")
        ? { dialogue: { _tag: "End" }, send: textOf(mail) }
        : refuse(`DATA was answered with ${quote(line)}`)
    case "End":
      return isPositive("2")
        ? { dialogue: { _tag: "Quit" }, send: "QUIT\r\n", result: { _tag: "Sent" } }
        : refuse(`the text was answered with ${quote(line)}`)
    case "Quit":
      return { dialogue }
  }
}

const askRecipient = (mail: OutgoingMail, index: number, acceptedCount: number, line: string): Step => {
  const recipient = mail.recipients[index]
  if (recipient !== undefined)
    return { dialogue: { _tag: "Recipient", index, acceptedCount }, send: `RCPT TO:<${recipient}>\r\n` }
  return acceptedCount > 0
    ? { dialogue: { _tag: "Text" }, send: "DATA\r\n" }
    : refuse(`every recipient was refused, the last with ${quote(line)}`)
}

const refuse = (reason: string): Step => ({
  dialogue: { _tag: "Quit" },
  send: "QUIT\r\n",
  result: { _tag: "Refused", reason }
})

/** Lines end in CR LF, one that is a dot alone ends the text, and one that begins with a dot gets another (4.5.2). */
const textOf = ({ body, date, from, messageId, recipients, subject }: OutgoingMail): string => {
  const lines = [
    `From: ${from}`,
    `To: ${recipients.join(",\r\n ")}`,
    `Subject: ${headerText(subject)}`,
    `Date: ${date}`,
    `Message-ID: <${messageId}>`,
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 8bit",
    "Auto-Submitted: auto-generated",
    "",
    ...body.split(/\r?\n/)
  ]
  return `${lines.map((line) => (line.startsWith(".") ? `.${line}` : line)).join("\r\n")}\r\n.\r\n`
}

/** RFC 2047 section 2: what is not ASCII goes as an encoded word; a line end would begin another header. */
const headerText = (text: string): string => {
  const line = text.replaceAll(/[\r\n]+/g, " ")
  if (/^[\x20-\x7e]*$/.test(line)) return line
  const bytes = new TextEncoder().encode(line)
  return `=?UTF-8?B?${btoa(String.fromCharCode(...bytes))}?=`
}

const quote = (line: string): string => JSON.stringify(line.slice(0, quotedMax))

/** What a person needs to see of an answer. */
const quotedMax = 200
