/**
 * What became of the pages that a client asked for: who served them, how many were lost, for how long, and whether that
 * was promised.
 *
 * Pure.
 *
 * @since 0.1.0
 */
import { formatSeconds } from "@holdfast/wire/Instant"

/**
 * One page that was asked for: the server that it came from, or why it is lost. Instants are of the monotonic clock, in
 * microseconds.
 *
 * @category models
 * @since 0.1.0
 */
export type Fetch = { readonly startedAt: number; readonly endedAt: number } & (
  | { readonly server: string }
  | { readonly lost: string }
)

/**
 * A part of the story, up to the next one.
 *
 * - `lossMicrosMax`: for how long pages may be lost in it; absent: none may be lost.
 * - `servers`: those that must serve pages in it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Chapter {
  readonly title: string
  readonly at: number
  readonly lossMicrosMax?: number
  readonly servers: ReadonlyArray<string>
}

/**
 * The pages of one chapter: those that came or were given up in it.
 *
 * - `lossMicros`: from when the first page was asked for that is lost to when the last one was; absent when none is.
 *
 * @category models
 * @since 0.1.0
 */
export interface Count {
  readonly chapter: Chapter
  readonly served: ReadonlyMap<string, number>
  readonly lostCount: number
  readonly lossMicros?: number
}

/**
 * Counts the pages of each chapter. Chapters come in the order of time.
 *
 * @category counting
 * @since 0.1.0
 */
export const count = (
  fetches: ReadonlyArray<Fetch>,
  chapters: ReadonlyArray<Chapter>
): ReadonlyArray<Count> =>
  chapters.map((chapter, index) => {
    const endAt = chapters[index + 1]?.at ?? Number.POSITIVE_INFINITY
    return countOne(
      chapter,
      fetches.filter(({ endedAt }) => endedAt >= chapter.at && endedAt < endAt)
    )
  })

const countOne = (chapter: Chapter, fetches: ReadonlyArray<Fetch>): Count => {
  const served = new Map<string, number>()
  for (const fetch of fetches) {
    if ("server" in fetch) served.set(fetch.server, (served.get(fetch.server) ?? 0) + 1)
  }
  const lost = fetches.filter((fetch) => "lost" in fetch).map(({ startedAt }) => startedAt)
  return {
    chapter,
    served,
    lostCount: lost.length,
    ...(lost.length > 0 && { lossMicros: Math.max(...lost) - Math.min(...lost) })
  }
}

/**
 * Returns what was promised and not kept, in words: empty is good.
 *
 * @category judging
 * @since 0.1.0
 */
export const broken = (counts: ReadonlyArray<Count>): ReadonlyArray<string> =>
  counts.flatMap(({ chapter, served, lostCount, lossMicros }) => {
    const { title, lossMicrosMax, servers } = chapter
    const losses =
      lossMicros === undefined || (lossMicrosMax !== undefined && lossMicros <= lossMicrosMax)
        ? []
        : [
            `${title}: ${lostCount} ${lostCount === 1 ? "page" : "pages"} lost within ${formatSeconds(lossMicros)} s, promised was ${promise(chapter)}`
          ]
    const absent = servers.filter((server) => !served.has(server))
    return [...losses, ...absent.map((server) => `${title}: no page came from ${server}`)]
  })

/**
 * Renders the counts as a table: a line each, under a head.
 *
 * @category conversions
 * @since 0.1.0
 */
export const table = (
  counts: ReadonlyArray<Count>,
  servers: ReadonlyArray<string>
): ReadonlyArray<string> => {
  const rows = [
    ["", ...servers.map((server) => `from ${server}`), "lost", "within", "promised"],
    ...counts.map(({ chapter, served, lostCount, lossMicros }) => [
      chapter.title,
      ...servers.map((server) => String(served.get(server) ?? 0)),
      String(lostCount),
      lossMicros === undefined ? "-" : `${formatSeconds(lossMicros)} s`,
      promise(chapter)
    ])
  ]
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join("  ")
  )
}

const promise = ({ lossMicrosMax }: Chapter): string =>
  lossMicrosMax === undefined ? "no loss" : `up to ${formatSeconds(lossMicrosMax)} s`
