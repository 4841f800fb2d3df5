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
import type { SendArena } from "@holdfast/raw-socket/SendArena"
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
    const waiting: Array<Batch> = []
    const rings = yield* Queue.sliding<void>(1)

    const framesOf = ({ addresses }: Burst): ReadonlyArray<Frame> => {
      const links = network.links()
      return addresses.flatMap(({ address, interface: device }) => {
        const link = links.get(device)
        if (link === undefined) return []
        return [{ address, bytes: Arp.gratuitousFrame(link.mac, address), interfaceIndex: link.index }]
      })
    }

    const sendFirst = Effect.fnUntraced(function* () {
      const batch = waiting.shift()!
      const { sentCount, errno } = socket.sendLaid(batch.laid)
      if (errno === 0) return
      // A device that refuses one frame refuses those of its kind: go past it and let the next burst try again.
      const rest = batch.frames.slice(Errno.isTransient(errno) ? sentCount : sentCount + 1)
      if (rest.length > 0) waiting.unshift(batchOf(rest))
      if (Errno.isTransient(errno)) return yield* Effect.sleep(retryDelay)
      const { address } = batch.frames[sentCount]!
      yield* Effect.logWarning(`gratuitous ARP for ${address} not sent: ${Errno.nameOf(errno)}`)
    })

    const drain = Effect.gen(function* () {
      yield* Queue.take(rings)
      while (waiting.length > 0) {
        for (let turn = 0; turn < batchesPerTurn && waiting.length > 0; turn++) yield* sendFirst()
        yield* Effect.yieldNow
      }
    })
    yield* Effect.forkScoped(Effect.forever(drain))

    return Announcer.of({
      announce: (burst) => {
        const frames = framesOf(burst)
        const batches: Array<Batch> = []
        for (let from = 0; from < frames.length; from += batchMax)
          batches.push(batchOf(frames.slice(from, from + batchMax)))
        // Each address is announced once before any is announced again: the last one waits for the others least.
        for (let round = 0; round < burst.repeatCount; round++)
          for (const batch of batches) if (waiting.length < waitingMax) waiting.push(batch)
        Queue.offerUnsafe(rings, undefined)
      },
      cancel: (addresses) => {
        if (waiting.length === 0) return
        const gone = new Set(addresses)
        const left = waiting.splice(0).flatMap((batch) => {
          const frames = batch.frames.filter((frame) => !gone.has(frame.address))
          if (frames.length === batch.frames.length) return [batch]
          return frames.length === 0 ? [] : [batchOf(frames)]
        })
        waiting.push(...left)
      }
    })
  })
)

interface Frame extends PacketSocket.OutgoingFrame {
  readonly address: Ipv4Address
}

/** Frames of several addresses, laid out once however often they are sent. */
interface Batch {
  readonly frames: ReadonlyArray<Frame>
  readonly laid: SendArena
}

const batchOf = (frames: ReadonlyArray<Frame>): Batch => ({ frames, laid: PacketSocket.lay(frames) })

/** Frames a call: 5,000 leave in 30 ms this way, larger batches gain nothing. */
const batchMax = 100

/** Batches before the event loop gets its turn: 500 frames are 3 ms in which no advert can leave. */
const batchesPerTurn = 5

/** Batches that may wait: 20 bursts of 1,000 addresses. Beyond it the network is long lost, and the newest are dropped. */
const waitingMax = 1000

/** When the device's queue is full, it drains within a tick. */
const retryDelay = "1 millis"
