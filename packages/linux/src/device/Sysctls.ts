/**
 * Settings below `/proc/sys/net` that are changed for a time and put back.
 *
 * **Details**
 * - What is remembered is the value before the first change. It is put back unless somebody else wrote another value
 *   meanwhile: theirs stays.
 * - The files are those of the calling thread's network namespace: so they are read and written synchronously, which takes
 *   some ten microseconds each.
 *
 * @since 0.1.0
 */
import { readFileSync, writeFileSync } from "node:fs"

/**
 * Settings by path, such as `ipv4/conf/all/rp_filter`.
 *
 * - `change`: writes and remembers. Returns what failed, if it did.
 * - `restore`: puts back what was changed, all of it or one path.
 *
 * @category models
 * @since 0.1.0
 */
export interface Sysctls {
  readonly change: (path: string, value: number) => string | undefined
  readonly restore: (path?: string) => void
}

/**
 * Begins with nothing remembered.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): Sysctls => {
  const changed = new Map<string, { readonly former: number; readonly ours: number }>()
  const restoreOne = (path: string): void => {
    const values = changed.get(path)
    changed.delete(path)
    if (values !== undefined && read(path) === values.ours) write(path, values.former)
  }
  return {
    change: (path, value) => {
      const present = read(path)
      if (present === value) return undefined
      const failure = write(path, value)
      if (failure === undefined && present !== undefined)
        changed.set(path, { former: changed.get(path)?.former ?? present, ours: value })
      return failure
    },
    restore: (path) => {
      for (const one of path === undefined ? [...changed.keys()] : [path]) restoreOne(one)
    }
  }
}

/**
 * Reads a number; `undefined` when there is no such setting, as of a device that is gone.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = (path: string): number | undefined => {
  try {
    return Number(readFileSync(`${root}/${path}`, "utf8"))
  } catch {
    return undefined
  }
}

/**
 * Writes a number; returns what failed and what to do, if it did.
 *
 * @category writing
 * @since 0.1.0
 */
export const write = (path: string, value: number): string | undefined => {
  try {
    writeFileSync(`${root}/${path}`, `${value}`)
    return undefined
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    return `${root}/${path} cannot be set to ${value}: ${cause}; in a container, mount /proc/sys writable or set it from outside`
  }
}

const root = "/proc/sys/net"
