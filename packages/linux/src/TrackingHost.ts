/**
 * All ports of tracking on this machine but its timer: what an application that runs on Linux gives to `Tracking.layer`,
 * with `WakeTimer`.
 *
 * @since 0.1.0
 */
import type { ScriptDefaults } from "@holdfast/wire/Script"
import * as Layer from "effect/Layer"
import * as FileWatch from "./tracking/FileWatch.ts"
import * as ProcessWatch from "./tracking/ProcessWatch.ts"
import * as ScriptRuns from "./tracking/ScriptRuns.ts"

/**
 * The ports. `scripts` says who scripts run as.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (scripts: ScriptDefaults) =>
  Layer.mergeAll(FileWatch.layer, ProcessWatch.layer, ScriptRuns.layer(scripts))
