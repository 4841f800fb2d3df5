/**
 * The section `interface_up_down_delays`: for how long a device must be up or down before that counts. A line is
 * `NAME DOWN [UP]`.
 *
 * @since 0.1.0
 */
import type { InterfaceName, Parameters } from "@holdfast/vrrp/Parameters"
import type { InterfaceDelay } from "@holdfast/vrrp/SharedParameters"
import type { Micros } from "@holdfast/wire/Instant"
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import * as Section from "./Section.ts"
import * as Span from "./Span.ts"
import * as Value from "./Value.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface DelayLine {
  readonly name: Word
  readonly up: Micros
  readonly down: Micros
}

/**
 * Reads the section.
 *
 * @category readers
 * @since 0.1.0
 */
export const reader: Section.Reader<ReadonlyArray<DelayLine>> = Section.items((line, report) => {
  const [downWord, upWord, ...rest] = line.arguments
  const { span } = line.keyword
  Section.warnSuperfluous(line, rest, report)
  if (downWord === undefined)
    report.error(span, `${line.keyword.text} has no delays`, "write NAME DOWN [UP], in seconds")
  const name = Value.interfaceName(line.keyword, report)
  const down = downWord === undefined ? undefined : delay(downWord, report)
  const up = upWord === undefined ? down : delay(upWord, report)
  return name === undefined || down === undefined || up === undefined
    ? undefined
    : { name: line.keyword, up, down }
})

/**
 * Returns the delays by device. One that lasts until another router would take over is a warning, and is made shorter.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile = (
  lines: ReadonlyArray<DelayLine>,
  routers: ReadonlyArray<Parameters>,
  report: Report
): ReadonlyArray<InterfaceDelay> => {
  const seen = new Map<string, DelayLine>()
  for (const line of lines) {
    const first = seen.get(line.name.text)
    if (first !== undefined) {
      const remedy = `the line at ${Span.format(first.name.span)} counts`
      report.warning(line.name.span, `${line.name.text} is listed twice`, remedy)
    } else seen.set(line.name.text, line)
  }
  return [...seen.values()].map(({ down, name, up }) => {
    const bounds = routers.filter((router) => router.interface === name.text).map(silenceOf)
    const bound = Math.min(...bounds, Number.POSITIVE_INFINITY)
    if (Math.max(up, down) >= bound) {
      const message = `a router on ${name.text} would be taken for dead within that time`
      report.warning(name.span, message, `give less than ${bound / 1_000_000} seconds; so much counts`)
    }
    const shortened = (span: Micros): Micros => Math.min(span, bound) as Micros
    return { interface: name.text as InterfaceName, up: shortened(up), down: shortened(down) }
  })
}

/** Of the intervals after which a Master counts as dead the last one is left for what must be sent. */
const silenceOf = ({ advertInterval, downAdverts }: Parameters): number => advertInterval * (downAdverts - 1)

/** keepalived's bound. */
const delay = Value.seconds({ minimum: 0, maximum: 255 })
