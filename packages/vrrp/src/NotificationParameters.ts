/**
 * Whom the operator wants told of what instances and groups do: scripts, named pipes, mail.
 *
 * No virtual router knows of them: a reload that changes a script touches no router.
 *
 * @since 0.1.0
 */
import type { Micros } from "@holdfast/wire/Instant"
import type { NotifyFifo, Script } from "@holdfast/wire/Script"

/**
 * What may be told of an instance or a group, in keepalived's words of the generic script and of the pipe.
 *
 * @category models
 * @since 0.1.0
 */
export type Notice =
  | "MASTER"
  | "BACKUP"
  | "FAULT"
  | "STOP"
  | "DELETED"
  | "MASTER_RX_LOWER_PRI"
  | "MASTER_PRIORITY"
  | "BACKUP_PRIORITY"

/**
 * What one instance or group wants told.
 *
 * - `scripts`: by notice (`notify_master`, `notify_backup`, `notify_fault`, `notify_stop`, `notify_deleted`,
 *   `notify_master_rx_lower_pri`), run with their own arguments.
 * - `any`: run for every notice with type, name, state and priority behind its own arguments (`notify`).
 * - `deleted`: an instance that a reload removes is told as DELETED; as FAULT where this is not true (`notify_deleted`).
 * - `mail`: whether the change is mailed (`smtp_alert`).
 * - `priorityChanges`: whether a changed priority is told (`notify_priority_changes`).
 *
 * @category models
 * @since 0.1.0
 */
export interface ObjectNotification {
  readonly type: "INSTANCE" | "GROUP"
  readonly name: string
  readonly scripts: { readonly [Key in Notice]?: Script }
  readonly any?: Script
  readonly deleted?: boolean
  readonly mail: boolean
  readonly priorityChanges: boolean
}

/**
 * How mail leaves (`smtp_server`, `smtp_helo_name`, `smtp_connect_timeout`, `notification_email`, `notification_email_from`).
 *
 * - `helloName`: the host name when absent.
 * - `from`: `keepalived@` and the host name when absent.
 *
 * @category models
 * @since 0.1.0
 */
export interface Mail {
  readonly host: string
  readonly port: number
  readonly helloName?: string
  /** For the whole dialogue; 30 s by default. */
  readonly timeout: Micros
  readonly from?: string
  readonly recipients: ReadonlyArray<string>
}

/**
 * - `routerId`: how this machine is called in mail; the host name when absent.
 * - `fifos`: pipes that are told (`vrrp_notify_fifo`, `notify_fifo`).
 * - `statesOnReload`: whether the pipes are told the states after a reload (`fifo_write_vrrp_states_on_reload`).
 * - `mail`: absent where mail is not configured.
 * - `mailFaults`: whether Fault is mailed; `no_email_faults` clears it.
 * - `objects`: instances and groups that want something; the others are told to the pipes alone.
 *
 * @category models
 * @since 0.1.0
 */
export interface NotificationParameters {
  readonly routerId?: string
  readonly fifos: ReadonlyArray<NotifyFifo>
  readonly statesOnReload: boolean
  readonly mail?: Mail
  readonly mailFaults: boolean
  readonly objects: ReadonlyArray<ObjectNotification>
}

/**
 * Nobody is told.
 *
 * @category constants
 * @since 0.1.0
 */
export const none: NotificationParameters = {
  fifos: [],
  statesOnReload: false,
  mailFaults: true,
  objects: []
}
