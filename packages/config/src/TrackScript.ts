/**
 * The section `vrrp_script`: a program whose exit code trackers look at.
 *
 * @since 0.1.0
 */
import type { TrackScript } from "@holdfast/vrrp/TrackingParameters"
import * as Instant from "@holdfast/wire/Instant"
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import * as NamedSection from "./NamedSection.ts"
import * as ScriptLine from "./ScriptLine.ts"
import * as Section from "./Section.ts"
import type { Statement } from "./SyntaxTree.ts"
import type { Weight } from "./TrackerLine.ts"
import * as TrackerWeight from "./TrackerWeight.ts"
import * as Value from "./Value.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface ScriptSection {
  readonly name: Word
  readonly weight: Weight
  readonly parameters: TrackScript
}

/**
 * Reads a section; nothing when it is not whole.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = (statement: Statement, report: Report): ScriptSection | undefined => {
  const section = NamedSection.read("vrrp_script", readers, statement, report)
  if (section === undefined) return undefined
  const { name, settings } = section
  const { fall, init_fail, interval, rise, script, timeout, user, weight } = settings.values
  if (!settings.mentioned.has("script"))
    report.error(name.span, `vrrp_script ${name.text} names no program`, "add script PATH")
  if (script === undefined) return undefined
  if (user !== undefined && script.value.user !== undefined)
    report.warning(
      user.span,
      "the user stands behind the program, too",
      "remove one of them; this one counts"
    )
  return {
    name,
    weight: weight?.value ?? TrackerWeight.none,
    parameters: {
      name: name.text,
      script: {
        ...script.value,
        ...user?.value,
        ...(timeout === undefined ? {} : { timeout: timeout.value })
      },
      interval: interval?.value ?? intervalDefault,
      rise: rise?.value ?? 1,
      fall: fall?.value ?? 1,
      initFail: init_fail !== undefined
    }
  }
}

const user: Section.Reader<{ readonly user: string; readonly group?: string }> = {
  repeat: "last",
  read: (statement, report) => {
    const [name, group, ...rest] = statement.arguments
    Section.warnSuperfluous(statement, rest, report)
    if (name !== undefined) return { user: name.text, ...(group === undefined ? {} : { group: group.text }) }
    report.error(
      statement.keyword.span,
      "user needs a value",
      "write the name of a user, and perhaps of a group"
    )
    return undefined
  }
}

const intervalDefault = Instant.seconds(1)
/** keepalived's upper bound; it takes no fractions of a second. Below, a script would be started without a pause. */
const span = Value.seconds({ minimum: 0.1, maximum: 4294 })
/** An hour and more at the default interval: whoever counts further has mistaken the unit. */
const count = Value.integer({ minimum: 1, maximum: 10_000 })

const readers = {
  script: ScriptLine.script,
  interval: Section.argument(span),
  timeout: Section.argument(span),
  weight: TrackerWeight.reader(253),
  rise: Section.argument(count),
  fall: Section.argument(count),
  user,
  init_fail: Section.flag
} satisfies Section.Readers<"vrrp_script">
