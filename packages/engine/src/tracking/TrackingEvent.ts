/**
 * What tracking tells its subscribers: every fact that a person or a program may want to know, once, typed.
 *
 * @since 0.1.0
 */
import * as ScriptTracker from "@holdfast/vrrp/tracking/ScriptTracker"
import type { Instant } from "@holdfast/wire/Instant"
import type { Level } from "../EngineEvent.ts"
import type { WatchReport } from "./ProcessWatch.ts"

/**
 * The events of tracking.
 *
 * - `ScriptReported`: a script came up or went down, and why; a result that does not count yet; a run that takes too long.
 * - `ProcessChanged`: it runs now, or no longer; `count` of it do.
 * - `FileChanged`: the number in it.
 * - `FileProblem`: it has no number of its own, and why; without `problem`, that it has one again.
 * - `FileNotInitialised`: its first number could not be written.
 * - `WatchReported`: how processes are watched, where that is not as it should be.
 *
 * @category models
 * @since 0.1.0
 */
export type TrackingEvent = { readonly at: Instant } & (
  | { readonly _tag: "ScriptReported"; readonly name: string; readonly report: ScriptTracker.Report }
  | { readonly _tag: "ProcessChanged"; readonly name: string; readonly up: boolean; readonly count: number }
  | { readonly _tag: "FileChanged"; readonly name: string; readonly value: number }
  | {
      readonly _tag: "FileProblem"
      readonly name: string
      readonly path: string
      readonly problem: string | undefined
    }
  | { readonly _tag: "FileNotInitialised"; readonly name: string; readonly reason: string }
  | { readonly _tag: "WatchReported"; readonly report: WatchReport }
)

/**
 * Renders an event as one line for people.
 *
 * @category conversions
 * @since 0.1.0
 */
export const describe = (event: TrackingEvent): { readonly level: Level; readonly message: string } => {
  switch (event._tag) {
    case "ScriptReported":
      return describeScript(event.name, event.report)
    case "ProcessChanged":
      return {
        level: event.up ? "info" : "warning",
        message: `process ${event.name} is ${event.up ? "up" : "down"}: ${event.count} ${event.count === 1 ? "runs" : "run"}`
      }
    case "FileChanged":
      return { level: "info", message: `file ${event.name} holds ${event.value}` }
    case "FileProblem":
      return event.problem === undefined
        ? { level: "info", message: `file ${event.name}: ${event.path} has a number` }
        : { level: "warning", message: `file ${event.name}: ${event.path}: ${event.problem}` }
    case "FileNotInitialised":
      return { level: "warning", message: `file ${event.name}: init_file: ${event.reason}` }
    case "WatchReported":
      return describeWatch(event.report)
  }
}

const describeScript = (
  name: string,
  report: ScriptTracker.Report
): { readonly level: Level; readonly message: string } => {
  switch (report._tag) {
    case "Changed":
      return report.up
        ? { level: "info", message: `script ${name} is up` }
        : {
            level: report.outcome._tag === "NotRunnable" ? "error" : "warning",
            message: `script ${name} is down: ${ScriptTracker.describe(report.outcome)}`
          }
    case "Borne":
      return {
        level: "info",
        message: `script ${name}: ${ScriptTracker.describe(report.outcome)}; ${report.resultsLeft} more of that to count`
      }
    case "RunSkipped":
      return {
        level: "warning",
        message: `script ${name} takes longer than its interval; runs that are due meanwhile are skipped`
      }
  }
}

const describeWatch = (report: WatchReport): { readonly level: Level; readonly message: string } => {
  switch (report._tag) {
    case "Polled":
      return {
        level: "warning",
        message: `processes are looked for every ${report.intervalMillis / 1000} s, because the kernel does not tell of them: ${report.reason}`
      }
    case "Hidden":
      return {
        level: "warning",
        message: `processes of other users count as not running: ${report.reason}`
      }
  }
}
