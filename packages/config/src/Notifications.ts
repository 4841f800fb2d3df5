/**
 * Whom instances, groups and the file want told: scripts, pipes and mail.
 *
 * @since 0.1.0
 */
import type {
  Mail,
  Notice,
  NotificationParameters,
  ObjectNotification
} from "@holdfast/vrrp/NotificationParameters"
import type { Script } from "@holdfast/wire/Script"
import * as Instant from "@holdfast/wire/Instant"
import type { Report } from "./Diagnostic.ts"
import * as NotifyFifo from "./NotifyFifo.ts"
import * as ScriptLine from "./ScriptLine.ts"
import * as Section from "./Section.ts"
import type { Statement } from "./SyntaxTree.ts"
import * as Value from "./Value.ts"

/** A program, which may be left out: the keyword alone asks for another word. */
const scriptOrNone: Section.Reader<Script> = {
  repeat: "last",
  read: (statement, report) =>
    statement.arguments.length === 0 ? undefined : ScriptLine.script.read(statement, report)
}

/**
 * The readers of the keywords that instances and groups have in common.
 *
 * @category readers
 * @since 0.1.0
 */
export const readers = {
  notify: ScriptLine.script,
  notify_master: ScriptLine.script,
  notify_backup: ScriptLine.script,
  notify_fault: ScriptLine.script,
  notify_stop: ScriptLine.script,
  notify_deleted: scriptOrNone,
  notify_master_rx_lower_pri: ScriptLine.script,
  notify_priority_changes: Section.toggle,
  smtp_alert: Section.toggle
}

type Values = Section.Settings<typeof readers>["values"]

/**
 * What objects take that do not say it themselves.
 *
 * @category models
 * @since 0.1.0
 */
export interface Defaults {
  readonly mail: boolean
  readonly priorityChanges: boolean
}

/**
 * Returns what an instance or a group wants told; nothing when it wants nothing.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compileObject = (
  type: ObjectNotification["type"],
  name: string,
  { mentioned, values }: { readonly mentioned: ReadonlySet<string>; readonly values: Values },
  defaults: Defaults
): ReadonlyArray<ObjectNotification> => {
  const scripts: { [Key in Notice]?: Script } = {}
  for (const [keyword, notice] of notices) {
    const script = values[keyword]?.value
    if (script !== undefined) scripts[notice] = script
  }
  const mail = values.smtp_alert?.value ?? defaults.mail
  const priorityChanges = values.notify_priority_changes?.value ?? defaults.priorityChanges
  const any = values.notify?.value
  const deleted = mentioned.has("notify_deleted") && scripts.DELETED === undefined
  if (Object.keys(scripts).length === 0 && any === undefined && !deleted && !mail && !priorityChanges)
    return []
  return [
    {
      type,
      name,
      scripts,
      ...(any === undefined ? {} : { any }),
      ...(deleted ? { deleted } : {}),
      mail,
      priorityChanges
    }
  ]
}

const notices: ReadonlyArray<readonly [Exclude<keyof Values, "notify" | Switch>, Notice]> = [
  ["notify_master", "MASTER"],
  ["notify_backup", "BACKUP"],
  ["notify_fault", "FAULT"],
  ["notify_stop", "STOP"],
  ["notify_deleted", "DELETED"],
  ["notify_master_rx_lower_pri", "MASTER_RX_LOWER_PRI"]
]

type Switch = "notify_priority_changes" | "smtp_alert"

const recipient = (statement: Statement, report: Report): string => {
  Section.warnSuperfluous(statement, statement.arguments, report)
  return statement.keyword.text
}

/** The host name or address of a mail server, and its port. */
const server: Section.Reader<Pick<Mail, "host" | "port">> = {
  repeat: "last",
  read: (statement, report) => {
    const [host, port, ...rest] = statement.arguments
    Section.warnSuperfluous(statement, rest, report)
    if (host === undefined)
      report.error(statement.keyword.span, "smtp_server needs a value", "give a name or an address")
    const number = port === undefined ? smtpPort : Value.port(port, report)
    return host === undefined || number === undefined ? undefined : { host: host.text, port: number }
  }
}

