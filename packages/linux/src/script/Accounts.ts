/**
 * The users and groups of this machine.
 *
 * **Gotchas** reads `/etc/passwd` and `/etc/group`, as a process that must not wait does. A user that only a name service knows
 * (LDAP, SSSD) is given by number, and then with its group.
 *
 * @see passwd(5), group(5)
 * @since 0.1.0
 */
import { readFileSync } from "node:fs"

/**
 * @category models
 * @since 0.1.0
 */
export interface User {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
}

/**
 * - `user`: the entry of a name or number; nothing when there is none.
 * - `group`: the number of a group, by name or number; a number needs no entry.
 * - `self`: whom this process runs as.
 *
 * @category models
 * @since 0.1.0
 */
export interface Accounts {
  readonly user: (nameOrId: string) => User | undefined
  readonly group: (nameOrId: string) => number | undefined
  readonly self: { readonly uid: number; readonly gid: number }
}

/**
 * Returns the accounts as the files have them now.
 *
 * @category constructors
 * @since 0.1.0
 */
export const read = (): Accounts => ({
  ...parse(textOf("/etc/passwd"), textOf("/etc/group")),
  self: { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 }
})

/**
 * Reads the two files' texts. Lines that are none are skipped, as the C library does.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parse = (passwd: string, groups: string): Pick<Accounts, "user" | "group"> => {
  const users = linesOf(passwd).flatMap(([name = "", , uid = "", gid = "", , home = "/"]) =>
    isId(uid) && isId(gid) ? [{ name, uid: Number(uid), gid: Number(gid), home }] : []
  )
  const groupIds = new Map(
    linesOf(groups).flatMap(([name = "", , gid = ""]) => (isId(gid) ? [[name, Number(gid)] as const] : []))
  )
  return {
    user: (nameOrId) =>
      users.find(({ name }) => name === nameOrId) ??
      (isId(nameOrId) ? users.find(({ uid }) => uid === Number(nameOrId)) : undefined),
    group: (nameOrId) => groupIds.get(nameOrId) ?? (isId(nameOrId) ? Number(nameOrId) : undefined)
  }
}

const linesOf = (text: string): ReadonlyArray<ReadonlyArray<string>> =>
  text.split("\n").flatMap((line) => (/^[^#+:-][^:]*:/.test(line) ? [line.split(":")] : []))

/** (uid_t) -1 means "unchanged" to the kernel: it is no user. */
const idMax = 0xffff_fffe

/**
 * Returns whether a text is the number of a user or group.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isId = (text: string): boolean => /^[0-9]{1,10}$/.test(text) && Number(text) <= idMax

/** A machine without the file has no named accounts. */
const textOf = (path: string): string => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}
