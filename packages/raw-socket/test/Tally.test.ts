/** Which messages are counted, and which are handed on. */
import { assert, describe, it } from "@effect/vitest"
import * as ControlMessage from "@holdfast/raw-socket/ControlMessage"
import * as Linux from "@holdfast/raw-socket/Linux"
import * as MonotonicClock from "@holdfast/raw-socket/MonotonicClock"
import * as Tally from "@holdfast/raw-socket/Tally"
import * as Schema from "effect/Schema"

interface Message {
  readonly data: ReadonlyArray<number>
  /** In milliseconds. */
  readonly at?: number
  readonly sender?: number
  readonly controls?: ReadonlyArray<ControlMessage.ControlMessage>
  readonly isTruncated?: boolean
}

const stampOf = (micros: number): ControlMessage.ControlMessage => {
  const wall = micros - MonotonicClock.offsetOfRealtime()
  return {
    _tag: "Timestamp",
    seconds: BigInt(Math.floor(wall / 1e6)),
    nanos: BigInt(Math.round((wall % 1e6) * 1000))
  }
}

/** A tally over an arena of so many bytes for each part, and what it has told. */
const make = (options: Partial<Omit<Tally.Options, "onTallied">> = {}) => {
  const [slot, control, data, slots] = [60, 4, 44, 8]
  const words = new Int32Array(slot * slots)
  const fields = new Int32Array(4 * slots)
  const bytes = new Uint8Array(words.buffer)
  const told: Array<{ key: number; count: number; at: number }> = []
  const tally = Tally.make(
    { words, fields, slot, control, data },
    {
      keyAt: 1,
      ignored: [],
      isWhole: true,
      ...options,
      onTallied: (keys, counts, arrivedAt) => {
        for (const [index, key] of keys.entries())
          // The two clocks are read one after the other, each time anew, and the process may stand still between.
          told.push({ key, count: counts[index]!, at: Math.round((arrivedAt[index]! - start) / 10_000) * 10 })
      }
    }
  )
  const place = (messages: ReadonlyArray<Message>) => {
    for (const [
      index,
      { at = 0, controls = [], data: content, isTruncated, sender = 7 }
    ] of messages.entries()) {
      const encoded = ControlMessage.encode([...controls, ...(at < 0 ? [] : [stampOf(start + at * 1_000)])])
      bytes.fill(index + 1, index * slot * 4, (index + 1) * slot * 4)
      bytes.fill(sender, index * slot * 4, index * slot * 4 + 16)
      bytes.set(encoded, (index * slot + control) * 4)
      bytes.set(content, (index * slot + data) * 4)
      fields.set([content.length, isTruncated === true ? Linux.MSG_TRUNC : 0, 16, encoded.length], index * 4)
    }
  }
  /** Reads a batch, learns what is handed on, and returns that. */
  const read = (...messages: ReadonlyArray<Message>): ReadonlyArray<ReadonlyArray<number>> => {
    place(messages)
    const count = tally.take(messages.length)
    return Array.from({ length: count }, (_, index) => {
      tally.learn(index)
      const from = (index * slot + data) * 4
      return [...bytes.subarray(from, from + fields[index * 4]!)]
    })
  }
  const tell = () => {
    tally.tell()
    return told.splice(0)
  }
  return { read, tell }
}

const start = MonotonicClock.now() - 50_000_000
const advert = (key: number, other = 0): ReadonlyArray<number> => [0x31, key, 100, other]

