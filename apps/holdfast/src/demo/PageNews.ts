/**
 * What is worth telling of one page after the other: the first of a server, the first after a while, the first that is
 * lost.
 *
 * @since 0.1.0
 */
import type { Fetch } from "./PageCount.ts"

/**
 * - `silentMicros`: since the last page of this server; absent for the first.
 *
 * @category models
 * @since 0.1.0
 */
export type PageNews =
  | { readonly _tag: "PageCame"; readonly server: string; readonly silentMicros?: number }
  | { readonly _tag: "PageLost"; readonly reason: string }

/**
 * Returns a function that is given each page in turn and calls back with what is news.
 *
 * @category constructors
 * @since 0.1.0
 */
export const listen = (
  onNews: (news: PageNews & { readonly at: number }) => void
): ((fetch: Fetch) => void) => {
  const lastByServer = new Map<string, number>()
  let lastLost: number | undefined
  return (fetch) => {
    const at = fetch.endedAt
    if ("lost" in fetch) {
      if (isNews(at, lastLost)) onNews({ _tag: "PageLost", at, reason: fetch.lost })
      lastLost = at
    } else {
      const { server } = fetch
      const last = lastByServer.get(server)
      if (isNews(at, last))
        onNews({
          _tag: "PageCame",
          at,
          server,
          ...(last !== undefined && { silentMicros: at - last })
        })
      lastByServer.set(server, at)
    }
  }
}

const isNews = (at: number, last: number | undefined): boolean =>
  last === undefined || at - last > silenceNoticedMicros

/** Pages come twenty times a second; less than this is chance, or a busy computer. */
const silenceNoticedMicros = 1_000_000
