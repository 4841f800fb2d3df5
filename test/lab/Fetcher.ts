/**
 * The client's view of a web page: a request every few milliseconds, and what became of each.
 *
 * Requests are numbered, and the numbers are the client's clock: it stands still when the whole machine does, which
 * User-Mode Linux does for seconds when its processor is busy with others.
 *
 * @since 0.1.0
 */
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Child from "./Child.ts"
import * as Journal from "./Journal.ts"
import type { Namespace } from "./Namespace.ts"

/**
 * One request that has ended.
 *
 * @category models
 * @since 0.1.0
 */
export const Fetch = Schema.Struct({
  index: Schema.Int,
  /** Wall clock, microseconds. */
  startedMicros: Schema.Int,
  /** The page, which is the name of the server. */
  by: Schema.NullOr(Schema.String),
  failure: Schema.NullOr(Schema.String)
})

/**
 * @category models
 * @since 0.1.0
 */
export type Fetch = typeof Fetch.Type

/**
 * @category models
 * @since 0.1.0
 */
export type Fetches = Journal.Journal<Fetch>

/**
 * Starts fetching the page of port 80.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = (client: Namespace, address: string): Effect.Effect<Fetches, never, Scope.Scope> =>
  Effect.gen(function* () {
    const child = yield* Child.start(client, [
      process.execPath,
      program,
      address,
      "80",
      `${intervalMicros / 1000}`
    ])
    const fetches = Journal.make<Fetch>(`${client.name} fetches`, describe)
    Child.onLines(child.stdout, (line) => fetches.append(decode(line)))
    return fetches
  })

/**
 * Waits for the end of the first request that begins from now on, and returns its number.
 *
 * @category actions
 * @since 0.1.0
 */
export const next = (fetches: Fetches): Effect.Effect<number, Journal.NeverCame> =>
  Effect.suspend(() => {
    const now = wallMicros()
    return Effect.map(
      fetches.waitFor("request", ({ startedMicros }) => startedMicros > now, patience),
      ({ index }) => index
    )
  })

/**
 * Waits for a page of a server; `from` a request on.
 *
 * @category actions
 * @since 0.1.0
 */
export const pageOf = (fetches: Fetches, server: string, from = 0): Effect.Effect<Fetch, Journal.NeverCame> =>
  fetches.waitFor(`page of ${server}`, ({ by, index }) => by === server && index >= from, patience)

/**
 * Waits until the requests of a second have ended, and returns those of them and after that got no page.
 *
 * @category actions
 * @since 0.1.0
 */
export const failures = (
  fetches: Fetches,
  from: number
): Effect.Effect<ReadonlyArray<string>, Journal.NeverCame> =>
  Effect.map(
    fetches.waitFor(
      "answered request",
      ({ by, index }) => by !== null && index >= from + countIn(watchedMicros),
      patience
    ),
    () => fetches.entries.filter(({ failure, index }) => index >= from && failure !== null).map(describe)
  )

/**
 * Returns the longest time between two requests with a page that follow each other, of those `from` a request on.
 *
 * @category getters
 * @since 0.1.0
 */
export const longestGapMicros = (fetches: Fetches, from: number): number => {
  const starts = fetches.entries
    .filter(({ by, index }) => index >= from && by !== null)
    .map(({ startedMicros }) => startedMicros)
    .toSorted((left, right) => left - right)
  return Math.max(0, ...starts.slice(1).map((start, index) => start - starts[index]!))
}

/**
 * Returns how many requests begin in a time.
 *
 * @category getters
 * @since 0.1.0
 */
export const countIn = (micros: number): number => Math.ceil(micros / intervalMicros)

const describe = ({ by, failure, index, startedMicros }: Fetch): string =>
  `${index} at ${new Date(startedMicros / 1000).toISOString().slice(14, 23)}: ${by ?? failure}`

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Fetch))
const program = fileURLToPath(new URL("probe/fetcher.ts", import.meta.url))
/** Dense against every time that is measured here, and little work for User-Mode Linux. */
const intervalMicros = 50_000
const watchedMicros = 1_000_000
/** In wall-clock time, which is not what is judged. */
const patience = { withinMillis: 40_000 } as const

/** The clock that the fetching process stamps with, whatever clock the test has. */
function wallMicros(): number {
  return Date.now() * 1000
}
