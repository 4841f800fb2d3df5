/**
 * When checks run, and what a check inherits: from its real server, that from its virtual server, that from the defaults
 * of the kind of check.
 *
 * @since 0.1.0
 */
import type { Timing } from "@holdfast/balancer/Probe"
import { type Micros, seconds } from "@holdfast/wire/Instant"
import * as Section from "./Section.ts"
import * as Value from "./Value.ts"

/**
 * What every level may say, and passes on to the levels below it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Inherited {
  readonly retry?: number | undefined
  readonly delayBeforeRetry?: Micros | undefined
  readonly warmup?: Micros | undefined
  readonly delayLoop?: Micros | undefined
  readonly connectTimeout?: Micros | undefined
  readonly alpha?: boolean | undefined
  readonly virtualHost?: string | undefined
  readonly logAllFailures?: boolean | undefined
}

/**
 * Reads a span after which a check or its connection is given up.
 *
 * @category readers
 * @since 0.1.0
 */
export const timeout = Section.argument(Value.seconds({ minimum: 0.000_001, maximum: 3600 }))

const retry = Section.argument(Value.integer({ minimum: 0, maximum: 65_535 }))
const delay = Section.argument(Value.seconds({ minimum: 0.000_001, maximum: 86_400 }))

/**
 * The readers of what is inherited by checks that do not connect.
 *
 * @category readers
 * @since 0.1.0
 */
export const readers = {
  retry,
  delay_before_retry: Section.argument(Value.seconds({ minimum: 0, maximum: 86_400 })),
  warmup: Section.argument(Value.seconds({ minimum: 0, maximum: 86_400 })),
  delay_loop: delay,
  alpha: Section.toggle
}

/**
 * The readers of a check that says itself when it tells its failures.
 *
 * @category readers
 * @since 0.1.0
 */
export const checkReaders = { ...readers, log_all_failures: Section.toggle }

/** The settings that any level may have. */
type Values = Section.Settings<
  typeof checkReaders & {
    readonly connect_timeout: Section.Reader<Micros>
    readonly virtualhost: Section.Reader<string>
    readonly nb_get_retry: Section.Reader<number>
  }
>["values"]

/**
 * Returns what a level passes on: its own settings, and those of the level above where it has none.
 *
 * @category compiling
 * @since 0.1.0
 */
export const inherit = (own: Values, above: Inherited): Inherited => ({
  retry: (own.retry ?? own.nb_get_retry)?.value ?? above.retry,
  delayBeforeRetry: own.delay_before_retry?.value ?? above.delayBeforeRetry,
  warmup: own.warmup?.value ?? above.warmup,
  delayLoop: own.delay_loop?.value ?? above.delayLoop,
  connectTimeout: own.connect_timeout?.value ?? above.connectTimeout,
  alpha: own.alpha?.value ?? above.alpha,
  virtualHost: own.virtualhost?.value ?? above.virtualHost,
  logAllFailures: own.log_all_failures?.value ?? above.logAllFailures
})

/**
 * Returns the timing of a check. `defaults` are those of its kind.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile = (
  settings: Inherited,
  defaults: { readonly retry?: number; readonly delayBeforeRetry?: Micros; readonly timeout?: Micros } = {}
): Timing => ({
  delay: settings.delayLoop ?? delayDefault,
  timeout: defaults.timeout ?? settings.connectTimeout ?? timeoutDefault,
  retries: settings.retry ?? defaults.retry ?? retryDefault,
  retryDelay: settings.delayBeforeRetry ?? defaults.delayBeforeRetry ?? retryDelayDefault,
  ...(settings.warmup === undefined ? {} : { warmup: settings.warmup }),
  logAllFailures: settings.logAllFailures ?? false
})

/**
 * From one check to the next where the file says nothing (`delay_loop`).
 *
 * @category constants
 * @since 0.1.0
 */
export const delayDefault = seconds(60)

const timeoutDefault = seconds(5)
const retryDefault = 1
const retryDelayDefault = seconds(1)
