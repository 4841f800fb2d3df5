/**
 * The section `garp_group`, and what paces the frames that announce addresses.
 *
 * @since 0.1.0
 */
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { Pacing } from "@holdfast/vrrp/SharedParameters"
import type { Micros } from "@holdfast/wire/Instant"
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import * as Section from "./Section.ts"
import * as Span from "./Span.ts"
import type { Statement } from "./SyntaxTree.ts"
import * as Value from "./Value.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface GarpGroup {
  readonly interfaces: ReadonlyArray<Word>
  readonly arpInterval: Micros
  readonly neighbourInterval: Micros
}

/**
 * Reads the span between two frames.
 *
 * @category readers
 * @since 0.1.0
 */
export const interval: Section.Reader<Micros> = Section.argument(Value.seconds({ minimum: 0, maximum: 100 }))

/**
 * Reads a group; nothing when it names no device.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = (statement: Statement, report: Report): GarpGroup | undefined => {
  Section.warnSuperfluous(statement, statement.arguments, report)
  const block = Section.blockOf(statement, report)
  if (block === undefined) return undefined
  const { mentioned, values } = Section.read("garp_group", readers, block.statements, report)
  const interfaces = [
    ...(values.interface === undefined ? [] : [values.interface.value]),
    ...(values.interfaces?.value ?? [])
  ]
  const { span } = statement.keyword
  if (!mentioned.has("interface") && !mentioned.has("interfaces"))
    report.warning(
      span,
      "the garp_group names no device",
      "add interface NAME; vrrp_garp_interval is about all devices"
    )
  if (values.garp_interval === undefined && values.gna_interval === undefined)
    report.warning(span, "the garp_group has no interval", "add garp_interval or gna_interval")
  return interfaces.length === 0
    ? undefined
    : {
        interfaces,
        arpInterval: values.garp_interval?.value ?? Value.none,
        neighbourInterval: values.gna_interval?.value ?? Value.none
      }
}

/**
 * Returns the pacings of a file: one for each group, and one for all other devices if there are intervals for them.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile = (
  groups: ReadonlyArray<GarpGroup>,
  others: Omit<Pacing, "interfaces">,
  report: Report
): ReadonlyArray<Pacing> => {
  const seen = new Map<string, Word>()
  const pacings = groups.flatMap(({ interfaces, ...intervals }): ReadonlyArray<Pacing> => {
    const own = interfaces.filter((word) => isFirst(word, seen, report))
    return own.length === 0
      ? []
      : [{ ...intervals, interfaces: own.map(({ text }) => text as InterfaceName) }]
  })
  const paced = others.arpInterval > 0 || others.neighbourInterval > 0
  return paced ? [...pacings, others] : pacings
}

const isFirst = (word: Word, seen: Map<string, Word>, report: Report): boolean => {
  const first = seen.get(word.text)
  if (first === undefined) seen.set(word.text, word)
  else {
    const remedy = `the line at ${Span.format(first.span)} counts`
    report.warning(word.span, `${word.text} is in two groups of garp_group`, remedy)
  }
  return first === undefined
}

const device: Value.Value<Word> = (word, report) =>
  Value.interfaceName(word, report) === undefined ? undefined : word

const deviceLine = (line: Statement, report: Report): Word | undefined => {
  Section.warnSuperfluous(line, line.arguments, report)
  return device(line.keyword, report)
}

const readers = {
  garp_interval: interval,
  gna_interval: interval,
  interface: Section.argument(device),
  interfaces: Section.items(deviceLine)
} satisfies Section.Readers<"garp_group">
