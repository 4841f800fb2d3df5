/**
 * What may be chosen for a run of the benchmarks.
 *
 * @since 0.1.0
 */

/**
 * - `busySeconds`: how long each pair of directors is watched for false takeovers. The figure is that of ten minutes; a
 *   minute shows whether it can be measured.
 *
 * @category models
 * @since 0.1.0
 */
export interface Settings {
  readonly busySeconds: number
}

/**
 * What is chosen by default.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaults: Settings = { busySeconds: 600 }
