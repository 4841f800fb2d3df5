/**
 * What happened in a demo, as values, and how it reads.
 *
 * Pure. Owns the words; never reads a clock and never prints.
 *
 * @since 0.1.0
 */
import { formatSeconds } from "@holdfast/wire/Instant"
import type { DirectorEvent } from "./DirectorEvent.ts"
import type { PageNews } from "./PageNews.ts"

/**
 * One thing that happened. `at` is an instant of the monotonic clock in microseconds, which every process of a machine
 * shares.
 *
 * - `PoweredOn`: a director was started, on a machine with fresh cables.
 * - `PoweredOff`: a director was killed and its machine lost its cables.
 * - `CannotForward`: this kernel does not let a director pass on packets, and why.
 * - `Told`: a director says so in its log; `message` is its log line.
 * - `Answered`: from now on `director` answers `asker` at `address`; `silentMicros` after the last answer before, which
 *   is absent for the first.
 * - `ServerStarted`, `ServerKilled`: the web server of a machine.
 * - `PageCame`: the client has a page of this server, the first or the first for a while.
 * - `PageLost`: the client has lost a page, the first or the first for a while.
 *
 * @category models
 * @since 0.1.0
 */
export type Entry = { readonly at: number } & (
  | { readonly _tag: "PoweredOn"; readonly director: string }
  | { readonly _tag: "PoweredOff"; readonly director: string }
  | { readonly _tag: "CannotForward"; readonly director: string; readonly message: string }
  | {
      readonly _tag: "Told"
      readonly director: string
      readonly event: DirectorEvent
      readonly message: string
    }
  | {
      readonly _tag: "Answered"
      readonly asker: string
      readonly address: string
      readonly director: string
      readonly silentMicros?: number
    }
  | { readonly _tag: "ServerStarted"; readonly server: string }
  | { readonly _tag: "ServerKilled"; readonly server: string }
  | PageNews
)

/**
 * Renders one entry as a line: seconds since the start, who, what.
 *
 * @category conversions
 * @since 0.1.0
 */
export const line = (entry: Entry, startedAt: number): string => {
  const seconds = formatSeconds(entry.at - startedAt).padStart(secondsWidth)
  return `${seconds} s  ${whoOf(entry).padEnd(whoWidth)}  ${whatOf(entry)}`
}

/**
 * Splits entries into those that happened up to an instant, in the order they happened, and the rest.
 *
 * **Details** reports come by different ways, so one that happened first may arrive second.
 *
 * @category ordering
 * @since 0.1.0
 */
export const splitAt = (
  entries: ReadonlyArray<Entry>,
  until: number
): readonly [past: ReadonlyArray<Entry>, rest: ReadonlyArray<Entry>] => [
  entries.filter((entry) => entry.at <= until).toSorted((left, right) => left.at - right.at),
  entries.filter((entry) => entry.at > until)
]

/**
 * Renders the end of the story in two lines: what the loss of the Master cost the asker, and what its return cost.
 * `patienceMicros` is how long the Backup waits for an advert before it takes over.
 *
 * @category conversions
 * @since 0.1.0
 */
export const summary = (
  entries: ReadonlyArray<Entry>,
  { asker, master, backup, patienceMicros }: Cast
): readonly [string, string] => {
  const silence = (director: string): string => {
    const answered = entries
      .filter((entry) => entry._tag === "Answered")
      .filter((entry) => entry.asker === asker && entry.director === director)
    return formatSeconds(Math.max(0, ...answered.map((entry) => entry.silentMicros ?? 0)))
  }
  return [
    `${master} lost: the ${asker} had no answer for ${silence(backup)} s; ${backup} takes over when it hears no advert for ${formatSeconds(patienceMicros)} s.`,
    `${master} back: the ${asker} had no answer for ${silence(master)} s while ${master} took its addresses back.`
  ]
}

/**
 * Who plays in the story.
 *
 * @category models
 * @since 0.1.0
 */
export interface Cast {
  readonly asker: string
  readonly master: string
  readonly backup: string
  readonly patienceMicros: number
}

const whoOf = (entry: Entry): string => {
  switch (entry._tag) {
    case "PoweredOn":
    case "PoweredOff":
    case "CannotForward":
    case "Told":
      return entry.director
    case "ServerStarted":
    case "ServerKilled":
      return entry.server
    case "Answered":
      return entry.asker
    case "PageCame":
    case "PageLost":
      return "client"
  }
}

const whatOf = (entry: Entry): string => {
  switch (entry._tag) {
    case "PoweredOn":
      return "gets power: cables plugged in, daemon started"
    case "PoweredOff":
      return "loses power: daemon killed, cables pulled"
    case "CannotForward":
      return entry.message
    case "Told":
      return becomesMaster(entry.event) ? `${entry.message}  <== Master` : clip(entry.message)
    case "Answered":
      return `reaches ${entry.address} at ${entry.director}${silence(entry.silentMicros, "an answer")}`
    case "ServerStarted":
      return "its web server is started"
    case "ServerKilled":
      return "its web server is killed"
    case "PageCame":
      return `gets a page from ${entry.server}${silence(entry.silentMicros, "one")}`
    case "PageLost":
      return `loses pages: ${entry.reason}`
  }
}

const clip = (message: string): string =>
  message.length <= messageLengthMax ? message : `${message.slice(0, messageLengthMax - 1)}…`

const becomesMaster = (event: DirectorEvent): boolean => event._tag === "RoleChanged" && event.to === "Master"

const silence = (micros: number | undefined, ofWhat: string): string =>
  micros === undefined ? "" : `, after ${formatSeconds(micros)} s without ${ofWhat}`

/** Two lines of a terminal; a refusal names every rule that is missing. */
const messageLengthMax = 200
/** Room for `999.999`. */
const secondsWidth = 7
/** Room for the longest name of the demo's machines, `client`. */
const whoWidth = 6