describe("Tally", () => {
  it("counts what is the same as before, and tells when the last arrived", () => {
    const { read, tell } = make()

    assert.deepStrictEqual(read({ data: advert(1) }, { data: advert(2) }), [advert(1), advert(2)])
    assert.isEmpty(tell())
    assert.isEmpty(
      read({ data: advert(1), at: 100 }, { data: advert(2), at: 150 }, { data: advert(1), at: 200 })
    )
    assert.isEmpty(read({ data: advert(1), at: 300 }))
    assert.deepStrictEqual(tell(), [
      { key: 1, count: 3, at: 300 },
      { key: 2, count: 1, at: 150 }
    ])
    assert.isEmpty(tell())
  })

  it("hands on what differs, and all of its key that follows until it is learned", () => {
    const { read, tell } = make()
    read({ data: advert(1) }, { data: advert(2) })

    const kept = read(
      { data: advert(1), at: 10 },
      { data: advert(1, 9), at: 20 },
      { data: advert(2), at: 30 },
      { data: advert(1), at: 40 },
      { data: advert(3), at: 50 }
    )
    assert.deepStrictEqual(kept, [advert(1, 9), advert(1), advert(3)])
    assert.deepStrictEqual(tell(), [
      { key: 1, count: 1, at: 10 },
      { key: 2, count: 1, at: 30 }
    ])
    assert.isEmpty(read({ data: advert(1) }))
    assert.deepStrictEqual(read({ data: advert(1, 9) }), [advert(1, 9)])
  })

  it("ignores the bytes that it is told to, and no others", () => {
    const { read } = make({ ignored: [0, 6] })
    const data = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]
    read({ data })

    for (const index of data.keys()) {
      if (index === 1) continue
      const other = data.with(index, 99)
      assert.deepStrictEqual(
        read({ data: other }),
        index === 0 || index === 6 ? [] : [other],
        `byte ${index}`
      )
      read({ data })
    }
  })

  it.each([
    { data: [...advert(1), 1, 2, 3, 4] },
    { data: advert(1), controls: [{ _tag: "ReceiveOverflow", droppedCount: 3 } as const] }
  ])("another length is another message: %o", (other) => {
    const { read } = make()
    read({ data: advert(1) })

    assert.deepStrictEqual(read(other), [other.data])
  })

  it.each([true, false])("what the kernel dropped is news, each time (whole: %s)", (isWhole) => {
    const { read, tell } = make({ isWhole })
    const dropped = (droppedCount: number): Message => ({
      data: advert(1),
      controls: [{ _tag: "ReceiveOverflow", droppedCount }]
    })
    read({ data: advert(1) })

    for (const count of [3, 4]) {
      assert.deepStrictEqual(read(dropped(count), dropped(count)), [advert(1), advert(1)])
      assert.isEmpty(read(dropped(count), dropped(count)))
      assert.deepStrictEqual(
        tell().map((told) => told.count),
        [2]
      )
    }
  })

  it.each([{ sender: 8 }, { controls: [{ _tag: "Ipv6HopLimit", hopLimit: 254 } as const] }])(
    "what is beside the data counts where it is asked for: %o",
    (other) => {
      const first: Message = { data: advert(1), controls: [{ _tag: "Ipv6HopLimit", hopLimit: 255 }] }
      const [beside, whole] = [make({ isWhole: false }), make()]
      for (const { read } of [beside, whole]) read(first)

      assert.isEmpty(beside.read({ ...first, at: 77 }))
      assert.deepStrictEqual(beside.read({ ...first, ...other }), [first.data])
      assert.isEmpty(whole.read({ ...first, ...other }))
    }
  )

  it.each([{ data: advert(1), isTruncated: true }, { data: advert(1), at: -1 }, { data: [...advert(1), 5] }])(
    "what is cut, without a stamp or no whole words is never known: %o",
    (message) => {
      const { read } = make()
      read(message)

      assert.deepStrictEqual(read(message), [message.data])
    }
  )

  const Batches = Schema.Array(
    Schema.Array(Schema.Struct({ key: Schema.Literals([1, 2, 3]), other: Schema.Literals([0, 1]) })).check(
      Schema.isMaxLength(8)
    )
  )
  it.prop("loses nothing, and tells before what it is older than", { batches: Batches }, ({ batches }) => {
    const { read, tell } = make()
    const last = new Map<number, number>()
    let clock = 0
    for (const batch of batches) {
      const messages = batch.map(({ key, other }) => ({ data: advert(key, other), at: (clock += 10) }))
      const kept = read(...messages)
      const tallied = tell()

      for (const key of [1, 2, 3]) {
        const ofKey = messages.filter(({ data }) => data[1] === key)
        const told = tallied.find((one) => one.key === key)
        const count = told?.count ?? 0
        // First those that are told, all the same as the last one before; then the others, in order.
        assert.isTrue(ofKey.slice(0, count).every(({ data }) => data[3] === last.get(key)))
        assert.strictEqual(told?.at, ofKey[count - 1]?.at)
        assert.deepStrictEqual(
          kept.filter((data) => data[1] === key),
          ofKey.slice(count).map(({ data }) => data)
        )
        if (last.has(key)) assert.notStrictEqual(ofKey[count]?.data[3], last.get(key))
        const newest = ofKey.at(-1)
        if (newest !== undefined) last.set(key, newest.data[3]!)
      }
    }
  })
})
