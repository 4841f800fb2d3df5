/**
 * Messages that are the same as before: counted where they lie, and told once for all of a reading.
 *
 * **When to use** for a socket to which the same few messages come thousands of times a second, and whose owner looks now
 * and then. To compare a message and to note its time costs a fraction of what it costs to hand it on.
 *
 * **Invariants** the same means every word but those of the stamp and the bytes that are named, and that the kernel has
 * dropped none since. What is told of a key
 * came before every other message of that key that is handed on afterwards: one that differs is handed on, and with it all
 * that follow until it is learned anew.
 *
 * @since 0.1.0
 */
import * as Arrival from "./Arrival.ts"
import * as Linux from "./Linux.ts"
import * as MonotonicClock from "./MonotonicClock.ts"

/**
 * What is tallied.
 *
 * - `keyAt`: which byte of the data tells messages apart; of each key the last one is known.
 * - `ignored`: bytes of the data that may differ, among the first sixteen.
 * - `isWhole`: whether all that matters is in the data. Otherwise the sender's address and the control messages count, too.
 * - `onTallied`: of these keys so many each, the last of which arrived at that time.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  readonly keyAt: number
  readonly ignored: ReadonlyArray<number>
  readonly isWhole: boolean
  readonly onTallied: OnTallied
}

/**
 * Takes what was tallied: of each of these keys how many, and when the last arrived, on the monotonic clock.
 *
 * @category models
 * @since 0.1.0
 */
export type OnTallied = (
  keys: ReadonlyArray<number>,
  counts: ReadonlyArray<number>,
  arrivedAtMicros: ReadonlyArray<number>
) => void

/**
 * Where the parts of a message lie, in words of 32 bits: message `i` begins at `i * slot`, its control messages and its data
 * so much later. `fields` has four numbers for each: lengths in bytes of data, flags, length of the address, of the control
 * messages.
 *
 * @category models
 * @since 0.1.0
 */
export interface Layout {
  readonly words: Int32Array
  readonly fields: Int32Array
  readonly slot: number
  readonly control: number
  readonly data: number
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Tally {
  /** Counts those of the first messages that are known, moves the others together, and returns how many these are. */
  readonly take: (count: number) => number
  /** Knows a message from now on, if it has a stamp and ends with a word. */
  readonly learn: (index: number) => void
  /** Tells what was counted since the last time. */
  readonly tell: () => void
}

interface Known {
  /** In bytes. */
  readonly length: number
  readonly data: Int32Array
  readonly beside: Int32Array
  readonly addressLength: number
  readonly controlLength: number
  /** Where its stamp stands, in words after the start of the control messages. */
  readonly stampAt: number
  /** Where the kernel says how many it has dropped, if it has dropped any, and how many. */
  readonly droppedAt: number | undefined
  readonly droppedCount: number | undefined
}

/**
 * Makes a tally that knows nothing.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = ({ control, data, fields, slot, words }: Layout, options: Options): Tally => {
  const { ignored, isWhole, onTallied } = options
  const [keyWord, keyShift] = [options.keyAt >> 2, (options.keyAt & 3) * 8]
  const masks = masksOf(ignored)
  const known: Array<Known | undefined> = Array.from({ length: keyCount })
  const counts = new Int32Array(keyCount)
  /** Of the last of each key: three words of its `struct timespec`. */
  const stamps = new Int32Array(keyCount * 3)
  /** The keys of which something was counted. */
  let waiting: Array<number> = []

  const keyOf = (index: number): number => (words[index * slot + data + keyWord]! >>> keyShift) & 0xff

  const isSame = (one: Known, index: number): boolean => {
    const { addressLength, controlLength, data: expected, droppedAt, length } = one
    const field = index * 4
    if (
      fields[field] !== length ||
      fields[field + 2] !== addressLength ||
      fields[field + 3] !== controlLength
    )
      return false
    if (droppedAt !== undefined && words[index * slot + control + droppedAt] !== one.droppedCount)
      return false
    const from = index * slot + data
    const count = length >> 2
    let at = 0
    for (; at < count && at < maskedWords; at++)
      if (((words[from + at]! ^ expected[at]!) & masks[at]!) !== 0) return false
    for (; at < count; at++) if (words[from + at] !== expected[at]) return false
    return isWhole || isSameBeside(one, index)
  }