/**
 * The readers of the keywords of `global_defs`.
 *
 * @category readers
 * @since 0.1.0
 */
export const globalReaders = {
  notification_email: Section.items(recipient),
  notification_email_from: Section.argument(Value.text),
  smtp_server: server,
  smtp_helo_name: Section.argument(Value.text),
  smtp_connect_timeout: Section.argument(Value.seconds({ minimum: 1, maximum: 3600 })),
  smtp_alert: Section.toggle,
  smtp_alert_vrrp: Section.toggle,
  no_email_faults: Section.flag,
  vrrp_notify_priority_changes: Section.toggle,
  vrrp_notify_fifo: NotifyFifo.path,
  vrrp_notify_fifo_script: ScriptLine.script,
  fifo_write_vrrp_states_on_reload: Section.flag
}

/** What `global_defs` says of it, some of it for load balancing, too. */
type GlobalValues = Section.Settings<
  typeof globalReaders & {
    readonly router_id: Section.Reader<string>
    readonly notify_fifo: typeof NotifyFifo.path
    readonly notify_fifo_script: typeof ScriptLine.script
  }
>["values"]

/**
 * Returns what objects take that do not say it themselves.
 *
 * @category compiling
 * @since 0.1.0
 */
export const defaultsOf = (all: GlobalValues): Defaults => ({
  mail: Section.either(all.smtp_alert_vrrp, all.smtp_alert, false),
  priorityChanges: all.vrrp_notify_priority_changes?.value ?? false
})

/**
 * Compiles what the whole file wants told of `objects`.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile = (
  all: GlobalValues,
  objects: ReadonlyArray<ObjectNotification>,
  report: Report
): NotificationParameters => {
  const mail = compileMail(all, report)
  const { fifo_write_vrrp_states_on_reload: onReload, notify_fifo, notify_fifo_script, router_id } = all
  return {
    ...(router_id === undefined ? {} : { routerId: router_id.value }),
    fifos: [
      // That its program has no pipe is said where load balancing is compiled.
      ...(notify_fifo === undefined
        ? []
        : NotifyFifo.compile("notify_fifo", notify_fifo, notify_fifo_script, report)),
      ...NotifyFifo.compile("vrrp_notify_fifo", all.vrrp_notify_fifo, all.vrrp_notify_fifo_script, report)
    ],
    statesOnReload: onReload?.value ?? false,
    ...(mail === undefined ? {} : { mail }),
    mailFaults: all.no_email_faults === undefined,
    objects
  }
}

const compileMail = (all: GlobalValues, report: Report): Mail | undefined => {
  const { notification_email, notification_email_from, smtp_connect_timeout, smtp_helo_name, smtp_server } =
    all
  const recipients = [...new Set(notification_email?.value)]
  const asked = [all.smtp_alert, all.smtp_alert_vrrp].find((setting) => setting?.value === true)
  const missing = recipients.length === 0 ? "notification_email" : "smtp_server"
  if (recipients.length === 0 || smtp_server === undefined) {
    const place = asked ?? (recipients.length === 0 ? smtp_server : notification_email)
    if (place !== undefined)
      report.warning(place.span, `no mail is sent: ${missing} is missing`, `add ${missing} to global_defs`)
    return undefined
  }
  return {
    ...smtp_server.value,
    ...(smtp_helo_name === undefined ? {} : { helloName: smtp_helo_name.value }),
    timeout: smtp_connect_timeout?.value ?? mailTimeout,
    ...(notification_email_from === undefined ? {} : { from: notification_email_from.value }),
    recipients
  }
}

/** RFC 5321 section 4.5.4.2. */
const smtpPort = 25
/** That of keepalived. */
const mailTimeout = Instant.seconds(30)
