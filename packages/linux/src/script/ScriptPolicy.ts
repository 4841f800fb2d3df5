/**
 * Whether a script may run, and as whom: decided before anything runs.
 *
 * `check` asks it of every script of a file; the runner asks again at each run, since files change. A refusal is told to the operator
 * and never taken for a success.
 *
 * **Details**
 * - The program is an absolute path, or a bare word that is looked up in `searchPath`.
 * - Symbolic links are followed first; the rules then hold for where the path ends, and that is what runs. So `/bin/sh` is
 *   a good path on a system where `/bin` is a link.
 * - It is a regular file, and the user it runs as may execute it and enter its directories.
 * - User: the script's; else `script_user`; else `keepalived_script` where that user exists; else the daemon's own.
 *   Group: the script's; else that of the user.
 * - With `enable_script_security` a script that runs as root is refused when anybody else could change it: anything on
 *   the way that is not root's, or that its group or others may write. A sticky directory counts as writable.
 *
 * **Gotchas** permissions are the mode's. What only an access control list grants is not seen; what it takes away the kernel
 * refuses at the start.
 *
 * @see keepalived.conf(5), `script_user`, `enable_script_security`
 * @since 0.1.0
 */
import type { Micros } from "@holdfast/wire/Instant"
import type { Script, ScriptDefaults } from "@holdfast/wire/Script"
import * as Result from "effect/Result"
import * as Accounts from "./Accounts.ts"
import * as PathWalk from "./PathWalk.ts"

/**
 * A script that may run.
 *
 * - `path`: the program, links followed.
 * - `words`: as they were written; the first is the program's name for itself.
 *
 * @category models
 * @since 0.1.0
 */
export interface RunnableScript {
  readonly path: string
  readonly words: readonly [program: string, ...args: ReadonlyArray<string>]
  readonly uid: number
  readonly gid: number
  readonly userName: string
  readonly home: string
  readonly timeout?: Micros
}

/**
 * Why a script may not run, with what to do about it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Refusal {
  readonly reason:
    | "Empty"
    | "NotAbsolute"
    | "NotFound"
    | "NotAFile"
    | "NotExecutable"
    | "UnknownUser"
    | "UnknownGroup"
    | "Unsafe"
  readonly message: string
}

/**
 * Where a bare word is looked up; it is also the PATH of every script.
 *
 * @category constants
 * @since 0.1.0
 */
export const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/**
 * The user that scripts run as where nothing names one and this one exists.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaultUser = "keepalived_script"

/**
 * Decides about one script. Reads the file system and the accounts; runs nothing.
 *
 * @category constructors
 * @since 0.1.0
 */
export const check = (
  script: Script,
  defaults: ScriptDefaults,
  accounts: Accounts.Accounts = Accounts.read()
): Result.Result<RunnableScript, Refusal> => {
  const [program, ...args] = script.words
  if (program === undefined || program === "")
    return refuse("Empty", "no program is named; write the path of one")
  return Result.flatMap(identityOf(script, defaults, accounts), (identity) =>
    Result.flatMap(find(program), (walk) =>
      Result.map(inspect(program, walk, identity, defaults.security), (path) => ({
        path,
        words: [program, ...args] as const,
        ...identity,
        ...(script.timeout === undefined ? {} : { timeout: script.timeout })
      }))
    )
  )
}

type Identity = Pick<RunnableScript, "uid" | "gid" | "userName" | "home">

const identityOf = (
  script: Script,
  defaults: ScriptDefaults,
  accounts: Accounts.Accounts
): Result.Result<Identity, Refusal> => {
  const named = script.user ?? defaults.user
  const groupNamed = script.group ?? (script.user === undefined ? defaults.group : undefined)
  const user =
    named === undefined
      ? (accounts.user(defaultUser) ?? ownUser(accounts))
      : (accounts.user(named) ?? numbered(named))
  if (user === undefined) return refuse("UnknownUser", `there is no user ${named}; make it, or name another`)
  const gid = groupNamed === undefined ? user.gid : accounts.group(groupNamed)
  if (gid === undefined) {
    return groupNamed === undefined
      ? refuse("UnknownGroup", `the group of user ${named} is not known; name the group after the user`)
      : refuse("UnknownGroup", `there is no group ${groupNamed}; make it, or name another`)
  }
  return Result.succeed({ uid: user.uid, gid, userName: user.name, home: user.home })
}

