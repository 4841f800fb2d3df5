/**
 * What a Master has announced and has still to announce, by gratuitous ARP: exactly the addresses that it holds.
 *
 * An address is announced as soon as it is known to be held, since an address announced before draws traffic to a host
 * that drops it; and once more after a delay, since a switch may have missed the first burst.
 *
 * @see RFC 3768 sections 6.4.2 and 8.2
 * @since 0.1.0
 */
import * as Address from "@holdfast/wire/Address"
import * as Schema from "effect/Schema"
import type { Action } from "./Action.ts"
import { Instant, type Micros, plus } from "@holdfast/wire/Instant"
import type { Parameters, VirtualAddress } from "./Parameters.ts"
import * as Timing from "./Timing.ts"

/**
 * - `held`: the addresses that are known to be held, each of them in the list of the parameters.
 * - `burst`: the one pending repetition.
 * - `refreshAt`: the next periodic burst; there is one since the first addresses are held.
 *
 * @category models
 * @since 0.1.0
 */
export const Announcing = Schema.Struct({
  held: Schema.Array(Address.IpAddress),
  burst: Schema.optionalKey(
    Schema.Struct({ at: Instant, repeatCount: Schema.Int, addresses: Schema.Array(Address.IpAddress) })
  ),
  refreshAt: Schema.optionalKey(Instant)
})

/**
 * @category models
 * @since 0.1.0
 */
export type Announcing = typeof Announcing.Type

/**
 * What follows, and what is announced at once.
 *
 * @category models
 * @since 0.1.0
 */
export interface Announced {
  readonly announcing: Announcing
  readonly actions: ReadonlyArray<Action>
}

/**
 * A Master that has just asked for its addresses.
 *
 * @category constructors
 * @since 0.1.0
 */
export const none: Announcing = { held: [] }

/**
 * Announces addresses that are held now and were not before.
 *
 * @category combinators
 * @since 0.1.0
 */
export const hold = (
  announcing: Announcing,
  { addresses, announcement }: Parameters,
  reported: ReadonlyArray<Address.IpAddress>,
  at: Instant
): Announced => {
  const listed = new Set(addresses.map(({ address }) => address))
  const added = reported.filter((address) => listed.has(address))
  if (added.length === 0) return { announcing, actions: [] }
  const refreshAt = announcing.refreshAt ?? firstRefresh(announcement.refreshInterval, at)
  const holding = {
    ...announcing,
    held: union(announcing.held, added),
    ...(refreshAt === undefined ? {} : { refreshAt })
  }
  return burstOf(holding, added, announcement.repeatCount, announcement.delay, at)
}

/**
 * Announces all that is held: another Master has announced the same addresses, and switches and neighbours believed it.
 *
 * @category combinators
 * @since 0.1.0
 */
export const heal = (announcing: Announcing, { announcement }: Parameters, at: Instant): Announced =>
  burstOf(
    announcing,
    announcing.held,
    announcement.lowerPriorityRepeatCount,
    announcement.lowerPriorityDelay,
    at
  )

/**
 * Announces what the pending burst has; its deadline has come.
 *
 * @category combinators
 * @since 0.1.0
 */
export const repeat = ({ burst, ...announcing }: Announcing): Announced => ({
  announcing,
  actions: burst === undefined ? [] : announce(burst.repeatCount, burst.addresses)
})

/**
 * Announces all that is held, because `refreshAt` has come.
 *
 * @category combinators
 * @since 0.1.0
 */
export const refresh = (announcing: Announcing, { announcement }: Parameters, at: Instant): Announced => {
  if (announcing.refreshAt === undefined) return { announcing, actions: [] }
  const refreshAt = Timing.nextPeriodic(announcing.refreshAt, announcement.refreshInterval, at)
  return {
    announcing: { ...announcing, refreshAt },
    actions: announce(announcement.refreshRepeatCount, announcing.held)
  }
}

/**
 * Follows new parameters: forgets what is not on the list any more, or on another device, and counts a new period of
 * refreshing from now.
 *
 * @category combinators
 * @since 0.1.0
 */
export const reconfigure = (
  announcing: Announcing,
  parameters: Parameters,
  before: Parameters,
  at: Instant
): Announcing => {
  const { burst, held, refreshAt } = withoutDropped(announcing, parameters, before)
  const { refreshInterval } = parameters.announcement
  const isSame = refreshInterval === before.announcement.refreshInterval
  const next = isSame ? refreshAt : held.length === 0 ? undefined : firstRefresh(refreshInterval, at)
  return {
    held,
    ...(burst === undefined ? {} : { burst }),
    ...(next === undefined ? {} : { refreshAt: next })
  }
}

const withoutDropped = (
  announcing: Announcing,
  { addresses }: Parameters,
  before: Parameters
): Announcing => {
  if (addresses === before.addresses) return announcing
  const places = new Set(before.addresses.map(placeOf))
  const kept = new Set(addresses.filter((entry) => places.has(placeOf(entry))).map(({ address }) => address))
  const isKept = (address: Address.IpAddress): boolean => kept.has(address)
  const { burst, ...rest } = announcing
  const repeated = burst?.addresses.filter(isKept) ?? []
  return {
    ...rest,
    held: announcing.held.filter(isKept),
    ...(burst === undefined || repeated.length === 0 ? {} : { burst: { ...burst, addresses: repeated } })
  }
}

/** To the kernel another prefix or another device is another address. */
const placeOf = (entry: VirtualAddress): string => `${entry.interface} ${entry.address}/${entry.prefixLength}`

/**
 * Announces now and after a delay. There is one pending burst at most: it takes in the addresses of another, and waits
 * for the later deadline.
 */
const burstOf = (
  announcing: Announcing,
  addresses: ReadonlyArray<Address.IpAddress>,
  repeatCount: number,
  delay: Micros,
  at: Instant
): Announced => {
  const actions = announce(repeatCount, addresses)
  if (actions.length === 0 || delay === 0) return { announcing, actions }
  const pending = announcing.burst ?? { at, repeatCount: 0, addresses: [] }
  const burst = {
    at: Math.max(pending.at, plus(at, delay)) as Instant,
    repeatCount: Math.max(pending.repeatCount, repeatCount),
    addresses: union(pending.addresses, addresses)
  }
  return { announcing: { ...announcing, burst }, actions }
}

const announce = (repeatCount: number, addresses: ReadonlyArray<Address.IpAddress>): ReadonlyArray<Action> =>
  repeatCount === 0 || addresses.length === 0 ? [] : [{ _tag: "AnnounceAddresses", repeatCount, addresses }]

const firstRefresh = (interval: Micros, at: Instant): Instant | undefined =>
  interval === 0 ? undefined : plus(at, interval)

const union = (
  left: ReadonlyArray<Address.IpAddress>,
  right: ReadonlyArray<Address.IpAddress>
): ReadonlyArray<Address.IpAddress> => [...new Set([...left, ...right])]
