/** Which mismatches are told. */
import { assert, describe, it } from "@effect/vitest"
import * as MismatchReport from "@holdfast/engine/MismatchReport"
import type { Mismatch } from "@holdfast/vrrp/Action"
import type { IpAddress } from "@holdfast/wire/Address"

const interval = (theirs: number): Mismatch => ({
  _tag: "Interval",
  oursMicros: 1_000_000,
  theirsMicros: theirs
})
const hopLimit: Mismatch = { _tag: "HopLimit", theirs: 64 }
const peer = (number: number) => `192.0.2.${number}` as IpAddress

describe("MismatchReport", () => {
  it("each is news once for a peer and a kind, until it is another", () => {
    const { isNews } = MismatchReport.make()

    assert.isTrue(isNews(interval(100), peer(1)))
    assert.isFalse(isNews(interval(100), peer(1)))
    assert.isTrue(isNews(interval(100), peer(2)))
    assert.isTrue(isNews(hopLimit, peer(1)))
    assert.isFalse(isNews(interval(100), peer(1)))
    assert.isTrue(isNews(interval(200), peer(1)))
    assert.isTrue(isNews(interval(100), peer(1)))
  })

  it("who forges sources costs memory up to a bound: then what was told is forgotten", () => {
    const { isNews } = MismatchReport.make()
    isNews(interval(100), peer(0))
    for (let number = 1; number < 256; number++) isNews(interval(100), peer(number))
    assert.isFalse(isNews(interval(100), peer(0)))

    isNews(interval(100), "198.51.100.1" as IpAddress)

    assert.isTrue(isNews(interval(100), peer(0)))
  })
})
