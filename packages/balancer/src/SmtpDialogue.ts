/**
 * The dialogue of an SMTP check: banner, HELO, QUIT.
 *
 * Decides; never acts. Takes what the server says, in pieces of any size, and returns what to send and at last the
 * result. A reply may have several lines; every one must carry the code that is due, or the check fails with that line.
 *
 * **Details** 220 of the banner, 250 of HELO, 221 of QUIT.
 *
 * @see RFC 5321 sections 4.1.1.1, 4.2 and 4.3.2
 * @since 0.1.0
 */
import * as PeerText from "./PeerText.ts"
import type { ProbeResult } from "./Probe.ts"

/**
 * What the dialogue waits for.
 *
 * - `line`: the line that has begun; `lineCount`: the lines of the reply before it.
 *
 * @category models
 * @since 0.1.0
 */
export type SmtpDialogue =
  | {
      readonly _tag: "Awaiting"
      readonly stage: Stage
      readonly heloName: string
      readonly line: string
      readonly lineCount: number
    }
  | { readonly _tag: "Ended" }

/**
 * @category models
 * @since 0.1.0
 */
export type Stage = "Banner" | "Helo" | "Quit"

/**
 * What happens on the connection.
 *
 * @category models
 * @since 0.1.0
 */
export type Input =
  | { readonly _tag: "BytesReceived"; readonly bytes: Uint8Array }
  | { readonly _tag: "ConnectionEnded" }

/**
 * What an input brought: commands to send, in order, and at last the result. Nothing follows a result.
 *
 * @category models
 * @since 0.1.0
 */
export interface Step {
  readonly dialogue: SmtpDialogue
  readonly commands: ReadonlyArray<Uint8Array>
  readonly result?: ProbeResult
}

/**
 * Returns why a probe with this name cannot be made, or nothing: a control character would write another command.
 *
 * @category checks
 * @since 0.1.0
 */
export const refusal = (heloName: string): string | undefined =>
  /\p{Cc}/u.test(heloName) ? `control character in helo_name ${JSON.stringify(heloName)}` : undefined

/**
 * Begins a dialogue: the server speaks first.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = (heloName: string): SmtpDialogue => awaiting("Banner", heloName)

/**
 * Takes what happened on the connection. Total.
 *
 * @category steps
 * @since 0.1.0
 */
export const step = (dialogue: SmtpDialogue, input: Input): Step => {
  if (dialogue._tag === "Ended") return { dialogue, commands: [] }
  if (input._tag === "ConnectionEnded")
    return fail(`the connection was closed ${stages[dialogue.stage].closed}`)
  const commands: Array<Uint8Array> = []
  let current: SmtpDialogue = dialogue
  let offset = 0
  while (offset < input.bytes.length) {
    const room = input.bytes.subarray(offset, offset + lineMax - current.line.length)
    const newline = room.indexOf(lineFeed)
    const piece = newline < 0 ? room : room.subarray(0, newline + 1)
    const line: string = current.line + PeerText.decode(piece)
    offset += piece.length
    if (newline >= 0) {
      const taken = takeLine(current, line)
      commands.push(...taken.commands)
      if (taken.result !== undefined || taken.dialogue._tag === "Ended") return { ...taken, commands }
      current = taken.dialogue
    } else if (line.length >= lineMax) return { ...fail(`line longer than ${lineMax} bytes`), commands }
    else current = { ...current, line }
  }
  return { dialogue: current, commands }
}

const takeLine = (
  { stage, heloName, lineCount }: Extract<SmtpDialogue, { readonly _tag: "Awaiting" }>,
  line: string
): Step => {
  const { code, asked, next, command } = stages[stage]
  const reply = /^([0-9]{3})([ -]|\r?\n)/.exec(line)
  if (reply === null) return fail(`the answer is not SMTP: ${PeerText.quote(line)}`)
  if (Number(reply[1]) !== code)
    return fail(`${asked} answered with ${PeerText.quote(line)}, expected ${code}`)
  if (reply[2] === "-") {
    return lineCount + 1 < lineCountMax
      ? { dialogue: { ...awaiting(stage, heloName), lineCount: lineCount + 1 }, commands: [] }
      : fail(`reply of more than ${lineCountMax} lines`)
  }
  return next === undefined
    ? { dialogue: { _tag: "Ended" }, commands: [], result: { _tag: "Passed" } }
    : { dialogue: awaiting(next, heloName), commands: [encoder.encode(command(heloName))] }
}

const awaiting = (stage: Stage, heloName: string) =>
  ({ _tag: "Awaiting", stage, heloName, line: "", lineCount: 0 }) as const

const fail = (reason: string): Step => ({
  dialogue: { _tag: "Ended" },
  commands: [],
  result: { _tag: "Failed", reason }
})

/** What is due at each stage, and what is sent when it came. */
const stages: Readonly<
  Record<
    Stage,
    {
      readonly code: number
      readonly asked: string
      readonly closed: string
      readonly next: Stage | undefined
      readonly command: (heloName: string) => string
    }
  >
> = {
  Banner: {
    code: 220,
    asked: "the connection was",
    closed: "without a banner",
    next: "Helo",
    command: (heloName) => `HELO ${heloName}\r\n`
  },
  Helo: { code: 250, asked: "HELO was", closed: "after HELO", next: "Quit", command: () => "QUIT\r\n" },
  Quit: { code: 221, asked: "QUIT was", closed: "after QUIT", next: undefined, command: () => "" }
}

const lineFeed = 0x0a

/** Twice what RFC 5321 4.5.3.1.5 lets a server send. */
const lineMax = 1024

/** Greetings have a handful of lines. */
const lineCountMax = 100

const encoder = new TextEncoder()
