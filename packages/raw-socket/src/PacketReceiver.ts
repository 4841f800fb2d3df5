/**
 * How raw sockets of either family receive: batches of packets, with what the kernel tells about each, and overruns.
 *
 * @since 0.1.0
 */
import * as Arrival from "./Arrival.ts"
import * as MonotonicClock from "./MonotonicClock.ts"
import type * as Socket from "./Socket.ts"
import type * as Tally from "./Tally.ts"

/**
 * Who is told, and whether bursts are gathered (`Socket.ReceiveOptions`): in a thread that does nothing else.
 *
 * - `onBatch`: the list and its packets are valid until it returns; their memory is used again.
 * - `onRepeated`: told instead of packets that came while the event loop did not come to the socket, and that are the same as
 *   the last one with their VRID.
 *
 * @category models
 * @since 0.1.0
 */
export interface Listener<Packet> {
  readonly onBatch: (packets: ReadonlyArray<Packet>) => void
  readonly onEvent: (event: Socket.SocketEvent) => void
  readonly gathered?: boolean | undefined
  readonly onRepeated?: Tally.OnTallied | undefined
}

/**
 * What is known of every packet.
 *
 * - `interfaceIndex`: the device it came in by.
 * - `isTruncated`: it was longer than the slot, and cut.
 * - `arrivedAtMicros`: when the kernel got it, on the monotonic clock; never in the future.
 *
 * @category models
 * @since 0.1.0
 */
export interface Facts {
  interfaceIndex: number
  isTruncated: boolean
  arrivedAtMicros: number
}

/**
 * How packets are made of messages.
 *
 * - `blank`: makes one of no facts, to be filled again and again.
 * - `fill`: fills in what is not a fact of every packet, by one of a batch; false when that is not for us. What it gets is
 *   valid for the call.
 * - `sameness`: when two are the same.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reader<Packet extends Facts> {
  readonly blank: (facts: Facts) => Packet
  readonly fill: (packet: Packet, batch: Socket.Batch, index: number, arrival: Arrival.Arrival) => boolean
  readonly sameness: Omit<Tally.Options, "onTallied">
}

/**
 * Returns how a socket receives packets of up to `packetSizeMax` bytes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <Packet extends Facts>(
  packetSizeMax: number,
  { gathered, onBatch, onEvent, onRepeated }: Listener<Packet>,
  { blank, fill, sameness }: Reader<Packet>
): Socket.ReceiveOptions => {
  const arrival = Arrival.make()
  const made: Array<Packet> = []
  const packets: Array<Packet> = []
  let droppedCount = 0
  return {
    dataSize: packetSizeMax,
    slotCount: batchCountMax,
    controlSize,
    gathered,
    tally: onRepeated === undefined ? undefined : { ...sameness, onTallied: onRepeated },
    onEvent,
    onBatch: (batch) => {
      const now = MonotonicClock.now()
      const offset = MonotonicClock.offsetOfRealtime()
      packets.length = 0
      for (let index = 0; index < batch.count; index++) {
        const start = batch.controlWordAt(index)
        Arrival.read(arrival, batch.words, start, batch.controlWordsEndAt(index), now, offset)
        const packet = (made[index] ??= blank(none))
        if (!fill(packet, batch, index, arrival)) continue
        packet.interfaceIndex = arrival.interfaceIndex
        packet.isTruncated = batch.isTruncatedAt(index)
        packet.arrivedAtMicros = arrival.arrivedAtMicros
        packets.push(packet)
        batch.learn(index)
      }
      const droppedCountNow = arrival.droppedCount
      if (packets.length > 0) onBatch(packets)
      if (droppedCountNow === droppedCount) return
      droppedCount = droppedCountNow
      onEvent({ _tag: "Overrun", droppedCount })
    }
  }
}

const none: Facts = { interfaceIndex: 0, isTruncated: false, arrivedAtMicros: 0 }

/** Adverts per wake-up, four such batches for all 255 virtual routers of a device at once. */
const batchCountMax = 64
/** Room for IPV6_PKTINFO (40 bytes; IP_PKTINFO takes 32), IPV6_HOPLIMIT (24), SO_RXQ_OVFL (24) and SO_TIMESTAMPNS (32). */
const controlSize = 120
