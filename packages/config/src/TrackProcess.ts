/**
 * The section `vrrp_track_process`: a program that shall run.
 *
 * @since 0.1.0
 */
import type { TrackProcess } from "@holdfast/vrrp/TrackingParameters"
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import * as NamedSection from "./NamedSection.ts"
import * as Section from "./Section.ts"
import type { Statement } from "./SyntaxTree.ts"
import type { Weight } from "./TrackerLine.ts"
import * as TrackerWeight from "./TrackerWeight.ts"
import * as Value from "./Value.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface ProcessSection {
  readonly name: Word
  readonly weight: Weight
  readonly parameters: TrackProcess
}

/**
 * Reads a section; nothing when it is not whole.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = (statement: Statement, report: Report): ProcessSection | undefined => {
  const section = NamedSection.read("vrrp_track_process", readers, statement, report)
  if (section === undefined) return undefined
  const { name, settings } = section
  const { values } = settings
  if (!settings.mentioned.has("process"))
    report.error(name.span, `vrrp_track_process ${name.text} names no program`, "add process NAME")
  const quorum = values.quorum?.value ?? quorumDefault(values.quorum_max?.value)
  const quorumMax = values.quorum_max
  if (quorumMax !== undefined && quorumMax.value < quorum)
    report.error(
      quorumMax.span,
      `quorum_max ${quorumMax.value} is below quorum ${quorum}`,
      "it could never be up"
    )
  if (values.process === undefined) return undefined
  const [command = "", ...words] = values.process.value
  const match = values.param_match?.value
  // Without a word behind the program, param_match says that it has no arguments.
  const parameters =
    words.length > 0 ? { words, match: match ?? "Exact" } : match && { words, match: "Exact" as const }
  return {
    name,
    weight: values.weight?.value ?? TrackerWeight.none,
    parameters: {
      name: name.text,
      command,
      ...(parameters === undefined ? {} : { parameters }),
      fullCommand: values.full_command !== undefined,
      quorum,
      ...(quorumMax === undefined ? {} : { quorumMax: quorumMax.value }),
      terminateDelay: lastOf(values.delay, values.terminate_delay),
      forkDelay: lastOf(values.delay, values.fork_delay)
    }
  }
}

/** A process that may not run at all needs none. */
const quorumDefault = (quorumMax: number | undefined): number => (quorumMax === 0 ? 0 : 1)

/** `delay` stands for both delays, and the last line counts. */
const lastOf = (
  both: Section.Setting<TrackProcess["forkDelay"]> | undefined,
  own: Section.Setting<TrackProcess["forkDelay"]> | undefined
): TrackProcess["forkDelay"] => {
  if (own === undefined || both === undefined) return (own ?? both)?.value ?? Value.none
  return (own.span.offset > both.span.offset ? own : both).value
}

const program: Section.Reader<ReadonlyArray<string>> = {
  repeat: "last",
  read: (statement, report) => {
    const words = statement.arguments.map(({ text }) => text)
    if (words.length > 0 && words[0] !== "") return words
    report.error(
      statement.keyword.span,
      "process names no program",
      "write its name, and perhaps its arguments"
    )
    return undefined
  }
}

const matching: Section.Reader<"Initial" | "Partial" | "Exact"> = {
  repeat: "last",
  read: (statement, report) => {
    // Without a word it says that there are no arguments.
    if (statement.arguments.length === 0) return "Exact"
    const word = Section.argument(Value.oneOf("exact", "initial", "partial")).read(statement, report)
    return word === undefined ? undefined : matchings[word]
  }
}

const matchings = { exact: "Exact", initial: "Initial", partial: "Partial" } as const

const quorumMax = 65_535
const delay = Section.argument(Value.seconds({ minimum: 0, maximum: 3600 }))

const readers = {
  process: program,
  param_match: matching,
  weight: TrackerWeight.reader(254),
  quorum: Section.argument(Value.integer({ minimum: 1, maximum: quorumMax })),
  quorum_max: Section.argument(Value.integer({ minimum: 0, maximum: quorumMax })),
  delay,
  terminate_delay: delay,
  fork_delay: delay,
  full_command: Section.flag
} satisfies Section.Readers<"vrrp_track_process">
