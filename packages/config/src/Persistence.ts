/**
 * Clients that come back to the server they had.
 *
 * @since 0.1.0
 */
import type { Family, Persistence } from "@holdfast/balancer/Service"
import * as Address from "@holdfast/wire/Address"
import * as Option from "effect/Option"
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import * as Section from "./Section.ts"
import * as Value from "./Value.ts"

/** `persistence_timeout` alone: six minutes. */
const timeoutDefault = 360
/** 31 days: whoever waits longer has mistaken the unit. */
const timeoutMax = 2_678_400
const timeout = Section.argument(Value.integer({ minimum: 1, maximum: timeoutMax }))

/**
 * The readers of the keywords of persistence.
 *
 * @category readers
 * @since 0.1.0
 */
export const readers = {
  persistence_timeout: {
    repeat: "last",
    read: (statement, report) =>
      statement.arguments.length === 0 && statement.block === undefined
        ? timeoutDefault
        : timeout.read(statement, report)
  } satisfies Section.Reader<number>,
  // What a word means depends on the family, which is not known yet.
  persistence_granularity: Section.argument<Word>((word) => word),
  persistence_engine: Section.argument(Value.oneOf("sip"))
} as const

/**
 * Returns the persistence of a virtual server, or nothing when it has none.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile = (
  values: Section.Settings<typeof readers>["values"],
  family: Family,
  report: Report
): Persistence | undefined => {
  const { persistence_engine, persistence_granularity, persistence_timeout } = values
  const asks = persistence_timeout ?? persistence_granularity ?? persistence_engine
  if (asks === undefined) return undefined
  if (persistence_timeout === undefined)
    report.warning(
      asks.span,
      `without persistence_timeout clients come back for ${timeoutDefault} seconds`,
      "write it"
    )
  const bits = family === "inet" ? ipv4Bits : ipv6Bits
  return {
    timeoutSeconds: persistence_timeout?.value ?? timeoutDefault,
    granularity:
      persistence_granularity === undefined
        ? bits
        : (granularityOf(persistence_granularity.value, bits, report) ?? bits),
    ...(persistence_engine === undefined ? {} : { engine: persistence_engine.value })
  }
}

/** A netmask, whose bits are set from the left, or the length of a prefix. */
const granularityOf = (word: Word, bits: number, report: Report): number | undefined => {
  const subject = "persistence_granularity"
  if (!word.text.includes(".") || bits !== ipv4Bits)
    return Section.argument(Value.integer({ minimum: 1, maximum: bits })).read(
      { keyword: { ...word, text: subject }, arguments: [word] },
      report
    )
  const mask = Option.map(Address.ipv4FromString(word.text), Address.ipv4ToNumber)
  const length = Option.isNone(mask) ? 0 : Math.clz32(~mask.value)
  if (Option.isSome(mask) && length > 0 && mask.value === 2 ** ipv4Bits - 2 ** (ipv4Bits - length))
    return length
  report.error(word.span, `${subject}: ${word.text} is no netmask`, "write one such as 255.255.255.0, or 24")
  return undefined
}

const ipv4Bits = 32
const ipv6Bits = 128
