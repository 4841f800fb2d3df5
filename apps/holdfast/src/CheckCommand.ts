/**
 * `holdfast check FILE`: every mistake of a configuration file, with its place and remedy, in one run.
 *
 * @since 0.1.0
 */
import * as Diagnostic from "@holdfast/config/Diagnostic"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as ConfigurationFile from "./ConfigurationFile.ts"
import * as ExitCode from "./ExitCode.ts"
import * as PlaneReport from "./PlaneReport.ts"
import * as ScriptReport from "./ScriptReport.ts"

/**
 * Checks a file, prints what it found, and returns the exit code.
 *
 * @category commands
 * @since 0.1.0
 */
export const run = (file: string): Effect.Effect<number> =>
  ConfigurationFile.make(file).read.pipe(
    Effect.map(({ configuration, diagnostics }) => {
      for (const diagnostic of diagnostics) console.error(Diagnostic.format(diagnostic))
      if (Option.isNone(configuration)) return ExitCode.mistakes
      const { balancer, routers } = configuration.value
      const planeReport = PlaneReport.of(balancer)
      for (const note of planeReport.notes) console.error(`${file}: warning: ${note}`)
      const refusals = [...planeReport.refusals, ...ScriptReport.refusals(configuration.value)]
      for (const refusal of refusals) console.error(`${file}: error: ${refusal}`)
      if (refusals.length > 0) return ExitCode.mistakes
      console.log(
        `${file}: good: ${count(routers, "virtual router")}, ${count(balancer.virtualServers, "virtual server")}`
      )
      return ExitCode.ok
    }),
    Effect.catchTag("Unreadable", (error) =>
      Effect.sync(() => {
        console.error(`holdfast: ${error.message}`)
        return ExitCode.unreadable
      })
    )
  )

const count = (list: ReadonlyArray<unknown>, noun: string): string =>
  `${list.length} ${noun}${list.length === 1 ? "" : "s"}`
