/**
 * What can be done to a simulated network: the vocabulary of scenarios, as values and as text.
 *
 * A scenario is a list of commands, one a line: what a seed generates can be read, shortened and kept as a file.
 *
 * **Details**
 *
 *     seed 42                        of the network's random numbers; the first line, if it is there
 *     network latency=100us loss=0.1 how well the segment carries frames from now on
 *     add r1 priority=200 preempt=off  a host with one virtual router; starts it
 *     set r1 priority=50             new parameters: what is not named stays
 *     stop r1, start r1              orderly
 *     crash r1, boot r1              power gone, power back
 *     freeze r1 5s                   the process stands still; what arrives waits
 *     link r1 eth0 down              down, up, delete or add
 *     cut r1 | r2 r3                 islands
 *     block r1 r2                    r2 does not hear r1
 *     clog r1 2s                     what is sent to r1 waits
 *     heal                           no cut, block or clog is left
 *     steal r1                       somebody removes the virtual addresses
 *     forge priority=255 hopLimit=1  an advert from a stranger
 *     expire r1 Advert               an expiry that nobody armed
 *     run 5s                         time passes
 *
 * @since 0.1.0
 */
import type { TimerName } from "@holdfast/vrrp/Event"
import type { MalformedReason } from "@holdfast/wire/Advertisement"
import * as Result from "effect/Result"

/**
 * What differs between the virtual routers of a scenario; times in microseconds. `tracked` is a second address on
 * `eth1`, whose state counts.
 *
 * @category models
 * @since 0.1.0
 */
export type RouterOptions = Required<Options<typeof routerFields>>

/**
 * How well the segment carries frames; times in microseconds, the rest are probabilities.
 *
 * @category models
 * @since 0.1.0
 */
export type NetworkOptions = Required<Options<typeof networkFields>>

/**
 * What is odd about an advert from a stranger.
 *
 * @category models
 * @since 0.1.0
 */
export type ForgedOptions = Omit<Options<typeof forgedFields>, "malformed"> & {
  readonly malformed?: MalformedReason
}

/**
 * The commands; times in microseconds.
 *
 * @category models
 * @since 0.1.0
 */
export type Command =
  | { readonly _tag: "Seed"; readonly seed: number }
  | { readonly _tag: "Network"; readonly options: Partial<NetworkOptions> }
  | { readonly _tag: "Add"; readonly router: string; readonly options: Partial<RouterOptions> }
  | { readonly _tag: "Set"; readonly router: string; readonly options: Partial<RouterOptions> }
  | { readonly _tag: "Start" | "Stop" | "Crash" | "Boot" | "Steal"; readonly router: string }
  | { readonly _tag: "Freeze" | "Clog"; readonly router: string; readonly micros: number }
  | { readonly _tag: "Link"; readonly router: string; readonly device: string; readonly change: LinkChange }
  | { readonly _tag: "Cut"; readonly islands: ReadonlyArray<ReadonlyArray<string>> }
  | { readonly _tag: "Block"; readonly from: string; readonly to: string }
  | { readonly _tag: "Heal" }
  | { readonly _tag: "Forge"; readonly options: ForgedOptions }
  | { readonly _tag: "Expire"; readonly router: string; readonly timer: TimerName }
  | { readonly _tag: "Run"; readonly micros: number }

/**
 * What happens to a device.
 *
 * @category models
 * @since 0.1.0
 */
export type LinkChange = (typeof linkChanges)[number]

/**
 * keepalived's defaults.
 *
 * @category constants
 * @since 0.1.0
 */
export const routerDefaults: RouterOptions = {
  priority: 100,
  interval: 1_000_000,
  preempt: true,
  preemptDelay: 0,
  tracked: false,
  answerLower: true,
  answerHigher: false,
  refresh: 0
}

/**
 * Reads one command a line. Empty lines and what follows `#` say nothing. The failure names the line.
 *
 * @category conversions
 * @since 0.1.0
 */
export const parseAll = (text: string): Result.Result<ReadonlyArray<Command>, string> => {
  const commands: Array<Command> = []
  for (const [index, line] of text.split("\n").entries()) {
    const words = (line.split("#")[0] ?? "").split(/\s+/).filter((word) => word !== "")
    if (words.length === 0) continue
    const command = parse(words)
    if (command === undefined) return Result.fail(`line ${index + 1} is no command: ${line}`)
    commands.push(command)
  }
  return Result.succeed(commands)
}

/**
 * Writes a command as `parseAll` reads it.
 *
 * @category conversions
 * @since 0.1.0
 */
export const print = (command: Command): string => {
  switch (command._tag) {
    case "Seed":
      return `seed ${command.seed}`
    case "Network":
      return ["network", ...printOptions(networkFields, command.options)].join(" ")
    case "Add":
    case "Set":
      return [
        command._tag.toLowerCase(),
        command.router,
        ...printOptions(routerFields, command.options)
      ].join(" ")
    case "Start":
    case "Stop":
    case "Crash":
    case "Boot":
    case "Steal":
      return `${command._tag.toLowerCase()} ${command.router}`
    case "Freeze":
    case "Clog":
      return `${command._tag.toLowerCase()} ${command.router} ${printDuration(command.micros)}`
    case "Link":
      return `link ${command.router} ${command.device} ${command.change}`
    case "Cut":
      return `cut ${command.islands.map((island) => island.join(" ")).join(" | ")}`
    case "Block":
      return `block ${command.from} ${command.to}`
    case "Heal":
      return "heal"
    case "Forge":
      return ["forge", ...printOptions(forgedFields, command.options)].join(" ")
    case "Expire":
      return `expire ${command.router} ${command.timer}`
    case "Run":
      return `run ${printDuration(command.micros)}`
  }
}

