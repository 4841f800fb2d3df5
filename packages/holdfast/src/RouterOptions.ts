/**
 * What a program can ask of virtual routers: what must be said, and a default for the rest.
 *
 * @see docs/guide/embedding.md
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

/**
 * The options of one virtual router. With addresses of both families it is two on the wire, which are Master together.
 *
 * @category models
 * @since 0.1.0
 */
export interface RouterOptions {
  /** Unique name; events carry it. The router of IPv6 beside one of IPv4 is `NAME (IPv6)`. */
  readonly name: string
  /** The device that carries the adverts, such as `eth0`. */
  readonly interface: string
  /** Virtual router identifier, 1 to 255; the same on every machine that shares the addresses. */
  readonly vrid: number
  /** Of VRRP, the same on every machine. Default 2; 3 with an IPv6 address, which version 2 does not know. */
  readonly version?: 2 | 3 | undefined
  /** 1 to 254, 255 for the owner of the addresses; the highest living one is Master. Default 100. */
  readonly priority?: number | undefined
  /** The addresses to hold: `"192.0.2.10"`, `"192.0.2.10/24"`, `"2001:db8::10/64"`, or with another device. */
  readonly addresses: ReadonlyArray<string | { readonly address: string; readonly interface: string }>
  /**
   * Between adverts; the same on every machine. Version 2: whole seconds, 1 to 255. Version 3: 10 ms to 40.95 s in steps of
   * 10 ms. Default 1 second.
   */
  readonly advertInterval?: Duration.Input | undefined
  /** Whether to take the addresses from a living Master of lower priority. Default true. */
  readonly preempt?: boolean | undefined
  /** How long to wait before that after starting; 0 to 1000 seconds. Default none. */
  readonly preemptDelay?: Duration.Input | undefined
  /** Whether the Master takes packets to the addresses itself. Default true; the owner always does. */
  readonly accept?: boolean | undefined
  /** Send adverts to these machines instead of the multicast group. Of both families where the addresses are. */
  readonly unicastPeers?: ReadonlyArray<string | PeerOptions> | undefined
  /** TTL or hop limit of adverts to them, 1 to 255. Default 255. */
  readonly unicastHopLimit?: number | undefined
  /** Source address of adverts. Default: the primary, or of IPv6 the link-local address of `interface`. */
  readonly sourceAddress?: string | undefined
  /** Hold the addresses on a device with the link-layer address of the virtual router. Default false. */
  readonly virtualMac?: boolean | VirtualMacOptions | undefined
  /** How adverts prove where they come from. Default not at all. */
  readonly authentication?: PasswordOptions | HmacOptions | undefined
  /** What else counts for the role or the priority. */
  readonly trackers?: ReadonlyArray<TrackerOptions> | undefined
}

/**
 * A machine that adverts go to. An advert of it whose TTL or hop limit is out of the bounds is dropped; once one peer has a
 * bound, adverts count from listed peers alone.
 *
 * @category models
 * @since 0.1.0
 */
export interface PeerOptions {
  readonly address: string
  readonly hopLimitMin?: number | undefined
  readonly hopLimitMax?: number | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface VirtualMacOptions {
  /** Of the device. Default `vrrp.VRID`, of IPv6 `vrrp6.VRID`. */
  readonly name?: string | undefined
  /** Let adverts leave by `interface` all the same. Default false, but true with unicast peers. */
  readonly transmitBase?: boolean | undefined
}

/**
 * Eight bytes in clear text, of version 2: keeps mistakes out, and nobody who can listen.
 *
 * @category models
 * @since 0.1.0
 */
export interface PasswordOptions {
  readonly password: string
}

/**
 * Adverts signed by HMAC-SHA-256, as keepalived 2.4 does with `auth_hmac`.
 *
 * @category models
 * @since 0.1.0
 */
export interface HmacOptions {
  /** Number, 1 to 255, and secret: 32 to 64 bytes, as characters or `hex:DIGITS`. All are accepted. */
  readonly keys: ReadonlyArray<{ readonly id: number; readonly secret: string }>
  /** Number of the key that signs. Default that of the first. */
  readonly activeKey?: number | undefined
  /** `permissive` signs and accepts what is not signed; `receiveOnly` does not sign and accepts both. Default `enforce`. */
  readonly mode?: "enforce" | "permissive" | "receiveOnly" | undefined
  /** `clock`: clocks agree within `window`; `monotonic`: each advert is later than the one before. Default `clock`. */
  readonly antiReplay?: "clock" | "monotonic" | undefined
  /** 1 to 300 seconds. Default three advert intervals, 5 seconds at least. */
  readonly window?: Duration.Input | undefined
}

/**
 * Something whose state counts: what the program observes (`Holdfast.observe`), or a device.
 *
 * - `weight`, -254 to 254: a positive one is added to the priority while it is up, a negative one while it is down; 0, the
 *   default, is a Fault while it is down, and before it is known.
 * - `reverse`: up and down change places; of a weight, its sign does.
 *
 * @category models
 * @since 0.1.0
 */
export type TrackerOptions = {
  readonly weight?: number | undefined
  readonly reverse?: boolean | undefined
} & ({ readonly observation: string } | { readonly interface: string })

/**
 * What virtual routers share.
 *
 * @category models
 * @since 0.1.0
 */
export interface SharedOptions {
  /** Routers, by their names, that are Master together or not at all. One is in one group at most. */
  readonly groups?: ReadonlyArray<GroupOptions> | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface GroupOptions {
  readonly name: string
  readonly members: ReadonlyArray<string>
}

/**
 * An option is missing or out of its bounds; the message names it. `router` is the name of the router, or of the group.
 *
 * @category errors
 * @since 0.1.0
 */
export class RouterOptionsError extends Schema.TaggedError<RouterOptionsError>()("RouterOptionsError", {
  router: Schema.String,
  message: Schema.String
}) {}
