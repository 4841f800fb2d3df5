/**
 * A line of `track_interface`, `track_script`, `track_process` or `track_file`: `NAME [weight NUMBER [reverse|noreverse]]`.
 *
 * @since 0.1.0
 */
import type { Subject, Tracker } from "@holdfast/vrrp/Tracker"
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import * as LineOptions from "./LineOptions.ts"
import * as Section from "./Section.ts"
import * as Span from "./Span.ts"
import * as Suggestion from "./Suggestion.ts"
import type { Statement } from "./SyntaxTree.ts"
import * as Value from "./Value.ts"

/**
 * What is tracked.
 *
 * @category models
 * @since 0.1.0
 */
export type Kind = Subject["_tag"]

/**
 * @category models
 * @since 0.1.0
 */
export interface TrackerLine {
  readonly kind: Kind
  readonly name: Word
  /** Absent when the line names none: that of the section counts then. */
  readonly weight?: Weight
}

/**
 * A weight, and whether up and down change places.
 *
 * @category models
 * @since 0.1.0
 */
export interface Weight {
  readonly weight: number
  readonly reverse: boolean
}

/**
 * Reads one line of a kind.
 *
 * @category reading
 * @since 0.1.0
 */
export const read =
  (kind: Kind) =>
  (statement: Statement, report: Report): TrackerLine | undefined => {
    const name = statement.keyword
    if (statement.block !== undefined)
      report.error(statement.block.open, "what is tracked takes no block", "remove the block")
    if (kind === "Interface" && Value.interfaceName(name, report) === undefined) return undefined
    const said: Said = {}
    const words = LineOptions.cursor(statement.arguments)
    if (!LineOptions.read(said, words, options[kind], "a tracker", report)) return undefined
    if (said.weight === undefined) {
      const reverse = statement.arguments.find(({ text }) => text === "reverse")
      if (reverse === undefined) return { kind, name }
      report.error(
        reverse.span,
        "reverse needs a weight before it",
        "write weight 0 reverse for a fault while it is up"
      )
      return undefined
    }
    return { kind, name, weight: { weight: said.weight, reverse: said.reverse ?? false } }
  }

/**
 * The keywords of trackers, which instances and groups have in common.
 *
 * @category readers
 * @since 0.1.0
 */
export const readers = {
  track_interface: Section.items(read("Interface")),
  track_script: Section.items(read("Script")),
  track_process: Section.items(read("Process")),
  track_file: Section.items(read("File"))
}

/**
 * What the sections say that lines name: weights by name.
 *
 * @category models
 * @since 0.1.0
 */
export type Definitions = { readonly [Key in Exclude<Kind, "Interface">]: ReadonlyMap<string, Weight> }

/**
 * A tracker and the line it is from.
 *
 * @category models
 * @since 0.1.0
 */
export interface Found {
  readonly line: TrackerLine
  readonly tracker: Tracker
}

/**
 * Sets lines in relation to the sections they name. A name that no section has is an error; one that is named twice counts
 * once.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile = (
  values: Section.Settings<typeof readers>["values"],
  definitions: Definitions,
  report: Report
): ReadonlyArray<Found> => {
  const lines = [values.track_interface, values.track_script, values.track_process, values.track_file]
  const seen = new Map<string, Word>()
  return lines
    .flatMap((setting) => setting?.value ?? [])
    .flatMap((line): ReadonlyArray<Found> => {
      const defined = definedOf(line, definitions, report)
      const first = seen.get(`${line.kind} ${line.name.text}`)
      if (first === undefined) seen.set(`${line.kind} ${line.name.text}`, line.name)
      else
        report.warning(
          line.name.span,
          `${line.name.text} is tracked twice`,
          `the line at ${Span.format(first.span)} counts`
        )
      const weight = line.weight ?? defined
      if (defined === undefined || weight === undefined || first !== undefined) return []
      if (!isWithinBounds(weight, line, report)) return []
      return [{ line, tracker: { subject: subjectOf(line), ...weight } }]
    })
}

const subjectOf = ({ kind, name }: TrackerLine): Subject =>
  kind === "Interface"
    ? { _tag: kind, interface: name.text as InterfaceName }
    : { _tag: kind, name: name.text }

/** The weight that the section of a name gives; nothing when there is no such section. */
const definedOf = (
  { kind, name }: TrackerLine,
  definitions: Definitions,
  report: Report
): Weight | undefined => {
  if (kind === "Interface") return { weight: 0, reverse: false }
  const defined = definitions[kind].get(name.text)
  if (defined === undefined) {
    const meant = Suggestion.nearest(name.text, [...definitions[kind].keys()])
    const remedy = meant === undefined ? `add ${sections[kind]} ${name.text}` : `did you mean ${meant}?`
    report.error(name.span, `there is no ${sections[kind]} ${name.text}`, remedy)
  }
  return defined
}

/** Files have weights for checks of real servers, too, which may be larger. */
const isWithinBounds = (weight: Weight, { name }: TrackerLine, report: Report): boolean => {
  if (Math.abs(weight.weight) <= weightMax) return true
  const message = `track_file ${name.text} has the weight ${weight.weight}, which is out of range for a router`
  report.error(name.span, message, `write ${name.text} weight NUMBER, from -${weightMax} to ${weightMax}`)
  return false
}

/** keepalived's bounds. */
const weightMax = 254
const weightMaxOfReasons = 253

interface Said {
  weight?: number
  reverse?: boolean
}

const optionsOf = (maximum: number): LineOptions.Options<Said> =>
  LineOptions.make<Said>({
    weight: LineOptions.valued("weight", Value.integer({ minimum: -maximum, maximum })),
    reverse: LineOptions.fixed("reverse", true),
    noreverse: LineOptions.fixed("reverse", false),
    // The manual has it so once.
    no_reverse: LineOptions.fixed("reverse", false)
  })

const options: { readonly [Key in Kind]: LineOptions.Options<Said> } = {
  Interface: optionsOf(weightMaxOfReasons),
  Script: optionsOf(weightMaxOfReasons),
  Process: optionsOf(weightMax),
  File: optionsOf(weightMax)
}

const sections = { Script: "vrrp_script", Process: "vrrp_track_process", File: "track_file" }