const parse = ([verb, ...words]: ReadonlyArray<string>): Command | undefined => {
  const [first, second, third] = words
  switch (verb) {
    case "seed":
      return /^[0-9]+$/.test(first ?? "") ? { _tag: "Seed", seed: Number(first) } : undefined
    case "network":
      return withOptions(networkFields, words, (options) => ({ _tag: "Network", options }))
    case "forge":
      return withOptions(forgedFields, words, (options) => ({
        _tag: "Forge",
        options: options as ForgedOptions
      }))
    case "cut": {
      const islands = words
        .join(" ")
        .split("|")
        .map((island) => island.trim().split(" "))
      return islands.length > 1 ? { _tag: "Cut", islands } : undefined
    }
    case "heal":
      return { _tag: "Heal" }
    case "run": {
      const micros = parseDuration(first ?? "")
      return micros === undefined ? undefined : { _tag: "Run", micros }
    }
  }
  return first === undefined ? undefined : parseOfRouter(verb, first, words.slice(1), second, third)
}

const parseOfRouter = (
  verb: string | undefined,
  router: string,
  words: ReadonlyArray<string>,
  first: string | undefined,
  second: string | undefined
): Command | undefined => {
  switch (verb) {
    case "add":
      return withOptions(routerFields, words, (options) => ({ _tag: "Add", router, options }))
    case "set":
      return withOptions(routerFields, words, (options) => ({ _tag: "Set", router, options }))
    case "start":
      return { _tag: "Start", router }
    case "stop":
      return { _tag: "Stop", router }
    case "crash":
      return { _tag: "Crash", router }
    case "boot":
      return { _tag: "Boot", router }
    case "steal":
      return { _tag: "Steal", router }
    case "freeze":
    case "clog": {
      const micros = parseDuration(first ?? "")
      if (micros === undefined) return undefined
      return { _tag: verb === "freeze" ? "Freeze" : "Clog", router, micros }
    }
    case "link": {
      const change = linkChanges.find((known) => known === second)
      return first === undefined || change === undefined
        ? undefined
        : { _tag: "Link", router, device: first, change }
    }
    case "block":
      return first === undefined ? undefined : { _tag: "Block", from: router, to: first }
    case "expire": {
      const timer = timerNames.find((known) => known === first)
      return timer === undefined ? undefined : { _tag: "Expire", router, timer }
    }
    default:
      return undefined
  }
}

type Kind = "number" | "duration" | "flag" | "word"
type Fields = Readonly<Record<string, Kind>>
type Options<F extends Fields> = {
  readonly [Name in keyof F]?: F[Name] extends "flag" ? boolean : F[Name] extends "word" ? string : number
}

const routerFields = {
  priority: "number",
  interval: "duration",
  preempt: "flag",
  preemptDelay: "duration",
  tracked: "flag",
  answerLower: "flag",
  answerHigher: "flag",
  refresh: "duration"
} as const satisfies Fields

const networkFields = {
  latency: "duration",
  jitter: "duration",
  loss: "number",
  burst: "number",
  duplicate: "number",
  reorder: "number"
} as const satisfies Fields

const forgedFields = {
  priority: "number",
  interval: "duration",
  hopLimit: "number",
  authentication: "number",
  malformed: "word"
} as const satisfies Fields

/** Reads `name=value` words; nothing when one is unknown or has no value of its kind. */
const withOptions = <F extends Fields>(
  fields: F,
  words: ReadonlyArray<string>,
  make: (options: Options<F>) => Command
): Command | undefined => {
  const options: Record<string, number | boolean | string> = {}
  for (const word of words) {
    const [name = "", text = ""] = word.split("=")
    const kind = fields[name]
    const value = kind === undefined ? undefined : parseValue(kind, text)
    if (value === undefined) return undefined
    options[name] = value
  }
  return make(options as Options<F>)
}

const parseValue = (kind: Kind, text: string): number | boolean | string | undefined => {
  switch (kind) {
    case "number":
      return /^[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : undefined
    case "duration":
      return parseDuration(text)
    case "flag":
      return text === "on" ? true : text === "off" ? false : undefined
    case "word":
      return malformedReasons.find((known) => known === text)
  }
}

const printOptions = <F extends Fields>(fields: F, options: Options<F>): ReadonlyArray<string> =>
  Object.entries(options).map(([name, value]) => {
    if (typeof value === "boolean") return `${name}=${value ? "on" : "off"}`
    return `${name}=${fields[name] === "duration" && typeof value === "number" ? printDuration(value) : value}`
  })

const parseDuration = (text: string): number | undefined => {
  const [, amount, unit] = /^([0-9]+(?:\.[0-9]+)?)(us|ms|s)$/.exec(text) ?? []
  return amount === undefined || unit === undefined
    ? undefined
    : Math.round(Number(amount) * (units[unit] ?? 1))
}

const printDuration = (micros: number): string => {
  if (micros % 1_000_000 === 0) return `${micros / 1_000_000}s`
  return micros % 1_000 === 0 ? `${micros / 1_000}ms` : `${micros}us`
}

const units: Readonly<Record<string, number>> = { us: 1, ms: 1_000, s: 1_000_000 }
const linkChanges = ["down", "up", "delete", "add"] as const
const timerNames: ReadonlyArray<TimerName> = ["MasterDown", "Advert", "Announce", "Refresh"]
const malformedReasons: ReadonlyArray<MalformedReason> = ["Length", "Version", "Type", "Checksum"]
