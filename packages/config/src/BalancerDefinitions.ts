/**
 * What `global_defs` says of load balancing.
 *
 * @since 0.1.0
 */
import type * as Balancer from "@holdfast/balancer/Parameters"
import type { IpAddress } from "@holdfast/wire/Address"
import * as Diagnostic from "./Diagnostic.ts"
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import * as NotifyFifo from "./NotifyFifo.ts"
import * as ScriptLine from "./ScriptLine.ts"
import * as Section from "./Section.ts"
import * as Value from "./Value.ts"

/** The kernel keeps them in jiffies; 31 days are enough for any. */
const timeoutMax = 2_678_400
const timeoutSeconds = Value.integer({ minimum: 1, maximum: timeoutMax })

const timeouts: Section.Reader<Balancer.ConnectionTimeouts> = {
  repeat: "last",
  read: (statement, all) => {
    const report = Diagnostic.about(all, statement.keyword.text)
    const found: { tcpSeconds?: number; tcpFinSeconds?: number; udpSeconds?: number } = {}
    const words = statement.arguments
    if (words.length === 0)
      all.error(statement.keyword.span, "lvs_timeouts needs a value", "add tcp, tcpfin or udp")
    for (let at = 0; at < words.length; at += 2) {
      const name = Value.oneOf("tcp", "tcpfin", "udp")(words[at]!, report)
      if (name === undefined) return undefined
      const word = words[at + 1]
      if (word === undefined) report.error(words[at]!.span, `${name} needs a value`)
      const value = word === undefined ? undefined : timeoutSeconds(word, report)
      if (value === undefined) return undefined
      if (name === "tcp") found.tcpSeconds = value
      else if (name === "tcpfin") found.tcpFinSeconds = value
      else found.udpSeconds = value
    }
    return words.length === 0 ? undefined : found
  }
}

/** A sync daemon, and the word that names its virtual router. */
type SyncDaemon = Omit<Balancer.SyncDaemon, "router" | "syncId"> & {
  readonly syncId?: number
  readonly router?: Word
}

interface SyncOptions {
  inst?: Word
  id?: number
  maxlen?: number
  port?: number
  ttl?: number
  group?: IpAddress
}

/** `INTERFACE [[inst] NAME] [id N] [maxlen N] [port N] [ttl N] [group ADDRESS]`; once the id stood behind the name alone. */
const syncDaemon: Section.Reader<SyncDaemon> = {
  repeat: "last",
  read: (statement, all) => {
    const report = Diagnostic.about(all, statement.keyword.text)
    const [interfaceWord, ...words] = statement.arguments
    if (interfaceWord === undefined) {
      all.error(statement.keyword.span, "lvs_sync_daemon needs the name of a network device")
      return undefined
    }
    const name = Value.interfaceName(interfaceWord, report)
    const options = readSyncOptions(named(words), report)
    if (name === undefined || options === undefined) return undefined
    const { group, id, inst, maxlen, port, ttl } = options
    return {
      interface: name,
      ...(inst === undefined ? {} : { router: inst }),
      ...(id === undefined ? {} : { syncId: id }),
      ...(maxlen === undefined ? {} : { maxLength: maxlen }),
      ...(port === undefined ? {} : { port }),
      ...(ttl === undefined ? {} : { ttl }),
      ...(group === undefined ? {} : { group })
    }
  }
}

/** The line with every option named. */
const named = (words: ReadonlyArray<Word>): ReadonlyArray<Word> => {
  const [first, second, ...rest] = words
  if (first === undefined || first.text in syncOptions || first.text === "inst") return words
  const inst = { ...first, text: "inst" }
  if (second === undefined || !/^[0-9]+$/.test(second.text)) return [inst, ...words]
  return [inst, first, { ...second, text: "id" }, second, ...rest]
}

const readSyncOptions = (words: ReadonlyArray<Word>, report: Report): SyncOptions | undefined => {
  const options: SyncOptions = {}
  for (let at = 0; at < words.length; at += 2) {
    const option = Value.oneOf("inst", "id", "maxlen", "port", "ttl", "group")(words[at]!, report)
    const word = words[at + 1]
    if (option === undefined) return undefined
    if (word === undefined) {
      report.error(words[at]!.span, `${option} needs a value`)
      return undefined
    }
    if (option === "inst") options.inst = word
    else if (option === "group") {
      const group = Value.ipAddress(word, report)
      if (group === undefined) return undefined
      options.group = group
    } else {
      const value = syncOptions[option](word, report)
      if (value === undefined) return undefined
      options[option] = value
    }
  }
  return options
}

