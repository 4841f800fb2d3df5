/**
 * Reading a configuration file from disk.
 *
 * @since 0.1.0
 */
import { readFileSync } from "node:fs"
import * as Configuration from "@holdfast/config/Configuration"
import * as Diagnostic from "@holdfast/config/Diagnostic"
import * as SecretFiles from "@holdfast/config/SecretFiles"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/**
 * The file is missing or cannot be read.
 *
 * @category errors
 * @since 0.1.0
 */
export class Unreadable extends Schema.TaggedError<Unreadable>()("Unreadable", { message: Schema.String }) {}

/**
 * One file that is read again and again; what did not change since the last good reading costs next to nothing.
 *
 * @category models
 * @since 0.1.0
 */
export interface ConfigurationFile {
  /** Reads and compiles the file. Mistakes are in the result; only a file that cannot be read is an error. */
  readonly read: Effect.Effect<Configuration.Reading, Unreadable>
  /** As `read`, but a file without a word is an error: whoever writes a file in place leaves it empty for a moment. */
  readonly readAgain: Effect.Effect<Configuration.Reading, Unreadable>
}

/**
 * Makes a reader of a file.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (file: string): ConfigurationFile => {
  const reader = Configuration.makeReader()
  const text = Effect.try({
    // Decoded afterwards: Node reads text in pieces of 8 kB, and bytes in one.
    try: () => readFileSync(file).toString("utf8"),
    catch: (error) =>
      new Unreadable({
        message: `cannot read ${file}: ${error instanceof Error ? error.message : String(error)}; name the file with --use-file`
      })
  })
  const isWritten = (written: string): boolean => written.trim() !== ""
  const beingWritten = (): Unreadable =>
    new Unreadable({ message: `${file} is empty: reload again when it is written, or stop the daemon` })
  const compile = (written: string): Configuration.Reading =>
    withSecrets(reader.read({ file, text: written }))
  return {
    read: Effect.map(text, compile),
    readAgain: text.pipe(Effect.filterOrFail(isWritten, beingWritten), Effect.map(compile))
  }
}

const withSecrets = ({ configuration, diagnostics }: Configuration.Reading): Configuration.Reading => {
  if (Option.isNone(configuration)) return { configuration, diagnostics }
  const resolved = SecretFiles.resolve(configuration.value, contentOf)
  return {
    configuration: resolved.configuration,
    diagnostics: Diagnostic.sorted([...diagnostics, ...resolved.diagnostics])
  }
}

const contentOf = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}
