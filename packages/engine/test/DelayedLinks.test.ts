/** Devices with a delay: what counts, and from when. */
import { assert, describe, it } from "@effect/vitest"
import * as DelayedLinks from "@holdfast/engine/DelayedLinks"
import type { Link, Links } from "@holdfast/engine/LinkWatch"
import * as TimerHeap from "@holdfast/engine/TimerHeap"
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { MacAddress } from "@holdfast/wire/Address"
import type { Instant, Micros } from "@holdfast/wire/Instant"

const eth0 = "eth0" as InterfaceName
const delay = { interface: eth0, up: 3_000 as Micros, down: 2_000 as Micros }

const linksOf = (up: boolean | undefined): Links => {
  const link = { name: eth0, index: 2, mac: "00:00:5e:00:53:01" as MacAddress, mtu: 1500, addresses: [] }
  return new Map<InterfaceName, Link>(up === undefined ? [] : [[eth0, { ...link, up }]])
}

/** A view with a delay on `eth0`, which is up from the start. */
const make = (delays = [delay]) => {
  const heap = TimerHeap.make()
  const changes: Array<number> = []
  let now = 0
  const links = DelayedLinks.make(heap, () => changes.push(now))
  const until = (time: number): void => {
    for (let due = heap.next(); due !== undefined && due <= time; due = heap.next()) {
      now = due
      heap.expire(due)
    }
    now = time
  }
  const tell = (up: boolean | undefined, at: number): void => {
    until(at)
    links.tell(linksOf(up), at as Instant)
  }
  const setDelays = (next: ReadonlyArray<typeof delay>, at: number): void => {
    until(at)
    links.setDelays(next, at as Instant)
  }
  /** Whether it counts as up; absent when it does not exist. */
  const counts = (): boolean | undefined => links.current().get(eth0)?.up
  tell(true, 0)
  setDelays(delays, 0)
  return { changes, counts, heap, setDelays, tell, until }
}

describe("DelayedLinks", () => {
  it("a device counts as down, or up, when it has been so for its delay", () => {
    const { changes, counts, tell, until } = make()
    tell(false, 10)
    until(2_009)
    assert.isTrue(counts())
    until(2_010)
    assert.isFalse(counts())
    tell(true, 3_000)
    until(5_999)
    assert.isFalse(counts())
    until(6_000)
    assert.isTrue(counts())
    assert.deepStrictEqual(changes, [2_010, 6_000])
  })

  it("one that comes back in time was never away, and its next delay is a whole one", () => {
    const { changes, counts, tell, until } = make()
    tell(false, 0)
    tell(true, 1_999)
    tell(false, 2_500)
    until(4_499)
    assert.isTrue(counts())
    assert.isEmpty(changes)
    until(4_500)
    assert.isFalse(counts())
  })

  it("other news of the device does not prolong the delay", () => {
    const { changes, tell, until } = make()
    tell(false, 0)
    tell(false, 1_500)
    until(5_000)
    assert.deepStrictEqual(changes, [2_000])
  })

  it("what is gone is gone at once, and what appears counts as it is", () => {
    const { counts, heap, tell } = make()
    tell(undefined, 0)
    assert.isUndefined(counts())
    tell(false, 100)
    assert.isFalse(counts())
    assert.isUndefined(heap.next())
    tell(true, 200)
    tell(undefined, 300)
    tell(true, 400)
    assert.isTrue(counts())
  })

  it("a direction without a delay counts at once", () => {
    const { counts, tell } = make([{ ...delay, down: 0 as Micros }])
    tell(false, 10)
    assert.isFalse(counts())
    tell(true, 20)
    assert.isFalse(counts())
  })

  it("a delay that a reload takes away is over; one that it changes keeps what counts", () => {
    const { changes, counts, setDelays, tell, until } = make()
    tell(false, 0)
    assert.isTrue(counts())
    setDelays([{ ...delay, down: 5_000 as Micros }], 1_000)
    assert.isTrue(counts())
    setDelays([], 1_500)
    assert.isFalse(counts())
    until(10_000)
    assert.isEmpty(changes)
  })

  it("a delay that a reload adds to a device that is down leaves it down, and one without any wait is over at once", () => {
    const { counts, setDelays, tell } = make([])
    tell(false, 0)
    setDelays([delay], 100)
    assert.isFalse(counts())
    tell(true, 200)
    assert.isFalse(counts())
    setDelays([{ ...delay, up: 0 as Micros }], 300)
    assert.isTrue(counts())
  })
})
