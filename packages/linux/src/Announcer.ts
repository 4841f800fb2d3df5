/**
 * `Announcer` on a packet socket: gratuitous ARPs in batches.
 *
 * **Details** between batches the event loop turns, so that a burst of thousands of frames never holds back an advert.
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
    // By round: each address is announced once before any is announced again, so that the last waits for the others least.
    const rounds: Array<Array<Batch>> = []
    let waitingCount = 0
    const rings = yield* Queue.sliding<void>(1)

    const framesOf = ({ addresses }: Burst): ReadonlyArray<Frame> => {
      const links = network.links()
      return addresses.flatMap(({ address, interface: device }) => {
        const link = links.get(device)
        if (link === undefined) return []
        return [{ address, bytes: Arp.gratuitousFrame(link.mac, address), interfaceIndex: link.index }]
      })
    }

    const take = (): { readonly batch: Batch; readonly round: Array<Batch> } | undefined => {
      const round = rounds.find((batches) => batches.length > 0)
      const batch = round?.shift()
      if (round === undefined || batch === undefined) return undefined
      waitingCount -= batch.frames.length
      return { batch, round }
    }

    const putBack = (round: Array<Batch>, frames: ReadonlyArray<Frame>): void => {
      if (frames.length === 0) return
      round.unshift(batchOf(frames))
      waitingCount += frames.length
    }

    const sendNext = Effect.fnUntraced(function* () {
      const next = take()
      if (next === undefined) return false
      const { laid, frames } = next.batch
      const { sentCount, errno } = socket.sendLaid(laid)
      if (errno === 0) return true
      if (Errno.isTransient(errno)) {
        putBack(next.round, frames.slice(sentCount))
        yield* Effect.sleep(retryDelay)
        return true
      }
      // A device that refuses one frame refuses those of its kind: go past it and let the next burst try again.
      putBack(next.round, frames.slice(sentCount + 1))
      yield* Effect.logWarning(
        `gratuitous ARP for ${frames[sentCount]!.address} not sent: ${Errno.nameOf(errno)}`
      )
      return true
    })

    const drain = Effect.gen(function* () {
      yield* Queue.take(rings)
      for (let turn = 1; yield* sendNext(); turn++) if (turn % batchesPerTurn === 0) yield* Effect.yieldNow
    })
    yield* Effect.forkScoped(Effect.forever(drain))

    const enqueue = (batch: Batch, repeatCount: number): void => {
      for (let round = 0; round < repeatCount && waitingCount < waitingMax; round++) {
        const batches = (rounds[round] ??= [])
        batches.push(batch)
        waitingCount += batch.frames.length
      }
    }

    return Announcer.of({
      announce: (burst) => {
        const frames = framesOf(burst)
        for (let from = 0; from < frames.length; from += batchMax)
          enqueue(batchOf(frames.slice(from, from + batchMax)), burst.repeatCount)
        Queue.offerUnsafe(rings, undefined)
      },
      cancel: (addresses) => {
        if (waitingCount === 0) return
        const gone = new Set(addresses)
        waitingCount = 0
        for (const batches of rounds) {
          const left = batches.splice(0).flatMap((batch) => {
            const frames = batch.frames.filter((frame) => !gone.has(frame.address))
            if (frames.length === batch.frames.length) return [batch]
            return frames.length === 0 ? [] : [batchOf(frames)]
          })
          batches.push(...left)
          for (const batch of left) waitingCount += batch.frames.length
        }
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

/** Frames that may wait: 20 bursts of 1,000 addresses. Beyond it the network is long lost, and the newest are dropped. */
const waitingMax = 100_000

/** When the device's queue is full, it drains within a tick. */
const retryDelay = "1 millis"
