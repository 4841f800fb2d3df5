/**
 * What a balancer tells its subscribers: every fact that a person or a program may want to know, once, typed.
 *
 * Log lines are a rendering of these (`describe`), so that nothing can be seen in a log that a program cannot see.
 *
 * @since 0.1.0
 */
import type { Occasion } from "@holdfast/balancer/VirtualServer"
import type { Instant } from "@holdfast/wire/Instant"
import type { Level } from "../EngineEvent.ts"
import type { NotifierReport } from "../Notifier.ts"

/**
 * What became of each virtual server when parameters were applied, by name.
 *
 * @category models
 * @since 0.1.0
 */
export interface BalancerReport {
  readonly kept: ReadonlyArray<string>
  readonly changed: ReadonlyArray<string>
  readonly added: ReadonlyArray<string>
  readonly removed: ReadonlyArray<string>
}

/**
 * The events of a balancer.
 *
 * - `ServerChanged`: a real server came up or went down, and why; `occasion` tells its first state from a change, and both from the stop.
 * - `QuorumChanged`: a virtual server won or lost its quorum.
 * - `WeightChanged`: a check or a reload gave a real server that is up another weight.
 * - `CheckFailed`: a failure that retries bear.
 * - `ChecksSuspended`, `ChecksResumed`: the addresses of the virtual server left this machine, or came (`ha_suspend`).
 * - `AddressesUnknown`: the addresses of this machine cannot be watched, so checks run wherever they are; the next reload tries again.
 * - `PlaneOpened`, `PlaneFailed`: the kernel's table can be written now, or not; the latter is tried again.
 * - `PlaneKept`: a reload asks for another plane, which only a start takes.
 * - `TableRepaired`: somebody else had changed our services; `repairs` says what was put right.
 * - `EditsRefused`: the kernel refused these; they are not set.
 * - `ServicesApproximated`: what nf_tables does otherwise than was asked.
 * - `ForeignServices`: the table holds services that are not ours; they are left alone.
 * - `NotificationLost`: a script or pipe was not told.
 * - `BalancerApplied`: parameters were applied.
 * - `BalancerStopped`: the services are gone, if they were to go; the last event.
 *
 * @category models
 * @since 0.1.0
 */
export type BalancerEvent = { readonly at: Instant } & (
  | {
      readonly _tag: "ServerChanged"
      readonly virtualServer: string
      readonly server: string
      readonly up: boolean
      readonly occasion: Occasion
      readonly reason?: string
    }
  | {
      readonly _tag: "QuorumChanged"
      readonly virtualServer: string
      readonly up: boolean
      readonly weight: number
      /** The weight at which it is won, or below which it is lost. */
      readonly quorum: number
      readonly occasion: Occasion
    }
  | {
      readonly _tag: "WeightChanged"
      readonly virtualServer: string
      readonly server: string
      readonly weight: number
    }
  | {
      readonly _tag: "CheckFailed"
      readonly virtualServer: string
      readonly server: string
      readonly reason: string
      readonly retriesLeft: number
    }
  | { readonly _tag: "ChecksSuspended"; readonly virtualServer: string }
  | { readonly _tag: "ChecksResumed"; readonly virtualServer: string }
  | { readonly _tag: "AddressesUnknown"; readonly message: string }
  | { readonly _tag: "PlaneOpened"; readonly kind: "ipvs" | "nf_tables" }
  | { readonly _tag: "PlaneFailed"; readonly message: string }
  | { readonly _tag: "PlaneKept"; readonly wanted: string }
  | { readonly _tag: "TableRepaired"; readonly repairs: ReadonlyArray<string> }
  | { readonly _tag: "EditsRefused"; readonly messages: ReadonlyArray<string> }
  | { readonly _tag: "ServicesApproximated"; readonly notes: ReadonlyArray<string> }
  | { readonly _tag: "ForeignServices"; readonly services: ReadonlyArray<string> }
  | { readonly _tag: "NotificationLost"; readonly report: NotifierReport }
  | { readonly _tag: "BalancerApplied"; readonly report: BalancerReport }
  | { readonly _tag: "BalancerStopped" }
)

/**
 * Renders an event as one line for people.
 *
 * @category conversions
 * @since 0.1.0
 */
export const describe = (event: BalancerEvent): { readonly level: Level; readonly message: string } => {
  switch (event._tag) {
    case "ServerChanged":
      return {
        level: event.up ? "info" : "warning",
        message: `${event.virtualServer}: ${event.server} is ${event.up ? "up" : "down"}${event.reason === undefined ? "" : `: ${event.reason}`}`
      }
    case "QuorumChanged":
      return {
        level: event.up ? "info" : "error",
        message: `${event.virtualServer}: quorum ${event.quorum} ${event.up ? "won" : "lost"} with weight ${event.weight}`
      }
    case "WeightChanged":
      return {
        level: "info",
        message: `${event.virtualServer}: ${event.server} has weight ${event.weight} now`
      }
    case "CheckFailed":
      return {
        level: "warning",
        message: `${event.virtualServer}: ${event.server}: ${event.reason}; ${event.retriesLeft} ${event.retriesLeft === 1 ? "retry" : "retries"} left`
      }
    case "ChecksSuspended":
      return { level: "info", message: `${event.virtualServer}: its addresses are not here; checks rest` }
    case "ChecksResumed":
      return { level: "info", message: `${event.virtualServer}: its addresses are here; checks run` }
    case "AddressesUnknown":
      return { level: "warning", message: `ha_suspend has no effect: ${event.message}` }
    case "PlaneOpened":
      return { level: "info", message: `forwarding by ${event.kind}` }
    case "PlaneKept":
      return {
        level: "warning",
        message: `forwarding_plane ${event.wanted} is taken at the next start; until then the plane stays`
      }
    case "PlaneFailed":
      return { level: "error", message: `no traffic is balanced: ${event.message}` }
    case "TableRepaired":
      return {
        level: "warning",
        message: `somebody changed the forwarding table; put right: ${enumerate(event.repairs)}`
      }
    case "EditsRefused":
      return { level: "error", message: `the kernel refused ${enumerate(event.messages)}` }
    case "ServicesApproximated":
      return { level: "warning", message: `nf_tables does nearly what was asked: ${enumerate(event.notes)}` }
    case "ForeignServices":
      return {
        level: "info",
        message: `left alone, because they are not ours: ${enumerate(event.services)} (lvs_flush removes them)`
      }
    case "NotificationLost":
      return { level: "warning", message: describeLoss(event.report) }
    case "BalancerApplied":
      return { level: "info", message: `virtual servers applied: ${describeReport(event.report)}` }
    case "BalancerStopped":
      return { level: "info", message: "balancer stopped" }
  }
}

const describeLoss = (report: NotifierReport): string => {
  switch (report._tag) {
    case "ScriptFailed":
      return `${report.object}: script ${report.command}: ${report.reason}`
    case "LinesLost":
      return `${report.path}: ${report.count} line${report.count === 1 ? "" : "s"} lost, because nobody read them in time`
    case "FifoFailed":
      return `${report.path}: ${report.message}`
  }
}

const describeReport = (report: BalancerReport): string =>
  (["added", "changed", "removed", "kept"] as const)
    .filter((kind) => report[kind].length > 0)
    .map((kind) => `${kind} ${report[kind].length}`)
    .join(", ") || "none"

const enumerate = (items: ReadonlyArray<string>): string =>
  items.length <= itemsShownMax
    ? items.join("; ")
    : `${items.slice(0, itemsShownMax).join("; ")} and ${items.length - itemsShownMax} more`

/** A line for people; programs get all. */
const itemsShownMax = 10
