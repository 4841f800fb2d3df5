/**
 * The port for adverts on the wire: one channel per network device, shared by the virtual routers on it.
 *
 * @since 0.1.0
 */
import type { Instant } from "@holdfast/wire/Instant"
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { Ipv4Address } from "@holdfast/wire/Address"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

/**
 * A datagram of protocol 112 that arrived. `payload` is a view that is valid only during the callback. `arrivedAt` is
 * when the kernel got it, where the adapter knows: a busy process hears late what came in time.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReceivedAdvert {
  readonly source: Ipv4Address
  readonly destination: Ipv4Address
  readonly hopLimit: number
  readonly payload: Uint8Array
  readonly arrivedAt?: Instant
}

/**
 * A datagram of protocol 112 to send, with TTL 255 and TOS 0xc0 (RFC 3768 section 5.2).
 *
 * @category models
 * @since 0.1.0
 */
export interface OutgoingAdvert {
  readonly source: Ipv4Address
  readonly destination: Ipv4Address
  readonly payload: Uint8Array
}

/**
 * What a channel listens to and whom it tells.
 *
 * @category models
 * @since 0.1.0
 */
export interface ChannelOptions {
  readonly interface: InterfaceName
  readonly index: number
  /** Groups to join; none for a device that carries unicast only. */
  readonly groups: ReadonlyArray<Ipv4Address>
  /** One call for all that was waiting. Must not throw. */
  readonly onReceived: (at: Instant, batch: ReadonlyArray<ReceivedAdvert>) => void
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
