/**
 * Probes by ICMP or ICMPv6 echo (`PING_CHECK`): an answer passes, an ICMP error fails. They need CAP_NET_RAW.
 *
 * **Details**
 * Each probe has a raw socket of its own that is connected to the server, so that the kernel sorts out what is meant for
 * whom; it has no use for ports. Identifier and sequence number are random, and the answer has to have both.
 *
 * @since 0.1.0
 */
import * as DatagramConnector from "@holdfast/raw-socket/DatagramConnector"
import type * as SocketError from "@holdfast/raw-socket/SocketError"
import * as Address from "@holdfast/wire/Address"
import * as Icmp from "@holdfast/wire/Icmp"
import * as Ipv4 from "@holdfast/wire/Ipv4"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { randomInt } from "node:crypto"
import type { Launch } from "./Launch.ts"
import * as Outcome from "./Outcome.ts"

/**
 * Opens what the probes of this kind share.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open: Effect.Effect<Launch<"Ping">, SocketError.SocketError, Scope.Scope> = Effect.map(
  DatagramConnector.open,
  (connector) => (probe, onResult) => {
    const version = Address.isIpv6(probe.connection.address) ? 6 : 4
    const request: Icmp.Echo = {
      _tag: "Echo",
      kind: "Request",
      identifier: randomInt(wordCount),
      sequence: randomInt(wordCount),
      payload
    }
    const kind = version === 4 ? DatagramConnector.icmp : DatagramConnector.icmpv6
    const cancel = connector.exchange(probe.connection, kind, Icmp.encode(version, request), {
      onDatagram: (bytes) => {
        if (!isReply(version, bytes, request)) return
        cancel()
        onResult(Outcome.passed)
      },
      onFailure: (failure) => onResult(Outcome.ofFailure(failure))
    })
    return cancel
  }
)

/** A raw socket of IPv4 is handed whole packets. */
const isReply = (version: Icmp.Version, bytes: Uint8Array, request: Icmp.Echo): boolean => {
  const packet = version === 6 ? Result.succeed({ payload: bytes }) : Ipv4.decodeDatagram(bytes)
  if (Result.isFailure(packet)) return false
  const message = Icmp.decode(version, packet.success.payload)
  return (
    Result.isSuccess(message) &&
    message.success._tag === "Echo" &&
    message.success.kind === "Reply" &&
    message.success.identifier === request.identifier &&
    message.success.sequence === request.sequence
  )
}

const wordCount = 0x1_0000 // RFC 792: identifier and sequence number have 16 bits each
/** Such as programs send that measure nothing by it; some filters drop an echo without a payload. */
const payload = new Uint8Array(32)