  const isSameBeside = (one: Known, index: number): boolean => {
    const from = index * slot
    const address = one.addressLength >> 2
    for (let at = 0; at < address; at++) if (words[from + at] !== one.beside[at]) return false
    const controlWords = one.controlLength >> 2
    for (let at = 0; at < controlWords; at++)
      if (
        (at < one.stampAt || at >= one.stampAt + stampWords) &&
        words[from + control + at] !== one.beside[address + at]
      )
        return false
    return true
  }

  const keep = (index: number, place: number): void => {
    if (index === place) return
    words.copyWithin(place * slot, index * slot, (index + 1) * slot)
    fields.copyWithin(place * 4, index * 4, (index + 1) * 4)
  }

  return {
    take: (count) => {
      let kept = 0
      for (let index = 0; index < count; index++) {
        const key = keyOf(index)
        const one = known[key]
        if (one !== undefined && isSame(one, index)) {
          const count = counts[key]!
          if (count === 0) waiting.push(key)
          counts[key] = count + 1
          const from = index * slot + control + one.stampAt
          stamps[key * 3] = words[from]!
          stamps[key * 3 + 1] = words[from + 1]!
          stamps[key * 3 + 2] = words[from + 2]!
          continue
        }
        known[key] = undefined
        keep(index, kept)
        kept += 1
      }
      return kept
    },
    learn: (index) => {
      const field = index * 4
      const length = fields[field]!
      const addressLength = fields[field + 2]!
      const controlLength = fields[field + 3]!
      const from = index * slot
      const placeOf = (type: Parameters<typeof Arrival.placeOf>[0]) =>
        Arrival.placeOf(type, words, from + control, controlLength >> 2)
      const stampAt = placeOf(Linux.SO_TIMESTAMPNS)
      if (stampAt === undefined || (fields[field + 1]! & Linux.MSG_TRUNC) !== 0 || (length & 3) !== 0) return
      const droppedAt = placeOf(Linux.SO_RXQ_OVFL)
      const droppedCount = droppedAt === undefined ? undefined : words[from + control + droppedAt]!
      const beside = new Int32Array(isWhole ? 0 : (addressLength + controlLength) >> 2)
      if (!isWhole) {
        beside.set(words.subarray(from, from + (addressLength >> 2)))
        beside.set(words.subarray(from + control, from + control + (controlLength >> 2)), addressLength >> 2)
      }
      known[keyOf(index)] = {
        length,
        data: words.slice(from + data, from + data + (length >> 2)),
        beside,
        addressLength,
        controlLength,
        stampAt,
        droppedAt,
        droppedCount
      }
    },
    tell: () => {
      if (waiting.length === 0) return
      const now = MonotonicClock.now()
      const offset = MonotonicClock.offsetOfRealtime()
      const keys = waiting
      waiting = []
      const [countOfEach, arrivedAtOfEach]: [Array<number>, Array<number>] = [[], []]
      for (const key of keys) {
        countOfEach.push(counts[key]!)
        arrivedAtOfEach.push(Arrival.timeOf(stamps, key * 3, now, offset))
        counts[key] = 0
      }
      onTallied(keys, countOfEach, arrivedAtOfEach)
    }
  }
}

/** For each of the first words the bits that count. */
const masksOf = (ignored: ReadonlyArray<number>): Int32Array => {
  const masks = new Int32Array(maskedWords).fill(-1)
  for (const byte of ignored) masks[byte >> 2]! &= ~(0xff << ((byte & 3) * 8))
  return masks
}

const keyCount = 256
const maskedWords = 4
/** `struct timespec`. */
const stampWords = 4
