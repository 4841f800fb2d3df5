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
