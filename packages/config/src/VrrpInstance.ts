/**
 * The section `vrrp_instance`: what the file says of one virtual router.
 *
 * @since 0.1.0
 */
import type { Priority, Vrid } from "@holdfast/vrrp/Parameters"
import * as AddressLine from "./AddressLine.ts"
import * as Announcing from "./Announcing.ts"
import * as Authentication from "./Authentication.ts"
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import * as Notifications from "./Notifications.ts"
import * as RouteLine from "./RouteLine.ts"
import * as RuleLine from "./RuleLine.ts"
import * as Section from "./Section.ts"
import type { Statement } from "./SyntaxTree.ts"
import * as TrackerLine from "./TrackerLine.ts"
import * as UnicastPeer from "./UnicastPeer.ts"
import * as Value from "./Value.ts"
import * as VirtualMacLine from "./VirtualMacLine.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface VrrpInstance {
  readonly keyword: Word
  readonly name: Word
  readonly settings: Section.Settings<typeof readers>
}

/**
 * Reads a `vrrp_instance`; nothing when it lacks its name or its block.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = (statement: Statement, report: Report): VrrpInstance | undefined => {
  const [name, ...rest] = statement.arguments
  Section.warnSuperfluous(statement, rest, report)
  if (name === undefined) report.error(statement.keyword.span, "vrrp_instance needs a name")
  const block = Section.blockOf(statement, report)
  if (block === undefined) return undefined
  const settings = Section.read("vrrp_instance", readers, block.statements, report)
  return name === undefined ? undefined : { keyword: statement.keyword, name, settings }
}

/** keepalived reads any other word than MASTER as BACKUP. */
const state: Value.Value<"Master" | "Backup"> = (word, report) => {
  if (word.text === "MASTER") return "Master"
  if (word.text !== "BACKUP")
    report.warning(word.span, `${word.text} is unknown and is read as BACKUP`, "write MASTER or BACKUP")
  return "Backup"
}

const vrid: Value.Value<Vrid> = (word, report) =>
  Value.integer({ minimum: 1, maximum: 255 })(word, report) as Vrid | undefined

const priority: Value.Value<Priority> = (word, report) =>
  Value.integer({ minimum: 1, maximum: 255 })(word, report) as Priority | undefined

/** Adverts of version 3 to peers as keepalived 1.3.6 and older send them. */
const oldUnicastChecksum: Section.Reader<true> = {
  repeat: "last",
  read: (statement, report) => {
    const [word, ...rest] = statement.arguments
    Section.warnSuperfluous(statement, rest, report)
    if (word?.text === "never") return true
    const message = "the checksum of keepalived 1.3.6 and older is not supported by this version"
    report.error(statement.keyword.span, message, "remove it, and run a newer keepalived on the peers")
    return undefined
  }
}

const readers = {
  state: Section.argument(state),
  interface: Section.argument(Value.interfaceName),
  virtual_router_id: Section.argument(vrid),
  priority: Section.argument(priority),
  // RFC 3768 5.3.7 has whole seconds in one byte; the lower bound is that of VRRP version 3 (RFC 9568 5.2.7).
  advert_int: Section.argument(Value.seconds({ minimum: 0.01, maximum: 255 })),
  version: Section.argument(Value.version),
  native_ipv6: Section.flag,
  virtual_ipaddress: Section.items(AddressLine.read),
  virtual_ipaddress_excluded: Section.items(AddressLine.read),
  no_virtual_ipaddress: Section.flag,
  virtual_routes: Section.items(RouteLine.read),
  virtual_rules: Section.items(RuleLine.read),
  unicast_src_ip: Section.argument(Value.ipAddress),
  unicast_peer: UnicastPeer.peers,
  unicast_ttl: Section.argument(Value.integer({ minimum: 1, maximum: 255 })),
  unicast_fault_no_peer: Section.flag,
  old_unicast_checksum: oldUnicastChecksum,
  mcast_src_ip: Section.argument(Value.ipAddress),
  track_src_ip: Section.flag,
  mcast_dst_ip: Section.argument(Value.group),
  ...Authentication.readers,
  v3_checksum_as_v2: Section.toggle,
  accept: Section.flag,
  no_accept: Section.flag,
  preempt: Section.flag,
  nopreempt: Section.flag,
  preempt_delay: Section.argument(Value.seconds({ minimum: 0, maximum: 1000 })),
  dont_track_primary: Section.flag,
  garp_master_delay: Announcing.delay,
  garp_master_repeat: Announcing.repeatCount,
  garp_master_refresh: Announcing.delay,
  garp_master_refresh_repeat: Announcing.repeatCount,
  garp_lower_prio_delay: Announcing.delay,
  garp_lower_prio_repeat: Announcing.repeatCountOrNone,
  lower_prio_no_advert: Section.toggle,
  higher_prio_send_advert: Section.toggle,
  skip_check_adv_addr: Section.toggle,
  check_unicast_src: Section.flag,
  owner_ignore_adverts: Section.toggle,
  strict_mode: Section.toggle,
  down_timer_adverts: Section.argument(Value.integer({ minimum: 1, maximum: 100 })),
  garp_extra_if: Announcing.extraInterval,
  vmac_garp_intvl: Announcing.extraInterval,
  use_vmac: VirtualMacLine.reader,
  use_vmac_addr: Section.flag,
  vmac_xmit_base: Section.flag,
  ...TrackerLine.readers,
  ...Notifications.readers
} satisfies Section.Readers<"vrrp_instance">
