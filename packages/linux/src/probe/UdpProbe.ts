/**
 * Probes that send a datagram (`UDP_CHECK`): an ICMP error fails, an answer passes.
 *
 * **Details**
 * With `requireReply` the answer's length must lie within the bounds. Without, silence is good too; since an adapter has
 * no clock, it reports nothing then, and whoever holds the deadline takes its expiry for a pass.
 *
 * @since 0.1.0
 */
import type { ProbeResult, ReplyPattern } from "@holdfast/balancer/Probe"
import * as DatagramConnector from "@holdfast/raw-socket/DatagramConnector"
import type * as SocketError from "@holdfast/raw-socket/SocketError"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Launch, ProbeOf } from "./Launch.ts"
import * as Outcome from "./Outcome.ts"

/**
 * Opens what the probes of this kind share.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open: Effect.Effect<Launch<"Udp">, SocketError.SocketError, Scope.Scope> = Effect.map(
  DatagramConnector.open,
  (connector) => (probe, onResult) => {
    const cancel = connector.exchange(probe.connection, DatagramConnector.udp, probe.payload, {
      onDatagram: (bytes, length) => {
        cancel()
        onResult(resultOf(probe, bytes, length))
      },
      onFailure: (failure) => onResult(Outcome.ofFailure(failure))
    })
    return cancel
  }
)

const resultOf = (
  { reply, replyMax, replyMin, requireReply }: ProbeOf<"Udp">,
  bytes: Uint8Array,
  length: number
): ProbeResult => {
  if (!requireReply) return Outcome.passed
  if (length < replyMin || length > replyMax)
    return Outcome.failed(`a reply of ${length} bytes, not ${replyMin} to ${replyMax}`)
  if (reply !== undefined && !begins(bytes, reply))
    return Outcome.failed("a reply of other bytes than required")
  return Outcome.passed
}

/** A reply that is shorter than the pattern does not have its bytes. */
const begins = (bytes: Uint8Array, { bytes: wanted, mask }: ReplyPattern): boolean =>
  bytes.length >= wanted.length &&
  wanted.every((byte, index) => ((bytes[index]! ^ byte) & mask[index]!) === 0)
