/**
 * The section `global_defs`.
 *
 * @since 0.1.0
 */
import * as Announcing from "./Announcing.ts"
import * as BalancerDefinitions from "./BalancerDefinitions.ts"
import type { Report } from "./Diagnostic.ts"
import * as Notifications from "./Notifications.ts"
import * as ScriptLine from "./ScriptLine.ts"
import * as Section from "./Section.ts"
import type { Statement } from "./SyntaxTree.ts"
import * as Value from "./Value.ts"

/**
 * What all `global_defs` of a file say together.
 *
 * @category models
 * @since 0.1.0
 */
export type GlobalDefinitions = Section.Settings<typeof readers>

/**
 * Reads the statements of all `global_defs` of a file, in their order.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = (statements: ReadonlyArray<Statement>, report: Report): GlobalDefinitions =>
  Section.read("global_defs", readers, statements, report)

/** An hour: whoever waits longer has mistaken the unit. */
const startDelay = Section.argument(Value.seconds({ minimum: 0, maximum: 3600 }))
/** A second between two frames is long for keepalived, too. */
const pace = Section.argument(Value.seconds({ minimum: 0, maximum: 60 }))
/** The bounds of keepalived. */
const scriptTimeout = Section.argument(Value.seconds({ minimum: 1, maximum: 1000 }))

const readers = {
  router_id: Section.argument(Value.text),
  default_interface: Section.argument(Value.interfaceName),
  vrrp_version: Section.argument(Value.version),
  vrrp_mcast_group4: Section.argument(Value.ipv4Group),
  vrrp_mcast_group6: Section.argument(Value.ipv6Group),
  vrrp_garp_master_delay: Announcing.delay,
  vrrp_garp_master_repeat: Announcing.repeatCount,
  vrrp_garp_master_refresh: Announcing.delay,
  vrrp_garp_master_refresh_repeat: Announcing.repeatCount,
  vrrp_garp_lower_prio_delay: Announcing.delay,
  vrrp_garp_lower_prio_repeat: Announcing.repeatCountOrNone,
  vrrp_min_garp: Section.toggle,
  vrrp_garp_interval: pace,
  vrrp_gna_interval: pace,
  vrrp_garp_extra_if: Announcing.extraInterval,
  vrrp_vmac_garp_intvl: Announcing.extraInterval,
  vrrp_lower_prio_no_advert: Section.toggle,
  vrrp_higher_prio_send_advert: Section.toggle,
  vrrp_check_unicast_src: Section.flag,
  vrrp_skip_check_adv_addr: Section.flag,
  vrrp_owner_ignore_adverts: Section.toggle,
  vrrp_strict: Section.flag,
  vrrp_down_timer_adverts: Section.argument(Value.integer({ minimum: 1, maximum: 100 })),
  v3_checksum_as_v2: Section.toggle,
  vmac_prefix: Section.argument(Value.interfaceName),
  vmac_addr_prefix: Section.argument(Value.interfaceName),
  vrrp_startup_delay: startDelay,
  vrrp_delay_after_boot: startDelay,
  startup_script: ScriptLine.script,
  shutdown_script: ScriptLine.script,
  startup_script_timeout: scriptTimeout,
  shutdown_script_timeout: scriptTimeout,
  ...Notifications.globalReaders,
  ...BalancerDefinitions.readers
} satisfies Section.Readers<"global_defs">
