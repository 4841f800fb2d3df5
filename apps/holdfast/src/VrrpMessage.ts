/**
 * What the daemon's main thread and its VRRP thread say to each other. Plain data: it crosses by structured clone, and routers
 * as JSON, which takes half the time for a thousand addresses.
 *
 * @since 0.1.0
 */
import type { ApplyReport, EngineEvent } from "@holdfast/engine/EngineEvent"
import type { EngineStatus } from "@holdfast/engine/Status"
import type { SharedParameters } from "@holdfast/vrrp/SharedParameters"
import type { Observation } from "@holdfast/vrrp/Tracker"

/**
 * From the main thread. `Begin` is first: before it the thread has loaded its code and done nothing. `routers` is a list of
 * `Parameters`, whose types are their own JSON.
 *
 * @category models
 * @since 0.1.0
 */
export type Request =
  | { readonly _tag: "Begin" }
  | {
      readonly _tag: "Apply"
      readonly routers: string
      readonly shared: SharedParameters
    }
  | { readonly _tag: "Observe"; readonly observations: ReadonlyMap<string, Observation> }
  | { readonly _tag: "Report" }
  | { readonly _tag: "Stop" }

/**
 * From the VRRP thread. `Applied` and `Status` answer in the order of the requests.
 *
 * @category models
 * @since 0.1.0
 */
export type Reply =
  | { readonly _tag: "Ready" }
  | { readonly _tag: "Applied"; readonly report: ApplyReport }
  | { readonly _tag: "Status"; readonly status: EngineStatus }
  | { readonly _tag: "Happened"; readonly event: EngineEvent }
  | {
      readonly _tag: "Logged"
      readonly level: "detail" | "info" | "warning" | "error"
      readonly message: string
    }
  | { readonly _tag: "Failed"; readonly message: string }
