/**
 * A program that an operator wants run: a check or a notification. Data only; adapters run it.
 *
 * @since 0.1.0
 */
import type { Micros } from "./Instant.ts"

/**
 * - `words`: the program and its arguments, split without a shell.
 * - `user`, `group`: who it runs as; the adapter's default (`script_user`) when absent.
 * - `timeout`: after it the process group is ended; absent means the adapter's bound.
 *
 * @category models
 * @since 0.1.0
 */
export interface Script {
  readonly words: ReadonlyArray<string>
  readonly user?: string
  readonly group?: string
  readonly timeout?: Micros
}

/**
 * A named pipe that is told every change (`notify_fifo`, `vrrp_notify_fifo`, `lvs_notify_fifo`), and the program that
 * reads it.
 *
 * @category models
 * @since 0.1.0
 */
export interface NotifyFifo {
  readonly path: string
  readonly script?: Script
}

/**
 * How scripts are run (`script_user`, `enable_script_security`).
 *
 * @category models
 * @since 0.1.0
 */
export interface ScriptDefaults {
  readonly user?: string
  readonly group?: string
  readonly security: boolean
}
