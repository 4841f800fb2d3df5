/**
 * The sockets that send for every device: opened when the first channel needs them, and never twice.
 *
 * @since 0.1.0
 */
import * as RawIpv4Socket from "@holdfast/raw-socket/RawIpv4Socket"
import * as RawIpv6Socket from "@holdfast/raw-socket/RawIpv6Socket"
import type { SocketError } from "@holdfast/raw-socket/SocketError"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"

/**
 * The sockets.
 *
 * - `ipv4`, `ipv6`: protocol 112.
 * - `whole`: IPv4 packets of any protocol, with their header.
 *
 * @category models
 * @since 0.1.0
 */
export interface Senders {
  readonly ipv4: Effect.Effect<RawIpv4Socket.RawIpv4Sender, SocketError>
  readonly ipv6: Effect.Effect<RawIpv6Socket.RawIpv6Sender, SocketError>
  readonly whole: Effect.Effect<RawIpv4Socket.RawIpv4Sender, SocketError>
}

/**
 * Makes senders that close with the scope. They are in the network namespace of the thread that needs them first.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<Senders, never, Scope.Scope> = Effect.map(Effect.scope, (scope) => ({
  ipv4: openedOnce(scope, RawIpv4Socket.openSender({ headerIncluded: false })),
  ipv6: openedOnce(scope, RawIpv6Socket.openSender),
  whole: openedOnce(scope, RawIpv4Socket.openSender({ headerIncluded: true }))
}))

/** What failed is tried again the next time: a kernel may get its IPv6 later. */
const openedOnce = <A>(
  scope: Scope.Scope,
  open: Effect.Effect<A, SocketError, Scope.Scope>
): Effect.Effect<A, SocketError> => {
  let opened: A | undefined
  return Effect.suspend(() =>
    opened === undefined
      ? Effect.tap(Scope.provide(open, scope), (socket) => Effect.sync(() => (opened = socket)))
      : Effect.succeed(opened)
  )
}
