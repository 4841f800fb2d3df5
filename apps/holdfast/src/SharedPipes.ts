/**
 * Pipes that more than one part of the daemon writes to (`notify_fifo`): each part opens them, one runs their reader.
 *
 * @since 0.1.0
 */
import type { NotifyFifo } from "@holdfast/wire/Script"

/**
 * Returns the pipes of a part without the readers of those that another part opens with a reader of its own.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withoutReadersOf = (
  others: ReadonlyArray<NotifyFifo>,
  fifos: ReadonlyArray<NotifyFifo>
): ReadonlyArray<NotifyFifo> => {
  const read = new Set(others.flatMap(({ path, script }) => (script === undefined ? [] : [path])))
  return fifos.map((fifo) => (read.has(fifo.path) ? { path: fifo.path } : fifo))
}
