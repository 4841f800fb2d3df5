import { assert, describe, it } from "@effect/vitest"
import * as ProcessEvents from "@holdfast/netlink/ProcessEvents"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"))

/** Received from Linux 6.18: `struct nlmsghdr`, `struct cn_msg`, and what of `struct proc_event` is given. */
const datagram = (event: string): Uint8Array =>
  bytes(
    `4c000000 03000000 01000000 00000000 01000000 01000000 01000000 00000000 28000000 ${event}`.padEnd(
      2 * 76 + 9,
      "0"
    )
  )

const event = (what: string, words: string): Uint8Array =>
  datagram(`${what} 00000000 42a0525b63150000 ${words}`.replaceAll(" ", ""))

describe("ProcessEvents", () => {
  it("asks to be told, and no more, as the kernel's header has it", () => {
    const head = "28000000 0300 0000 00000000 00000000 01000000 01000000 00000000 00000000 0400 0000"
    assert.deepStrictEqual(ProcessEvents.request(true), bytes(`${head} 01000000`))
    assert.deepStrictEqual(ProcessEvents.request(false), bytes(`${head} 02000000`))
  })

  it("reads what processes do, by the number of the process", () => {
    const cases: ReadonlyArray<readonly [Uint8Array, ReadonlyArray<ProcessEvents.ProcessEvent>]> = [
      [event("00000000", "00000000"), [{ _tag: "Answered", errno: 0 }]],
      [event("00000000", "01000000"), [{ _tag: "Answered", errno: 1 }]],
      [
        event("01000000", "0d500000 0c500000 36500000 36500000"),
        [{ _tag: "Forked", parent: 0x500c, pid: 0x5036 }]
      ],
      [event("02000000", "36500000 36500000"), [{ _tag: "Executed", pid: 0x5036 }]],
      [event("00020000", "36500000 36500000 61626300"), [{ _tag: "Renamed", pid: 0x5036 }]],
      [event("00000080", "36500000 36500000 00000000"), [{ _tag: "Exited", pid: 0x5036 }]]
    ]
    for (const [data, events] of cases) assert.deepStrictEqual(ProcessEvents.decode(data), events)
  })

  it("leaves out threads, users, and other connectors", () => {
    assert.isEmpty(ProcessEvents.decode(event("01000000", "0d500000 0d500000 37500000 36500000")))
    assert.isEmpty(ProcessEvents.decode(event("00020000", "37500000 36500000")))
    assert.isEmpty(ProcessEvents.decode(event("00000080", "37500000 36500000")))
    assert.isEmpty(ProcessEvents.decode(event("04000000", "36500000 36500000")))
    const other = event("00000080", "36500000 36500000")
    other[16] = 2
    assert.isEmpty(ProcessEvents.decode(other))
  })

  it.effect.prop(
    "reads any bytes, whole or cut",
    [Schema.Uint8Array, Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 76 }))],
    ([junk, length]) =>
      Effect.sync(() => {
        ProcessEvents.decode(junk)
        for (const what of ["01000000", "02000000", "00000080"]) {
          const whole = event(what, "36500000 36500000 36500000 36500000")
          ProcessEvents.decode(whole.subarray(0, length))
          whole.set(new Uint8Array(new Uint32Array([length]).buffer), 0)
          ProcessEvents.decode(whole)
        }
      })
  )
})
