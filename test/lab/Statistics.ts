/**
 * What our daemon says of itself when SIGUSR2 asks for its status.
 *
 * @since 0.1.0
 */
import { existsSync, readFileSync, rmSync, watch } from "node:fs"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Daemon } from "./Daemon.ts"

/**
 * The part of the status that tests look at.
 *
 * @category models
 * @since 0.1.0
 */
export const Statistics = Schema.Struct({
  routers: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      role: Schema.String,
      statistics: Schema.Struct({
        counters: Schema.Record(Schema.String, Schema.Int),
        drops: Schema.Record(Schema.String, Schema.Int)
      })
    })
  ),
  foreign: Schema.Array(Schema.Struct({ vrid: Schema.Int, advertCount: Schema.Int }))
})

/**
 * @category models
 * @since 0.1.0
 */
export type Statistics = typeof Statistics.Type

/**
 * Asks the daemon for its status and waits for the file.
 *
 * @category getters
 * @since 0.1.0
 */
export const read = (daemon: Daemon): Effect.Effect<Statistics> =>
  Effect.gen(function* () {
    const path = daemon.files.statistics
    rmSync(path, { force: true })
    const written = Effect.callback<void>((resume) => {
      // Of every change in the directory only the one that leaves the file there counts; it is renamed into place.
      const watching = watch(daemon.files.directory, () => {
        if (existsSync(path)) resume(Effect.sync(() => watching.close()))
      })
      process.kill(daemon.pid, "SIGUSR2")
      return Effect.sync(() => watching.close())
    })
    yield* Effect.timeoutOrElse(written, {
      duration: writtenWithinMillis,
      orElse: () => Effect.die(new Error(`no status was written to ${path}`))
    })
    return decode(readFileSync(path, "utf8"))
  })

/**
 * Asks for the status again and again until it fits.
 *
 * @category getters
 * @since 0.1.0
 */
export const readUntil = (
  daemon: Daemon,
  awaited: string,
  fits: (statistics: Statistics) => boolean
): Effect.Effect<Statistics> =>
  Effect.timeoutOrElse(Effect.repeat(read(daemon), { until: fits }), {
    duration: writtenWithinMillis,
    orElse: () => Effect.die(new Error(`the status never showed ${awaited}`))
  })

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Statistics))
const writtenWithinMillis = 5_000
