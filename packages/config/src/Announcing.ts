/**
 * The values of the keywords about gratuitous ARP, the same in `global_defs` and in `vrrp_instance`.
 *
 * @since 0.1.0
 */
import * as Value from "./Value.ts"

/** A day: whoever waits longer has mistaken the unit. */
const delaySecondsMax = 86_400

/** The bound of `Announcement` in the parameters of a router. */
const repeatCountMax = 255

/**
 * Reads a span before or between bursts.
 *
 * @category values
 * @since 0.1.0
 */
export const delay = Value.seconds({ minimum: 0, maximum: delaySecondsMax })

/**
 * Reads how many frames a burst has.
 *
 * @category values
 * @since 0.1.0
 */
export const repeatCount = Value.integer({ minimum: 1, maximum: repeatCountMax })

/**
 * Reads how many frames a burst has, where none is allowed.
 *
 * @category values
 * @since 0.1.0
 */
export const repeatCountOrNone = Value.integer({ minimum: 0, maximum: repeatCountMax })
