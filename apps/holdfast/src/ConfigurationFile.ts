/**
 * Reading a configuration file from disk.
 *
 * @since 0.1.0
 */
import { readFileSync } from "node:fs"
import * as Configuration from "@holdfast/config/Configuration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/**
 * The file is missing or cannot be read.
 *
 * @category errors
 * @since 0.1.0
 */
export class Unreadable extends Schema.TaggedError<Unreadable>()("Unreadable", { message: Schema.String }) {}

/**
 * Reads and compiles a file. Mistakes are in the result; only a file that cannot be read is an error.
 *
 * @category constructors
 * @since 0.1.0
 */
export const read = (file: string): Effect.Effect<Configuration.Reading, Unreadable> =>
  Effect.try({
    try: () => readFileSync(file, "utf8"),
    catch: (error) =>
      new Unreadable({
        message: `cannot read ${file}: ${error instanceof Error ? error.message : String(error)}; name the file with --use-file`
      })
  }).pipe(Effect.map((text) => Configuration.read({ file, text })))
