/**
 * The pipe to the program that carries out the last will: records that replace each other, never waited for.
 *
 * ```
 * length of what follows   slot       protocol    datagrams, each: length, bytes padded to four
 * 32 bits                  16 bits    16 bits
 * ```
 *
 * Numbers are in the host's byte order. The slot `slotDone` says that there is nothing to be done.
 *
 * @since 0.1.0
 */
import * as ProgramPipe from "@holdfast/raw-socket/ProgramPipe"
import { writeSync } from "node:fs"

/**
 * - `errno`: why the program could not be started; zero when it runs.
 * - `write`: replaces the datagrams of a slot. What the pipe has no room for waits; of a slot only the latest.
 * - `close`: says that there is nothing to be done, and lets go.
 *
 * @category models
 * @since 0.1.0
 */
export interface WillPipe {
  readonly errno: number
  readonly write: (slot: number, protocol: number, datagrams: ReadonlyArray<Uint8Array>) => void
  readonly close: () => void
}

/**
 * Starts the program in the network namespace of the calling thread. `onBroken` is called once, when somebody ended it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = (onBroken: () => void): WillPipe => {
  const program = ProgramPipe.startWill()
  if (typeof program === "number") return { errno: program, write: () => {}, close: () => {} }
  const waiting = new Map<number, Uint8Array>()
  let rest: Uint8Array = nothing
  let unwatch: (() => void) | undefined
  let isOpen = true

  const flush = (): void => {
    while (rest.length > 0 || waiting.size > 0) {
      if (rest.length === 0) {
        const [slot, record] = waiting.entries().next().value!
        waiting.delete(slot)
        rest = record
      }
      const written = writeSome(program.fd, rest)
      if (written === 0) {
        unwatch ??= program.onWritable(flush)
        return
      }
      if (written < 0) {
        letGo()
        return onBroken()
      }
      rest = rest.subarray(written)
    }
    stopWatching()
  }
  const stopWatching = (): void => {
    unwatch?.()
    unwatch = undefined
  }
  const letGo = (): void => {
    isOpen = false
    stopWatching()
    program.close()
  }
  return {
    errno: 0,
    write: (slot, protocol, datagrams) => {
      if (!isOpen) return
      waiting.set(slot, encode(slot, protocol, datagrams))
      if (unwatch === undefined) flush()
    },
    close: () => {
      if (!isOpen) return
      finish(program.fd, rest)
      letGo()
    }
  }
}

/** The last words may have to wait for room, since a will that is carried out by mistake takes everything away. */
const finish = (fd: number, rest: Uint8Array): void => {
  const done = encode(slotDone, 0, [])
  const last = new Uint8Array(rest.length + done.length)
  last.set(rest)
  last.set(done, rest.length)
  for (let offset = 0, attempt = 0; offset < last.length && attempt < attemptsMax; attempt++) {
    const written = writeSome(fd, last.subarray(offset))
    if (written < 0) return
    if (written === 0) Atomics.wait(pause, 0, 0, pauseMillis)
    offset += written
  }
}

/** Returns how much was written, zero when there is no room, and less when nobody reads any more. */
const writeSome = (fd: number, bytes: Uint8Array): number => {
  try {
    return writeSync(fd, bytes)
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EAGAIN" ? 0 : -1
  }
}

const encode = (slot: number, protocol: number, datagrams: ReadonlyArray<Uint8Array>): Uint8Array => {
  const length = datagrams.reduce((sum, { length: size }) => sum + sizeLength + aligned(size), 0)
  const bytes = new Uint8Array(headerLength + length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, length, isLittleEndian)
  view.setUint16(4, slot, isLittleEndian)
  view.setUint16(6, protocol, isLittleEndian)
  let offset = headerLength
  for (const datagram of datagrams) {
    view.setUint32(offset, datagram.length, isLittleEndian)
    bytes.set(datagram, offset + sizeLength)
    offset += sizeLength + aligned(datagram.length)
  }
  return bytes
}

const aligned = (length: number): number => (length + 3) & ~3

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
const headerLength = 8
const sizeLength = 4
const slotDone = 0xffff
const nothing = new Uint8Array()

/** The reader does nothing but read: it is through after a moment. */
const attemptsMax = 100
const pauseMillis = 10
const pause = new Int32Array(new SharedArrayBuffer(4))
