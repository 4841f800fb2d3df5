/**
 * Named pipes that are told what changes, and the programs that read them.
 *
 * @since 0.1.0
 */
import type { NotifyFifo, Script } from "@holdfast/wire/Script"
import type { Report } from "./Diagnostic.ts"
import * as Section from "./Section.ts"
import * as Value from "./Value.ts"

/**
 * Reads the path of a pipe. It belongs to the user of the daemon: whom keepalived would give it to has no effect.
 *
 * @category readers
 * @since 0.1.0
 */
export const path = Section.argument(Value.text)

/**
 * Returns the pipe, if there is one. A program without a pipe to read is a mistake.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile = (
  keyword: string,
  named: Section.Setting<string> | undefined,
  script: Section.Setting<Script> | undefined,
  report: Report
): ReadonlyArray<NotifyFifo> => {
  if (named === undefined && script !== undefined)
    report.error(script.span, `${keyword}_script has no pipe to read from`, `add ${keyword} PATH`)
  if (named === undefined) return []
  return [{ path: named.value, ...(script === undefined ? {} : { script: script.value }) }]
}
