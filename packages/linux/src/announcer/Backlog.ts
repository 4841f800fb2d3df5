/**
 * The announcements that wait, in the order in which they shall leave.
 *
 * Pure: decides what leaves next; the adapter makes frames of it and sends them.
 *
 * **Details**
 * - By round: each address is announced once before any is announced again, so that the last waits for the others least.
 * - What has no pace leaves in batches, which are the same objects in every round: whoever lays one out does it once.
 * - What has a pace waits on a lane (`Pacing`), and each lane that is due gives one at a time, the longest served last.
 *
 * @since 0.1.0
 */
import type { Pacing as PacingParameters } from "@holdfast/vrrp/SharedParameters"
import type { IpAddress } from "@holdfast/wire/Address"
import type { Instant } from "@holdfast/wire/Instant"
import * as Pacing from "./Pacing.ts"
import * as Rounds from "./Rounds.ts"

/**
 * Announcements that leave together.
 *
 * @category models
 * @since 0.1.0
 */
export type Batch = ReadonlyArray<Pacing.Entry>

/**
 * What waits.
 *
 * @category models
 * @since 0.1.0
 */
export interface Backlog {
  /** How many announcements wait. */
  readonly size: () => number
  /** Puts them behind the others, so many rounds; once `waitingMax` wait, the later rounds are dropped. */
  readonly add: (entries: Batch, repeatCount: number) => void
  /** What may leave now, or nothing. */
  readonly take: (now: Instant) => Batch | undefined
  /** Puts what did not leave in front of all others. */
  readonly putBack: (entries: Batch) => void
  /** When the next that has a pace may leave; nothing when none waits. */
  readonly nextAt: () => Instant | undefined
  readonly cancel: (addresses: ReadonlyArray<IpAddress>) => void
  /** Changes the paces of all that wait and will. */
  readonly setPacings: (pacings: ReadonlyArray<PacingParameters>) => void
}

interface Lane {
  readonly interval: number
  readonly rounds: Rounds.Rounds<Pacing.Entry>
  /** When the last one left. */
  leftAt: number
}

type Lanes = ReadonlyMap<string, Lane>

/**
 * Makes an empty backlog without pacings.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): Backlog => {
  let laneOf: Pacing.LaneOf | undefined
  let free = Rounds.make<Batch>()
  let lanes = new Map<string, Lane>()
  /** Those before the pacings changed: what left on them keeps its distance. */
  let formerLanes: Lanes = new Map()
  let waitingCount = 0

  const laneFor = ({ interval, name }: Pacing.LaneFacts): Lane => {
    const known = lanes.get(name)
    if (known !== undefined) return known
    const leftAt = formerLanes.get(name)?.leftAt ?? -Infinity
    const lane = { interval, rounds: Rounds.make<Pacing.Entry>(), leftAt }
    lanes.set(name, lane)
    return lane
  }

  /** Returns batches of what has no pace; what has one is given to `onPaced`. */
  const sort = (entries: Batch, onPaced: (lane: Lane, entry: Pacing.Entry) => void): ReadonlyArray<Batch> => {
    if (laneOf === undefined) return batchesOf(entries)
    const unpaced: Array<Pacing.Entry> = []
    for (const entry of entries) {
      const facts = laneOf(entry)
      if (facts === undefined) unpaced.push(entry)
      else onPaced(laneFor(facts), entry)
    }
    return batchesOf(unpaced)
  }

  const add = (entries: Batch, firstRound: number, roundCount: number): void => {
    const paced: Array<readonly [Lane, Pacing.Entry]> = []
    const batches = sort(entries, (lane, entry) => paced.push([lane, entry]))
    for (let round = firstRound; round < firstRound + roundCount && waitingCount < waitingMax; round++) {
      for (const batch of batches) free.add(round, batch)
      for (const [lane, entry] of paced) lane.rounds.add(round, entry)
      waitingCount += entries.length
    }
  }

  const takePaced = (now: Instant): Batch => {
    const taken: Array<Pacing.Entry> = []
    for (const [name, lane] of lanes) {
      if (taken.length === batchMax) break
      if (lane.leftAt + lane.interval > now) continue
      const entry = lane.rounds.take()
      if (entry === undefined) continue
      taken.push(entry)
      lane.leftAt = now
      // Behind the others, so that all get their turn when more are due than leave at once.
      lanes.delete(name)
      lanes.set(name, lane)
    }
    return taken
  }

  return {
    size: () => waitingCount,
    add: (entries, repeatCount) => add(entries, 0, repeatCount),
    take: (now) => {
      const paced = takePaced(now)
      const batch = paced.length > 0 ? paced : free.take()
      waitingCount -= batch?.length ?? 0
      return batch
    },
    putBack: (entries) => {
      for (const batch of sort(entries, (lane, entry) => lane.rounds.putBack(entry))) free.putBack(batch)
      waitingCount += entries.length
    },
    nextAt: () => nextOf(lanes),
    cancel: (addresses) => {
      if (waitingCount === 0) return
      const gone = new Set(addresses)
      const without = withoutAddresses(gone)
      free.update(without)
      for (const { rounds } of lanes.values())
        rounds.update((entry) => (gone.has(entry.address) ? undefined : entry))
      waitingCount = 0
      eachWaiting(free, lanes, () => (waitingCount += 1))
    },
    setPacings: (pacings) => {
      const waiting: Array<Array<Pacing.Entry>> = []
      eachWaiting(free, lanes, (entry, round) => {
        while (waiting.length <= round) waiting.push([])
        waiting[round]!.push(entry)
      })
      laneOf = Pacing.make(pacings)
      formerLanes = lanes
      lanes = new Map()
      free = Rounds.make()
      waitingCount = 0
      waiting.forEach((entries, round) => add(entries, round, 1))
    }
  }
}

const nextOf = (lanes: Lanes): Instant | undefined => {
  let next: number | undefined
  for (const { interval, leftAt, rounds } of lanes.values())
    if (!rounds.isEmpty()) next = Math.min(next ?? Infinity, leftAt + interval)
  return next as Instant | undefined
}

const eachWaiting = (
  free: Rounds.Rounds<Batch>,
  lanes: Lanes,
  visit: (entry: Pacing.Entry, round: number) => void
): void => {
  free.forEach((batch, round) => {
    for (const entry of batch) visit(entry, round)
  })
  for (const { rounds } of lanes.values()) rounds.forEach(visit)
}

/** A batch stays one object in all rounds. */
const withoutAddresses = (gone: ReadonlySet<IpAddress>): ((batch: Batch) => Batch | undefined) => {
  const known = new Map<Batch, Batch>()
  return (batch) => {
    const left = known.get(batch) ?? leftOf(batch, gone)
    known.set(batch, left)
    return left.length === 0 ? undefined : left
  }
}

const leftOf = (batch: Batch, gone: ReadonlySet<IpAddress>): Batch =>
  batch.some(({ address }) => gone.has(address)) ? batch.filter(({ address }) => !gone.has(address)) : batch

const batchesOf = (entries: Batch): ReadonlyArray<Batch> =>
  Array.from({ length: Math.ceil(entries.length / batchMax) }, (_, index) =>
    entries.slice(index * batchMax, (index + 1) * batchMax)
  )

/** Frames a call: 5,000 leave in 30 ms this way, larger batches gain nothing. */
const batchMax = 100

/** Frames that may wait: 20 bursts of 1,000 addresses. Beyond it the network is long lost, and the newest are dropped. */
const waitingMax = 100_000
