/**
 * How long the directors of a file bear what is gone before they act: the most that a client should notice.
 *
 * Taken from the file as the daemon reads it.
 *
 * @since 0.1.0
 */
import * as Configuration from "@holdfast/config/Configuration"
import * as Timing from "@holdfast/vrrp/Timing"
import type { Micros } from "@holdfast/wire/Instant"
import * as Option from "effect/Option"

/**
 * - `masterMicros`: from the last advert of the Master to the takeover.
 * - `serverMicros`: from the end of a real server that refuses connections from then on, to its removal.
 *
 * @category models
 * @since 0.1.0
 */
export interface Patience {
  readonly masterMicros: Micros
  readonly serverMicros: number
}

/**
 * Returns the patience of a director's file, the longest where it has several. The text must be without mistakes.
 *
 * @category getters
 * @since 0.1.0
 */
export const of = (text: string): Patience => {
  const { routers, balancer } = Option.getOrThrow(Configuration.read({ file: "demo", text }).configuration)
  const timings = balancer.virtualServers
    .flatMap(({ realServers }) => realServers)
    .flatMap(({ checks }) => checks.map(({ timing }) => timing))
  return {
    masterMicros: Math.max(...routers.map(Timing.masterDownInterval)) as Micros,
    serverMicros: Math.max(...timings.map(({ delay, retries, retryDelay }) => delay + retries * retryDelay))
  }
}
