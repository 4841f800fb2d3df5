/**
 * A list that only grows, and waiting for what it will hold.
 *
 * Frames on a wire, lines of a log and answers to a probe are each a journal. A wait looks at what is there already
 * before it waits, so an event cannot be missed between an act and the wait for its effect.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/**
 * What was waited for did not come in time, with the end of the journal to see what came instead.
 *
 * @category errors
 * @since 0.1.0
 */
export class NeverCame extends Schema.TaggedError<NeverCame>()("NeverCame", {
  journal: Schema.String,
  awaited: Schema.String,
  withinMillis: Schema.Int,
  last: Schema.Array(Schema.String)
}) {
  override get message(): string {
    const last = this.last.map((entry) => `\n  ${entry}`).join("")
    return `${this.journal}: no ${this.awaited} within ${this.withinMillis} ms; the last entries:${last || " none"}`
  }
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Wait {
  /** Index of the first entry that counts; default 0, the whole journal. */
  readonly from?: number | undefined
  /** Bound of the wait in milliseconds; default `waitMillisDefault`. */
  readonly withinMillis?: number | undefined
}

/**
 * A list that only grows.
 *
 * @category models
 * @since 0.1.0
 */
export interface Journal<A> {
  readonly name: string
  readonly entries: ReadonlyArray<A>
  readonly append: (entry: A) => void
  readonly describe: (entry: A) => string
  /** Returns the first entry that fits, waiting for it. */
  readonly waitFor: {
    <B extends A>(awaited: string, fits: (entry: A) => entry is B, wait?: Wait): Effect.Effect<B, NeverCame>
    (awaited: string, fits: (entry: A) => boolean, wait?: Wait): Effect.Effect<A, NeverCame>
  }
  /** Returns the first `count` entries that fit, waiting for them. */
  readonly waitForCount: {
    <B extends A>(
      count: number,
      awaited: string,
      fits: (entry: A) => entry is B,
      wait?: Wait
    ): Effect.Effect<ReadonlyArray<B>, NeverCame>
    (
      count: number,
      awaited: string,
      fits: (entry: A) => boolean,
      wait?: Wait
    ): Effect.Effect<ReadonlyArray<A>, NeverCame>
  }
}

/**
 * Makes an empty journal; `describe` prints an entry in the report of a wait that failed.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <A>(name: string, describe: (entry: A) => string): Journal<A> => {
  const entries: Array<A> = []
  const watchers = new Set<(entry: A) => void>()

  const waitForCount = (count: number, awaited: string, fits: (entry: A) => boolean, wait: Wait = {}) => {
    const withinMillis = wait.withinMillis ?? waitMillisDefault
    const collect = Effect.callback<ReadonlyArray<A>>((resume) => {
      const found = entries.slice(wait.from ?? 0).filter(fits)
      const watcher = (entry: A) => {
        if (fits(entry)) found.push(entry)
        if (found.length >= count) {
          watchers.delete(watcher)
          resume(Effect.succeed(found.slice(0, count)))
        }
      }
      if (found.length >= count) return resume(Effect.succeed(found.slice(0, count)))
      watchers.add(watcher)
      return Effect.sync(() => watchers.delete(watcher))
    })
    return Effect.timeoutOrElse(collect, {
      duration: withinMillis,
      orElse: () =>
        Effect.fail(
          new NeverCame({
            journal: name,
            awaited,
            withinMillis,
            last: entries.slice(-entriesShownMax).map(describe)
          })
        )
    })
  }

  return {
    name,
    entries,
    describe,
    append: (entry) => {
      entries.push(entry)
      // A copy: who was waiting may go on within the call and wait for the next one.
      for (const watcher of Array.from(watchers)) watcher(entry)
    },
    waitFor: (awaited: string, fits: (entry: A) => boolean, wait?: Wait) =>
      Effect.map(waitForCount(1, awaited, fits, wait), (found) => found[0] as never),
    waitForCount: waitForCount
  }
}

/**
 * Prints a whole journal, an entry a line.
 *
 * @category formatting
 * @since 0.1.0
 */
export const print = <A>(journal: Journal<A>): string =>
  [`${journal.name}:`, ...journal.entries.map((entry) => `  ${journal.describe(entry)}`)].join("\n")

// Above VRRP's slowest step here (a Backup of priority 100 takes over after 3.6 s) with room for a busy machine.
const waitMillisDefault = 10_000
// Enough to see what came instead, and short enough to read.
const entriesShownMax = 12
