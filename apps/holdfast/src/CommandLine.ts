/**
 * The command line: keepalived's own options, so that the command can stand where keepalived stood, and subcommands.
 *
 * @see docs/reference/command.md
 * @since 0.1.0
 */
import { parseArgs } from "node:util"

/**
 * How the daemon was asked to run.
 *
 * @category models
 * @since 0.1.0
 */
export interface DaemonOptions {
  readonly file: string
  /** Stay in the foreground (`--dont-fork`). */
  readonly foreground: boolean
  /** Standard error (`--log-console`), syslog, or nowhere (`--no-syslog` alone). */
  readonly logTarget: "console" | "syslog" | "nowhere"
  /** Log what is only of interest when looking for a fault (`--log-detail`). */
  readonly logDetail: boolean
  readonly logFormat: "line" | "json"
  /** Run the virtual routers; false with `--check` alone. */
  readonly vrrp: boolean
  readonly balancer: boolean
  /** The services stay in the kernel after the stop (`--dont-release-ipvs`). */
  readonly keepServices: boolean
  readonly pidFile: string
  readonly vrrpPidFile: string | undefined
  readonly checkersPidFile: string | undefined
  /** Where SIGUSR2 writes the status. */
  readonly statsFile: string
}

/**
 * What the command was asked to do.
 *
 * @category models
 * @since 0.1.0
 */
export type Command =
  | { readonly _tag: "Run"; readonly options: DaemonOptions }
  | { readonly _tag: "Check"; readonly file: string }
  | { readonly _tag: "Demo" }
  | { readonly _tag: "Genhash"; readonly words: ReadonlyArray<string> }
  | { readonly _tag: "Version" }
  | { readonly _tag: "Help" }
  | { readonly _tag: "Misused"; readonly message: string }

/**
 * Reads the words after the command's name.
 *
 * @category constructors
 * @since 0.1.0
 */
export const read = (words: ReadonlyArray<string>): Command => {
  const [first, ...rest] = words
  if (first === "check") return readCheck(rest)
  if (first === "genhash") return { _tag: "Genhash", words: rest }
  if (first === "demo")
    return rest.length === 0 ? { _tag: "Demo" } : misused(`demo takes no argument, got ${rest[0]}`)
  try {
    return readOptions(words)
  } catch (error) {
    return misused(error instanceof Error ? error.message : String(error))
  }
}

/**
 * Whether these words make this very process the daemon.
 *
 * @category getters
 * @since 0.1.0
 */
export const runsDaemonHere = (words: ReadonlyArray<string>): boolean => {
  const command = read(words)
  return command._tag === "Run" && command.options.foreground
}

const readCheck = (words: ReadonlyArray<string>): Command => {
  const [file, ...more] = words
  if (file === undefined || file.startsWith("-")) return misused("check needs the name of one file")
  if (more.length > 0) return misused(`check takes one file, got also ${more[0]}`)
  return { _tag: "Check", file }
}

const readOptions = (words: ReadonlyArray<string>): Command => {
  const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: true })
  if (values.help === true) return { _tag: "Help" }
  if (values.version === true) return { _tag: "Version" }
  if (positionals.length > 0) return misused(`unknown command or argument ${positionals[0]}`)
  const file = values["use-file"] ?? fileDefault
  if (values["config-test"] === true) return { _tag: "Check", file }
  const logFormat = values["log-format"] ?? "line"
  if (logFormat !== "line" && logFormat !== "json")
    return misused(`--log-format is line or json, not ${logFormat}`)
  return {
    _tag: "Run",
    options: {
      file,
      foreground: values["dont-fork"] === true,
      logTarget:
        values["log-console"] === true ? "console" : values["no-syslog"] === true ? "nowhere" : "syslog",
      logDetail: values["log-detail"] === true,
      logFormat,
      vrrp: values.vrrp === true || values.check !== true,
      balancer: values.check === true || values.vrrp !== true,
      keepServices: values["dont-release-ipvs"] === true,
      pidFile: values.pid ?? pidFileDefault,
      vrrpPidFile: values.vrrp_pid,
      checkersPidFile: values.checkers_pid,
      statsFile: values["stats-file"] ?? statsFileDefault
    }
  }
}

const misused = (message: string): Command => ({ _tag: "Misused", message })

const options = {
  "use-file": { type: "string", short: "f" },
  "dont-fork": { type: "boolean", short: "n" },
  "log-console": { type: "boolean", short: "l" },
  "log-detail": { type: "boolean", short: "D" },
  "log-format": { type: "string" },
  "no-syslog": { type: "boolean", short: "G" },
  vrrp: { type: "boolean", short: "P" },
  check: { type: "boolean", short: "C" },
  "dont-release-ipvs": { type: "boolean", short: "I" },
  pid: { type: "string", short: "p" },
  vrrp_pid: { type: "string", short: "r" },
  checkers_pid: { type: "string", short: "c" },
  "stats-file": { type: "string" },
  "config-test": { type: "boolean", short: "t" },
  version: { type: "boolean", short: "v" },
  help: { type: "boolean", short: "h" }
} as const

const fileDefault = "/etc/keepalived/keepalived.conf"
const pidFileDefault = "/run/holdfast.pid"
const statsFileDefault = "/run/holdfast.stats.json"

/**
 * The text of `--help`.
 *
 * @category constants
 * @since 0.1.0
 */
export const help = `Usage: holdfast [OPTION...]         run the daemon
       holdfast check FILE           say every mistake of a configuration file
       holdfast genhash --help       print the digest of a web page for a check
       holdfast demo                 two directors, two web servers, what breaks and what is lost, in namespaces

  -f, --use-file=FILE       configuration file (${fileDefault})
  -n, --dont-fork           stay in the foreground
  -l, --log-console         log to standard error, not to syslog
  -D, --log-detail          log details too
  -G, --no-syslog           do not log to syslog
      --log-format=FORMAT   line (default) or json
  -P, --vrrp                run virtual routers only
  -C, --check               run virtual servers and their checks only
  -I, --dont-release-ipvs   leave the services in the kernel when stopping
  -p, --pid=FILE            pid file (${pidFileDefault})
  -r, --vrrp_pid=FILE       another pid file, for what looks for keepalived's VRRP process
  -c, --checkers_pid=FILE   another pid file, for what looks for keepalived's checker process
      --stats-file=FILE     where SIGUSR2 writes the status (${statsFileDefault})
  -t, --config-test         check the configuration file and exit
  -v, --version             print the version
  -h, --help                print this

Signals: HUP reads the file again, TERM and INT stop, USR2 writes the status.
Exit codes: 0 done, 1 mistakes in the file, 2 usage, 3 file missing or unreadable, 4 no privilege,
5 already running, 70 failed.
`
