/**
 * Making named pipes, which Node cannot.
 *
 * @see mkfifo(3), fifo(7)
 * @since 0.1.0
 */
import * as Native from "@holdfast/native/Native"
import * as Effect from "effect/Effect"
import * as SocketError from "./SocketError.ts"

/**
 * Makes a named pipe. Fails with EEXIST where something has that name.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (path: string, mode: number): Effect.Effect<void, SocketError.SocketError> =>
  Effect.asVoid(SocketError.attempt(`make named pipe ${path}`, () => Native.load().mkfifo(path, mode)))
