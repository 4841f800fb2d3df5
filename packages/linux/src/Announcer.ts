/**
 * `Announcer` on a packet socket: gratuitous ARPs and unsolicited neighbour advertisements in batches.
 *
 * **Details**
 * - An address is announced at the link-layer address of the device that carries it.
 * - Between batches the event loop turns, so that a burst of thousands of frames never holds back an advert.
 *
 * @see RFC 9568 section 6.4.1
 * @since 0.1.0
 */
import { Announcer } from "@holdfast/engine/Announcer"
import * as DeadlineTimer from "@holdfast/raw-socket/DeadlineTimer"
import * as Errno from "@holdfast/raw-socket/Errno"
import * as MonotonicClock from "@holdfast/raw-socket/MonotonicClock"
import * as PacketSocket from "@holdfast/raw-socket/PacketSocket"
import type { SendArena } from "@holdfast/raw-socket/SendArena"
import type { SocketError } from "@holdfast/raw-socket/SocketError"
import { isIpv6 } from "@holdfast/wire/Address"
import * as Arp from "@holdfast/wire/Arp"
import type { Instant } from "@holdfast/wire/Instant"
import * as NeighbourDiscovery from "@holdfast/wire/NeighbourDiscovery"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Backlog from "./announcer/Backlog.ts"
import type { Entry } from "./announcer/Pacing.ts"
import * as RouterFlag from "./announcer/RouterFlag.ts"
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
    const socket = yield* PacketSocket.open()
    const lay = makeLayout(yield* KernelNetwork)
    const backlog = Backlog.make()
    const rings = yield* Queue.sliding<void>(1)
    const ring = () => void Queue.offerUnsafe(rings, undefined)
    const timer = yield* DeadlineTimer.make(ring)

    const sendNext = Effect.fnUntraced(function* () {
      const batch = backlog.take(MonotonicClock.now() as Instant)
      if (batch === undefined) return false
      const { arena, frames } = lay(batch)
      const { errno, sentCount } = socket.sendLaid(arena)
      if (errno === 0) return true
      if (Errno.isTransient(errno)) {
        backlog.putBack(frames.slice(sentCount).map(({ entry }) => entry))
        yield* Effect.sleep(retryDelay)
        return true
      }
      // A device that refuses one frame refuses all: go past them and let the next burst try again.
      const { address, interface: device } = frames[sentCount]!.entry
      const rest = frames.slice(sentCount).map(({ entry }) => entry)
      const others = rest.filter((entry) => entry.interface !== device)
      backlog.putBack(others)
      yield* Effect.logWarning(
        `${rest.length - others.length} announcements by ${device} not sent, the first of ${address}: ${Errno.nameOf(errno)}`
      )
      return true
    })

    const drain = Effect.gen(function* () {
      yield* Queue.take(rings)
      let turnEndsAt = MonotonicClock.now() + turnMax
      while (yield* sendNext()) {
        if (MonotonicClock.now() < turnEndsAt) continue
        yield* Effect.yieldNow
        turnEndsAt = MonotonicClock.now() + turnMax
      }
      const nextAt = backlog.nextAt()
      if (nextAt !== undefined) timer.arm(nextAt)
    })
    yield* Effect.forkScoped(Effect.forever(drain))

    return Announcer.of({
      announce: ({ addresses, repeatCount }) => {
        backlog.add(addresses, repeatCount)
        ring()
      },
      cancel: backlog.cancel,
      setPacings: (pacings) => {
        backlog.setPacings(pacings)
        ring()
      }
    })
  })
)

interface Frame extends PacketSocket.OutgoingFrame {
  readonly entry: Entry
}

/** The frames of a batch, laid out once however often they are sent. */
interface Laid {
  readonly frames: ReadonlyArray<Frame>
  readonly arena: SendArena
}

const makeLayout = (network: KernelNetwork["Service"]): ((batch: Backlog.Batch) => Laid) => {
  const routerFlag = RouterFlag.make()
  const known = new WeakMap<Backlog.Batch, Laid>()

  /** Nothing is sent by a device that is gone. */
  const framesOf = (batch: Backlog.Batch): ReadonlyArray<Frame> => {
    const links = network.links()
    const now = MonotonicClock.now()
    return batch.flatMap((entry) => {
      const { address, interface: device } = entry
      const link = links.get(device)
      if (link === undefined) return []
      const bytes = isIpv6(address)
        ? NeighbourDiscovery.unsolicitedFrame(link.mac, address, { router: routerFlag(device, now) })
        : Arp.gratuitousFrame(link.mac, address)
      return [{ entry, bytes, interfaceIndex: link.index }]
    })
  }
  return (batch) => {
    const laid = known.get(batch)
    if (laid !== undefined) return laid
    const frames = framesOf(batch)
    const layout = { frames, arena: PacketSocket.lay(frames) }
    known.set(batch, layout)
    return layout
  }
}

/** Microseconds before the event loop gets its turn: no advert can leave meanwhile. 500 frames of ARP are 3 ms. */
const turnMax = 2_000

/** When the device's queue is full, it drains within a tick. */
const retryDelay = "1 millis"
