/**
 * `Announcer` on a packet socket: gratuitous ARPs in batches.
 *
 * **Details** between two batches the event loop turns, so that a burst of thousands of frames never holds back an advert.
 *
 * @since 0.1.0
 */
import { Announcer, type Burst } from "@holdfast/engine/Announcer"
import * as Errno from "@holdfast/raw-socket/Errno"
import * as PacketSocket from "@holdfast/raw-socket/PacketSocket"
import type { SocketError } from "@holdfast/raw-socket/SocketError"
import type { Ipv4Address } from "@holdfast/wire/Address"
import * as Arp from "@holdfast/wire/Arp"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import { KernelNetwork } from "./KernelNetwork.ts"

/**
 * The port on this kernel.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Announcer, SocketError, KernelNetwork> = Layer.effect(
  Announcer,
  Effect.gen(function* () {
    const network = yield* KernelNetwork
    const socket = yield* PacketSocket.open()
    const waiting: Array<PacketSocket.OutgoingFrame & { readonly address: Ipv4Address }> = []
    const rings = yield* Queue.sliding<void>(1)

    const framesOf = ({ addresses, repeatCount }: Burst) =>
      addresses.flatMap((entry) => {
        const link = network.links().get(entry.interface)
        if (link === undefined) return []
        const frame = {
          bytes: Arp.gratuitousFrame(link.mac, entry.address),
          interfaceIndex: link.index,
          address: entry.address
        }
        return Array.from({ length: repeatCount }, () => frame)
      })

    const sendBatch = Effect.fnUntraced(function* () {
      const batch = waiting.slice(0, batchMax)
      const { sentCount, errno } = socket.send(batch)
      waiting.splice(0, sentCount)
      if (errno === 0) return yield* Effect.yieldNow
      if (Errno.isTransient(errno)) return yield* Effect.sleep(retryDelay)
      // A device that refuses one frame refuses those of its kind: go past it and let the next burst try again.
      const refused = waiting.shift()
      yield* Effect.logWarning(`gratuitous ARP for ${refused?.address} not sent: ${Errno.nameOf(errno)}`)
    })

    const drain = Effect.gen(function* () {
      yield* Queue.take(rings)
      while (waiting.length > 0) yield* sendBatch()
    })
    yield* Effect.forkScoped(Effect.forever(drain))

    return Announcer.of({
      announce: (burst) => {
        // The bound drops what comes last: the frames before it are older promises.
        for (const frame of framesOf(burst)) if (waiting.length < waitingMax) waiting.push(frame)
        Queue.offerUnsafe(rings, undefined)
      },
      cancel: (addresses) => {
        if (waiting.length === 0) return
        const gone = new Set(addresses)
        waiting.splice(0, waiting.length, ...waiting.filter((frame) => !gone.has(frame.address)))
      }
    })
  })
)

/** Frames a call: 5,000 leave in 30 ms this way, larger batches gain nothing. */
const batchMax = 100

/** 20 bursts of 1,000 addresses. Beyond it the network is long lost. */
const waitingMax = 100_000

/** When the device's queue is full, it drains within a tick. */
const retryDelay = "1 millis"
