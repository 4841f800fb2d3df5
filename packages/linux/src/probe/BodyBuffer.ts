/**
 * A body while it arrives, in one piece of memory at most twice as long as the body: many small pieces would cost a
 * hundred times their bytes. Who appends holds the bound.
 *
 * @since 0.1.0
 */

/**
 * A body that grows.
 *
 * @category models
 * @since 0.1.0
 */
export interface BodyBuffer {
  readonly append: (piece: Uint8Array) => void
  /** What has been appended; not a copy. */
  readonly bytes: () => Uint8Array
}

/**
 * Begins with nothing.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): BodyBuffer => {
  let memory = new Uint8Array(lengthInitial)
  let length = 0
  return {
    append: (piece) => {
      if (length + piece.length > memory.length) {
        const larger = new Uint8Array(Math.max(2 * memory.length, length + piece.length))
        larger.set(memory.subarray(0, length))
        memory = larger
      }
      memory.set(piece, length)
      length += piece.length
    },
    bytes: () => memory.subarray(0, length)
  }
}

/** Most pages that are made to be checked fit. */
const lengthInitial = 4096