interface Owner {
  readonly uid: number
  readonly gid: number | undefined
  readonly name: string
  readonly home: string
}

const ownUser = (accounts: Accounts.Accounts): Owner =>
  accounts.user(String(accounts.self.uid)) ?? {
    ...accounts.self,
    name: String(accounts.self.uid),
    home: "/"
  }

/** A user that the files do not have may still be a number; its group is then not known. */
const numbered = (text: string): Owner | undefined =>
  Accounts.isId(text) ? { uid: Number(text), gid: undefined, name: text, home: "/" } : undefined

const find = (program: string): Result.Result<PathWalk.Walk, Refusal> => {
  if (program.startsWith("/")) {
    return Result.mapError(PathWalk.follow(program), (message) => ({
      reason: "NotFound" as const,
      message: `${program} cannot be found: ${message}; correct the path`
    }))
  }
  if (program.includes("/"))
    return refuse("NotAbsolute", `${program} is a relative path; write it from the root`)
  for (const directory of searchPath.split(":")) {
    const walk = PathWalk.follow(`${directory}/${program}`)
    if (Result.isSuccess(walk)) return Result.succeed(walk.success)
  }
  return refuse("NotFound", `${program} is in none of ${searchPath}; write its whole path`)
}

const inspect = (
  program: string,
  { end, steps }: PathWalk.Walk,
  identity: Identity,
  security: boolean
): Result.Result<string, Refusal> => {
  if (!end.stats.isFile()) return refuse("NotAFile", `${program} is ${kindOf(end)}; name the program`)
  const closed = steps.find((step) => !step.stats.isSymbolicLink() && !mayExecute(step, identity))
  if (closed !== undefined) {
    const remedy = closed === end ? "chmod +x it" : "let the user enter it"
    return refuse(
      "NotExecutable",
      `${program} cannot be run by user ${identity.userName}: ${closed.path} is not executable; ${remedy}, or name another user`
    )
  }
  const open = identity.uid === 0 && security ? steps.find(mayBeChanged) : undefined
  if (open !== undefined) {
    return refuse(
      "Unsafe",
      `${program} would run as root, and others than root can change ${open.path}; make it root's alone (chown root, chmod go-w), or set script_user`
    )
  }
  return Result.succeed(end.path)
}

const kindOf = ({ stats }: PathWalk.Step): string => (stats.isDirectory() ? "a directory" : "no regular file")

const ownerExecute = 0o100
const groupExecute = 0o010
const othersExecute = 0o001
const groupOrOthersWrite = 0o022

/** What the kernel would say by the mode. Root needs one bit on a file, and none on a directory. */
const mayExecute = ({ stats }: PathWalk.Step, { gid, uid }: Identity): boolean => {
  if (uid === 0) return stats.isDirectory() || (stats.mode & 0o111) !== 0
  if (stats.uid === uid) return (stats.mode & ownerExecute) !== 0
  // Supplementary groups are dropped, so that this one group is all the user has.
  if (stats.gid === gid) return (stats.mode & groupExecute) !== 0
  return (stats.mode & othersExecute) !== 0
}

/** The mode of a link means nothing; its owner does, for in a sticky directory he may replace it. */
const mayBeChanged = ({ stats }: PathWalk.Step): boolean =>
  stats.uid !== 0 || (!stats.isSymbolicLink() && (stats.mode & groupOrOthersWrite) !== 0)

const refuse = (reason: Refusal["reason"], message: string): Result.Result<never, Refusal> =>
  Result.fail({ reason, message })
