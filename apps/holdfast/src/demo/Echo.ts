/**
 * A service that answers with its own name from the address it was asked at, so that a client sees who holds the address.
 *
 * @since 0.1.0
 */
import * as ControlMessage from "@holdfast/raw-socket/ControlMessage"
import * as Linux from "@holdfast/raw-socket/Linux"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as Socket from "@holdfast/raw-socket/Socket"
import * as SocketAddress from "@holdfast/raw-socket/SocketAddress"
import type { SocketError } from "@holdfast/raw-socket/SocketError"
import * as SocketOption from "@holdfast/raw-socket/SocketOption"
import { Ipv4Address } from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/**
 * The UDP port of the service: that of the echo service.
 *
 * @see RFC 862
 * @category constants
 * @since 0.1.0
 */
export const port = 7

/**
 * Answers on every address of a namespace, whether it holds them now or later, until the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const serve = (
  namespace: NetworkNamespace.NetworkNamespace,
  name: string
): Effect.Effect<void, SocketError, Scope.Scope> => {
  const answer = new TextEncoder().encode(name)
  return Effect.gen(function* () {
    const socket: Socket.Socket = yield* Socket.open({
      domain: Linux.AF_INET,
      type: Linux.SOCK_DGRAM,
      protocol: 0,
      options: [SocketOption.int("IP_PKTINFO", Linux.SOL_IP, Linux.IP_PKTINFO, 1)],
      bind: SocketAddress.encode({ _tag: "Ipv4", address: anyAddress, port }),
      receive: {
        dataSize,
        slotCount,
        controlSize,
        onBatch: (batch) => {
          for (let index = 0; index < batch.count; index++) {
            const control = fromWhereItWentTo(batch.controlAt(index))
            socket.send([{ data: answer, address: batch.addressAt(index), control }])
          }
        },
        onEvent: () => {}
      }
    })
  }).pipe(NetworkNamespace.provide(namespace))
}

/** Without it the kernel would answer from the first address of the device, which nobody asked. */
const fromWhereItWentTo = (control: Uint8Array): Uint8Array =>
  ControlMessage.encode(
    ControlMessage.decode(control)
      .filter((message) => message._tag === "Ipv4PacketInfo")
      .map(({ destination }) => ({
        _tag: "Ipv4PacketInfo",
        interfaceIndex: 0,
        localAddress: destination,
        destination: anyAddress
      }))
  )

const anyAddress = Ipv4Address.make("0.0.0.0")
/** A question is one byte. */
const dataSize = 16
/** More questions than come at once. */
const slotCount = 16
/** Room for IP_PKTINFO. */
const controlSize = 64
