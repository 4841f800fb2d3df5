import { assert, describe, it } from "@effect/vitest"
import type { Fetch } from "../../src/demo/PageCount.ts"
import * as PageNews from "../../src/demo/PageNews.ts"

const seconds = (value: number) => value * 1_000_000
const came = (endedAt: number, server: string): Fetch => ({ startedAt: 0, endedAt: seconds(endedAt), server })
const lost = (endedAt: number, reason: string): Fetch => ({
  startedAt: 0,
  endedAt: seconds(endedAt),
  lost: reason
})

const newsOf = (...fetches: ReadonlyArray<Fetch>) => {
  const news: Array<PageNews.PageNews & { readonly at: number }> = []
  const listen = PageNews.listen((one) => news.push(one))
  for (const fetch of fetches) listen(fetch)
  return news
}

describe("PageNews.listen", () => {
  it("tells the first page of each server, and the next ones only after more than a second", () => {
    assert.deepStrictEqual(
      newsOf(came(1, "a"), came(1.5, "b"), came(2, "a"), came(2.5, "b"), came(3.5, "b"), came(5, "a")),
      [
        { _tag: "PageCame", at: seconds(1), server: "a" },
        { _tag: "PageCame", at: seconds(1.5), server: "b" },
        { _tag: "PageCame", at: seconds(5), server: "a", silentMicros: seconds(3) }
      ]
    )
  })

  it("tells the first loss of a row, and why", () => {
    assert.deepStrictEqual(
      newsOf(
        lost(1, "refused"),
        lost(1.5, "refused"),
        came(2, "a"),
        lost(2.5, "refused"),
        lost(4, "silence")
      ),
      [
        { _tag: "PageLost", at: seconds(1), reason: "refused" },
        { _tag: "PageCame", at: seconds(2), server: "a" },
        { _tag: "PageLost", at: seconds(4), reason: "silence" }
      ]
    )
  })
})
