/**
 * The section `vrrp_instance`: what the file says of one virtual router.
 *
 * @since 0.1.0
 */
import type { InterfaceName, Priority, Vrid } from "@holdfast/vrrp/Parameters"
import type * as Address from "@holdfast/wire/Address"
import * as AddressLine from "./AddressLine.ts"
import * as Announcing from "./Announcing.ts"
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import * as Section from "./Section.ts"
import type { Span } from "./Span.ts"
import type { Statement } from "./SyntaxTree.ts"
import * as Value from "./Value.ts"

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

/** The device and its address have no say in this version: the name is what a later one needs. */
const virtualMac: Section.Reader<{ readonly name?: InterfaceName }> = {
  repeat: "last",
  read: (statement, report) => {
    const [word, ...rest] = statement.arguments
    Section.warnSuperfluous(statement, rest, report)
    if (word === undefined) return {}
    const name = Value.interfaceName(word, report)
    return name === undefined ? undefined : { name }
  }
}

/**
 * One line of `unicast_peer`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Peer {
  readonly address: Address.Ipv4Address
  readonly span: Span
}

const peer = (statement: Statement, report: Report): Peer | undefined => {
  const [option] = statement.arguments
  if (option !== undefined && ["min_ttl", "max_ttl"].includes(option.text)) {
    report.error(option.span, `${option.text} is not supported by this version`)
  } else if (option !== undefined) {
    report.error(option.span, `${option.text} is no option of a peer`, "write one address a line")
  }
  const address = Value.ipv4Address(statement.keyword, report)
  return address === undefined ? undefined : { address, span: statement.keyword.span }
}

const peers: Section.Reader<ReadonlyArray<Peer>> = {
  repeat: "append",
  read: (statement, report) => {
    if (statement.block?.statements.length === 0) {
      const remedy = "name the peers, or remove the block; keepalived would go on by multicast"
      report.error(statement.keyword.span, "unicast_peer names no peer", remedy)
    }
    return Section.items(peer).read(statement, report)
  }
}

const readers = {
  state: Section.argument(state),
  interface: Section.argument(Value.interfaceName),
  virtual_router_id: Section.argument(vrid),
  priority: Section.argument(priority),
  // RFC 3768 5.3.7 has whole seconds in one byte; the lower bound is that of VRRP version 3 (RFC 9568 5.2.7).
  advert_int: Section.argument(Value.seconds({ minimum: 0.01, maximum: 255 })),
  version: Section.only(Section.argument(Value.integer({ minimum: 2, maximum: 3 })), 2, "version 2"),
  virtual_ipaddress: Section.items(AddressLine.read),
  virtual_ipaddress_excluded: Section.items(AddressLine.read),
  no_virtual_ipaddress: Section.flag,
  unicast_src_ip: Section.argument(Value.ipv4Address),
  unicast_peer: peers,
  unicast_ttl: Section.only(Section.argument(Value.integer({ minimum: 0, maximum: 255 })), 255, "255"),
  mcast_src_ip: Section.argument(Value.ipv4Address),
  mcast_dst_ip: Section.argument(Value.ipv4Group),
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
  strict_mode: Section.only(Section.toggle, false, "off"),
  down_timer_adverts: Section.only(Section.argument(Value.integer({ minimum: 1, maximum: 100 })), 3, "3"),
  use_vmac: virtualMac,
  vmac_xmit_base: Section.flag
} satisfies Section.Readers<"vrrp_instance">