const syncOptions = {
  id: Value.integer({ minimum: 0, maximum: 255 }),
  // The largest UDP datagram over IPv4.
  maxlen: Value.integer({ minimum: 1, maximum: 65_507 }),
  port: Value.port,
  ttl: Value.integer({ minimum: 1, maximum: 255 }),
  group: Value.ipAddress
}

const flushOnStop: Section.Reader<"flush" | "flush-services"> = {
  repeat: "last",
  read: (statement, report) => {
    const [word, ...rest] = statement.arguments
    Section.warnSuperfluous(statement, rest, report)
    if (word === undefined) return "flush"
    return Value.oneOf("VS")(word, Diagnostic.about(report, statement.keyword.text)) && "flush-services"
  }
}

const scriptUser: Section.Reader<{ readonly user: string; readonly group?: string }> = {
  repeat: "last",
  read: (statement, report) => {
    const [user, group, ...rest] = statement.arguments
    Section.warnSuperfluous(statement, rest, report)
    if (user === undefined) report.error(statement.keyword.span, "script_user needs a value")
    if (user === undefined) return undefined
    return { user: user.text, ...(group === undefined ? {} : { group: group.text }) }
  }
}

/**
 * The readers of the keywords of load balancing.
 *
 * @category readers
 * @since 0.1.0
 */
export const readers = {
  script_user: scriptUser,
  enable_script_security: Section.flag,
  notify_fifo: NotifyFifo.path,
  notify_fifo_script: ScriptLine.script,
  lvs_notify_fifo: NotifyFifo.path,
  lvs_notify_fifo_script: ScriptLine.script,
  lvs_sync_daemon: syncDaemon,
  lvs_flush: Section.flag,
  lvs_flush_on_stop: flushOnStop,
  lvs_flush_onstop: flushOnStop,
  lvs_timeouts: timeouts,
  checker_log_all_failures: Section.toggle,
  rs_init_notifies: Section.flag,
  forwarding_plane: Section.argument(Value.oneOf("ipvs", "nf_tables", "auto")),
  checker_alpha: Section.toggle
}

type Values = Section.Settings<typeof readers>["values"]

/**
 * Returns the parameters of the balancer, but for its virtual servers. `routers` are the virtual routers of the file.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile = (
  values: Values,
  routers: ReadonlyArray<{ readonly name: string; readonly vrid: number }>,
  report: Report
): Omit<Balancer.Parameters, "virtualServers"> => {
  const daemon = compileSyncDaemon(values.lvs_sync_daemon, routers, report)
  return {
    plane: values.forwarding_plane?.value ?? "auto",
    flushAtStart: values.lvs_flush?.value ?? false,
    atStop: (values.lvs_flush_on_stop ?? values.lvs_flush_onstop)?.value ?? "remove",
    timeouts: values.lvs_timeouts?.value ?? {},
    ...(daemon === undefined ? {} : { syncDaemon: daemon }),
    fifos: [
      ...NotifyFifo.compile("notify_fifo", values.notify_fifo, values.notify_fifo_script, report),
      ...NotifyFifo.compile("lvs_notify_fifo", values.lvs_notify_fifo, values.lvs_notify_fifo_script, report)
    ],
    scripts: { ...values.script_user?.value, security: values.enable_script_security?.value ?? false },
    notifyInitial: values.rs_init_notifies?.value ?? false
  }
}

const compileSyncDaemon = (
  setting: Section.Setting<SyncDaemon> | undefined,
  routers: ReadonlyArray<{ readonly name: string; readonly vrid: number }>,
  report: Report
): Balancer.SyncDaemon | undefined => {
  if (setting === undefined) return undefined
  const { router: word, syncId, ...rest } = setting.value
  const router = routers.find(({ name }) => name === word?.text)
  if (word !== undefined && router === undefined)
    report.error(word.span, `there is no vrrp_instance ${word.text}`, "define it, or correct the name")
  return {
    ...rest,
    ...(router === undefined ? {} : { router: router.name }),
    syncId: syncId ?? router?.vrid ?? 0
  }
}
