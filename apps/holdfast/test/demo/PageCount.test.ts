import { assert, describe, it } from "@effect/vitest"
import * as PageCount from "../../src/demo/PageCount.ts"

const seconds = (value: number) => Math.round(value * 1_000_000)
const came = (startedAt: number, server: string): PageCount.Fetch => ({
  startedAt: seconds(startedAt),
  endedAt: seconds(startedAt + 0.01),
  server
})
const lost = (startedAt: number): PageCount.Fetch => ({
  startedAt: seconds(startedAt),
  endedAt: seconds(startedAt + 0.9),
  lost: "no answer"
})
const steady: PageCount.Chapter = { title: "steady", at: seconds(0), servers: ["a", "b"] }
const broken: PageCount.Chapter = {
  title: "broken",
  at: seconds(10),
  servers: ["b"],
  lossMicrosMax: seconds(3)
}

describe("PageCount.count", () => {
  it("counts by server, and a page to the chapter in which it came or was given up", () => {
    const fetches = [came(1, "a"), came(2, "b"), came(3, "b"), lost(9.5), came(11, "b")]

    assert.deepStrictEqual(PageCount.count(fetches, [steady, broken]), [
      {
        chapter: steady,
        served: new Map([
          ["a", 1],
          ["b", 2]
        ]),
        lostCount: 0
      },
      { chapter: broken, served: new Map([["b", 1]]), lostCount: 1, lossMicros: 0 }
    ])
  })

  it("measures a loss from the first to the last that was asked for in vain", () => {
    const [count] = PageCount.count([lost(10.5), came(11, "b"), lost(12.75)], [broken])

    assert.strictEqual(count?.lossMicros, seconds(2.25))
  })
})

describe("PageCount.broken", () => {
  const judge = (...fetches: ReadonlyArray<PageCount.Fetch>) =>
    PageCount.broken(PageCount.count(fetches, [steady, broken]))
  const fair = [came(1, "a"), came(2, "b"), came(11, "b")]

  it("is empty when the losses are within what was promised", () => {
    assert.deepStrictEqual(judge(...fair, lost(10), lost(13)), [])
  })

  it("tells losses that last too long", () => {
    assert.deepStrictEqual(judge(...fair, lost(10), lost(13.1)), [
      "broken: 2 pages lost within 3.100 s, promised was up to 3.000 s"
    ])
  })

  it("tells any loss where none was promised", () => {
    assert.deepStrictEqual(judge(...fair, lost(1)), [
      "steady: 1 page lost within 0.000 s, promised was no loss"
    ])
  })

  it("tells a server that should have served and did not", () => {
    assert.deepStrictEqual(judge(came(1, "a"), came(11, "a")), [
      "steady: no page came from b",
      "broken: no page came from b"
    ])
  })
})

describe("PageCount.table", () => {
  it("has a line for each chapter, and columns below each other", () => {
    const counts = PageCount.count([came(1, "a"), lost(10), lost(12)], [steady, broken])

    assert.deepStrictEqual(PageCount.table(counts, ["a", "b"]), [
      "        from a  from b  lost   within       promised",
      "steady       1       0     0        -        no loss",
      "broken       0       0     2  2.000 s  up to 3.000 s"
    ])
  })
})
