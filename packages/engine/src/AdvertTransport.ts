/**
 * The port for adverts on the wire: one channel per network device and family, shared by the virtual routers on it.
 *
 * @since 0.1.0
 */
import type { Instant } from "@holdfast/wire/Instant"
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { Family, IpAddress } from "@holdfast/wire/Address"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

/**
 * A datagram of protocol 112 that arrived, or one of protocol 51 with such a datagram in it (RFC 2402).
 *
 * - `payload`: without the IP header, but with the authentication header; a view that is valid only during the callback.
 * - `header`: the IPv4 header before an authentication header, which it covers; absent with protocol 112.
 *
 * **Details** one that is the same as an earlier one of the channel, in all of these, may be the same object.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReceivedAdvert {
  readonly source: IpAddress
  readonly destination: IpAddress
  readonly hopLimit: number
  readonly payload: Uint8Array
  readonly header?: Uint8Array
}

/**
 * A datagram of protocol 112 to send, with TOS 0xc0 (RFC 3768 section 5.2).
 *
 * - `hopLimit`: 255 where it is absent.
 * - `identification`: of the IPv4 header, which then is of protocol 51: `payload` begins with an authentication header
 *   that covers it. Absent for protocol 112.
 *
 * @category models
 * @since 0.1.0
 */
export interface OutgoingAdvert {
  readonly source: IpAddress
  readonly destination: IpAddress
  readonly payload: Uint8Array
  readonly hopLimit?: number
  readonly identification?: number
}

/**
 * What of that which arrives at a device is heard.
 *
 * - `All`: everything.
 * - `OwnMac`: what others sent to a group from the device's own MAC address, as the Master of a virtual MAC does. The kernel
 *   hands that to the device which has the address, and the one below never sees it.
 * - `Nothing`: the device only carries what is sent.
 *
 * @category models
 * @since 0.1.0
 */
export type Hearing = "All" | "OwnMac" | "Nothing"

/**
 * What a channel listens to and whom it tells.
 *
 * @category models
 * @since 0.1.0
 */
export interface ChannelOptions {
  readonly interface: InterfaceName
  readonly index: number
  readonly family: Family
  /** Whether to hear protocol 51, too. */
  readonly authenticated: boolean
  readonly hears: Hearing
  /** Groups to join; none for a device that carries unicast only. */
  readonly groups: ReadonlyArray<IpAddress>
  /**
   * One call for all that was waiting, with when the kernel got each, since a busy process hears late what came in time.
   * Where `counts` is given, each stands for so many that were the same, the last of which arrived then. Must not throw.
   */
  readonly onReceived: (
    batch: ReadonlyArray<ReceivedAdvert>,
    arrivedAt: ReadonlyArray<Instant>,
    counts?: ReadonlyArray<number>
  ) => void
  /** The kernel dropped datagrams because its buffer was full: how many since the channel opened. The channel goes on. */
  readonly onOverrun: (droppedCount: number) => void
}

/**
 * A channel that is open.
 *
 * @category models
 * @since 0.1.0
 */
export interface AdvertChannel {
  /** Sends all at once, never waits, and says what the kernel refused and why; nothing when all left. */
  readonly send: (adverts: ReadonlyArray<OutgoingAdvert>) => ReadonlyArray<string>
  /** Does what `send` does and sends nothing: docs/decisions/0013. */
  readonly rehearse: (adverts: ReadonlyArray<OutgoingAdvert>) => void
  /** Tells now what has arrived by now, before the event loop comes to it. */
  readonly receive: () => void
  /**
   * While it dozes, what arrives is told when `receive` asks for it, and all of it at once when a Master leaves (priority 0).
   * A channel that cannot tell the two apart does not doze.
   */
  readonly doze: (dozing: boolean) => void
  /** VRIDs of others, to be dropped before they wake this process. Replaces the former set. */
  readonly mute: (vrids: ReadonlySet<number>) => void
}

/**
 * A channel cannot be opened.
 *
 * @category errors
 * @since 0.1.0
 */
export class TransportError extends Schema.TaggedError<TransportError>()("TransportError", {
  interface: Schema.String,
  /** What failed and what to do. */
  message: Schema.String,
  cause: Schema.Defect()
}) {}

/**
 * Opens channels.
 *
 * @category services
 * @since 0.1.0
 */
export class AdvertTransport extends Context.Service<
  AdvertTransport,
  {
    readonly open: (options: ChannelOptions) => Effect.Effect<AdvertChannel, TransportError, Scope.Scope>
  }
>()("@holdfast/engine/AdvertTransport") {}
