/**
 * How long the routers wait after the daemon's start.
 *
 * @since 0.1.0
 */
import { uptime } from "node:os"
import type { Configuration } from "@holdfast/config/Configuration"
import type { Micros } from "@holdfast/wire/Instant"

/**
 * Returns the longer of what is to be waited for after our start and what is left of the wait after the machine's.
 *
 * @category getters
 * @since 0.1.0
 */
export const of = (
  { delayAfterBoot, shared }: Pick<Configuration, "delayAfterBoot" | "shared">,
  uptimeSeconds: number = uptime()
): Micros => {
  if (delayAfterBoot === undefined) return shared.startupDelay
  const left = Math.round(delayAfterBoot - uptimeSeconds * microsPerSecond)
  return Math.max(shared.startupDelay, left) as Micros
}

const microsPerSecond = 1_000_000
