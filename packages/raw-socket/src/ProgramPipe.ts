/**
 * A small program of ours that reads from a pipe and outlives this process.
 *
 * **Details** it runs in the network namespace of the thread that starts it, in a session of its own. Nobody waits for its
 * end; the pipe breaks then.
 *
 * @see native/README.md
 * @since 0.1.0
 */
import * as Native from "@holdfast/native/Native"

/**
 * The end to write to: close-on-exec and non-blocking.
 *
 * - `onWritable`: calls back while there is room, until the returned function is called. Keeps no process alive.
 * - `close`: to be called once, and after the function that `onWritable` returned.
 *
 * @category models
 * @since 0.1.0
 */
export interface ProgramPipe {
  readonly fd: number
  readonly onWritable: (callback: () => void) => () => void
  readonly close: () => void
}

/**
 * Starts the program that carries out a last will. Returns the number of the error when it cannot be started.
 *
 * @category constructors
 * @since 0.1.0
 */
export const startWill = (): ProgramPipe | number => {
  const native = Native.load()
  const fd = native.spawnPiped(Native.willPath())
  if (fd < 0) return -fd
  return {
    fd,
    onWritable: (callback) => {
      native.pollOpen(fd, Native.pollWritable, callback)
      native.pollUnref(fd)
      return () => void native.pollClose(fd)
    },
    close: () => void native.close(fd)
  }
}
