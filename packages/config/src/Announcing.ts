/**
 * Gratuitous ARP: the values of its keywords, and what `vrrp_instance` and `global_defs` say of it together.
 *
 * @since 0.1.0
 */
import * as Instant from "@holdfast/wire/Instant"
import { type Announcement, defaults } from "@holdfast/vrrp/Parameters"
import type { GlobalDefinitions } from "./GlobalDefinitions.ts"
import * as Section from "./Section.ts"
import * as Value from "./Value.ts"
import type { VrrpInstance } from "./VrrpInstance.ts"

/** A day: whoever waits longer has mistaken the unit. */
const delaySecondsMax = 86_400
/** The bound of `Announcement`. */
const repeatCountMax = 255

/**
 * Reads a span before or between bursts.
 *
 * @category readers
 * @since 0.1.0
 */
export const delay = Section.argument(Value.seconds({ minimum: 0, maximum: delaySecondsMax }))

/**
 * Reads how many frames a burst has.
 *
 * @category readers
 * @since 0.1.0
 */
export const repeatCount = Section.argument(Value.integer({ minimum: 1, maximum: repeatCountMax }))

/**
 * Reads how many frames a burst has, where none is allowed.
 *
 * @category readers
 * @since 0.1.0
 */
export const repeatCountOrNone = Section.argument(Value.integer({ minimum: 0, maximum: repeatCountMax }))

/**
 * A span between periodic bursts on devices of addresses that are not the instance's own.
 *
 * - `everywhere`: on all of them, not on virtual MAC devices alone.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExtraInterval {
  readonly interval: Instant.Micros
  readonly everywhere: boolean
}

/**
 * Reads `[all] SECONDS`.
 *
 * @category readers
 * @since 0.1.0
 */
export const extraInterval: Section.Reader<ExtraInterval> = {
  repeat: "last",
  read: (statement, report) => {
    const words = statement.arguments.filter(({ text }) => text !== "all")
    const interval = delay.read({ ...statement, arguments: words }, report)
    return interval === undefined
      ? undefined
      : { interval, everywhere: words.length < statement.arguments.length }
  }
}

/**
 * Returns the announcement of an instance: its own settings, then the global ones, then keepalived's defaults.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile = (
  own: VrrpInstance["settings"]["values"],
  all: GlobalDefinitions["values"],
  elsewhere: Elsewhere
): Announcement => {
  const built = all.vrrp_min_garp?.value === true ? minimal : usual
  const delay = Section.either(own.garp_master_delay, all.vrrp_garp_master_delay, built.delay)
  const repeatCount = Section.either(own.garp_master_repeat, all.vrrp_garp_master_repeat, built.repeatCount)
  return {
    repeatCount,
    delay,
    refreshInterval: refreshIntervalOf(own, all, elsewhere),
    refreshRepeatCount: Section.either(
      own.garp_master_refresh_repeat,
      all.vrrp_garp_master_refresh_repeat,
      usual.refreshRepeatCount
    ),
    lowerPriorityDelay: Section.either(own.garp_lower_prio_delay, all.vrrp_garp_lower_prio_delay, delay),
    lowerPriorityRepeatCount: Section.either(
      own.garp_lower_prio_repeat,
      all.vrrp_garp_lower_prio_repeat,
      repeatCount
    )
  }
}

/**
 * Which devices other than the instance's own carry its addresses.
 *
 * @category models
 * @since 0.1.0
 */
export interface Elsewhere {
  readonly virtualMac: boolean
  readonly other: boolean
}

/** All addresses are announced when those elsewhere are due: the shorter of the two spans counts. */
const refreshIntervalOf = (
  own: VrrpInstance["settings"]["values"],
  all: GlobalDefinitions["values"],
  elsewhere: Elsewhere
): Instant.Micros => {
  const refresh = Section.either(own.garp_master_refresh, all.vrrp_garp_master_refresh, usual.refreshInterval)
  const extra = (
    own.garp_extra_if ??
    own.vmac_garp_intvl ??
    all.vrrp_garp_extra_if ??
    all.vrrp_vmac_garp_intvl
  )?.value
  const counts = elsewhere.virtualMac || (extra?.everywhere === true && elsewhere.other)
  if (extra === undefined || !counts || extra.interval === Value.none) return refresh
  return refresh === Value.none || extra.interval < refresh ? extra.interval : refresh
}

// The defaults of keepalived, without and with vrrp_min_garp.
const usual = defaults.announcement
const minimal = { repeatCount: 1, delay: Instant.seconds(0) }
