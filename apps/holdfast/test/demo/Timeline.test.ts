import { assert, describe, it } from "@effect/vitest"
import type { Instant } from "@holdfast/wire/Instant"
import * as Timeline from "../../src/demo/Timeline.ts"

const seconds = (value: number) => value * 1_000_000
const answered = (at: number, director: string, silent?: number): Timeline.Entry => ({
  _tag: "Answered",
  at: seconds(at),
  asker: "client",
  address: "192.168.3.117",
  director,
  ...(silent !== undefined && { silentMicros: seconds(silent) })
})
const change = (to: "Backup" | "Master"): Timeline.Entry => ({
  _tag: "Told",
  at: seconds(1),
  director: "LD2",
  event: {
    _tag: "RoleChanged",
    at: seconds(1) as Instant,
    router: "VI_1",
    from: "Init",
    to,
    cause: { _tag: "Started" },
    priority: 100
  },
  message: `(VI_1) a -> ${to}: why`
})

describe("Timeline.line", () => {
  it("says when since the start, who and what", () => {
    const entry: Timeline.Entry = { _tag: "PoweredOff", at: seconds(107.25), director: "LD1" }

    assert.strictEqual(
      Timeline.line(entry, seconds(100)),
      "  7.250 s  LD1     loses power: daemon killed, cables pulled"
    )
  })

  it("marks the line that makes a Master, and no other", () => {
    assert.strictEqual(
      Timeline.line(change("Master"), 0),
      "  1.000 s  LD2     (VI_1) a -> Master: why  <== Master"
    )
    assert.strictEqual(Timeline.line(change("Backup"), 0), "  1.000 s  LD2     (VI_1) a -> Backup: why")
  })

  it("cuts what a director says at great length", () => {
    const said: Timeline.Entry = {
      _tag: "Told",
      at: seconds(1),
      director: "LD1",
      event: { _tag: "EditsRefused", at: seconds(1) as Instant },
      message: "the kernel refused ".padEnd(500, "x")
    }

    assert.strictEqual(Timeline.line(said, 0).length, "  1.000 s  LD1     ".length + 200)
    assert.match(Timeline.line(said, 0), /the kernel refused x+…$/)
  })

  it("tells the silence before an answer, of which the first has none", () => {
    assert.strictEqual(
      Timeline.line(answered(1, "LD1"), 0),
      "  1.000 s  client  reaches 192.168.3.117 at LD1"
    )
    assert.strictEqual(
      Timeline.line(answered(6, "LD2", 3.4), 0),
      "  6.000 s  client  reaches 192.168.3.117 at LD2, after 3.400 s without an answer"
    )
  })
})

describe("Timeline.line of pages", () => {
  const line = (entry: Timeline.Entry) => Timeline.line(entry, 0)

  it("tells who has none, and who has one again after how long", () => {
    const at = seconds(2)
    assert.strictEqual(
      line({ _tag: "ServerKilled", at, server: "LS1" }),
      "  2.000 s  LS1     its web server is killed"
    )
    assert.strictEqual(
      line({ _tag: "PageLost", at, reason: "connection refused" }),
      "  2.000 s  client  loses pages: connection refused"
    )
    assert.strictEqual(
      line({ _tag: "PageCame", at, server: "LS1", silentMicros: seconds(3.25) }),
      "  2.000 s  client  gets a page from LS1, after 3.250 s without one"
    )
    assert.strictEqual(
      line({ _tag: "PageCame", at, server: "LS1" }),
      "  2.000 s  client  gets a page from LS1"
    )
  })
})

describe("Timeline.splitAt", () => {
  it("orders what is past by time and keeps the rest", () => {
    const [first, second, third] = [answered(1, "LD1"), answered(2, "LD2"), answered(3, "LD1")]

    assert.deepStrictEqual(Timeline.splitAt([third, second, first], seconds(2)), [[first, second], [third]])
  })
})

describe("Timeline.summary", () => {
  it("gives the silence before the Backup answers, and before the Master answers again", () => {
    const entries = [
      answered(1, "LD1"),
      answered(6, "LD2", 2.9),
      answered(12, "LD1", 0.011),
      { ...answered(12, "LD2", 9), asker: "LS1" }
    ]
    const cast = { asker: "client", master: "LD1", backup: "LD2", patienceMicros: seconds(3.4140625) }

    assert.deepStrictEqual(Timeline.summary(entries, cast), [
      "LD1 lost: the client had no answer for 2.900 s; LD2 takes over when it hears no advert for 3.414 s.",
      "LD1 back: the client had no answer for 0.011 s while LD1 took its addresses back."
    ])
  })
})
