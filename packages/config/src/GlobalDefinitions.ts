/**
 * The section `global_defs`.
 *
 * @since 0.1.0
 */
import * as Announcing from "./Announcing.ts"
import * as BalancerDefinitions from "./BalancerDefinitions.ts"
import type { Report } from "./Diagnostic.ts"
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

const zeroSeconds = Section.only(
  Section.argument(Value.seconds({ minimum: 0, maximum: 3600 })),
  Value.none,
  "0"
)

const readers = {
  router_id: Section.argument(Value.text),
  default_interface: Section.argument(Value.interfaceName),
  vrrp_version: Section.only(Section.argument(Value.integer({ minimum: 2, maximum: 3 })), 2, "version 2"),
  vrrp_mcast_group4: Section.argument(Value.ipv4Group),
  vrrp_garp_master_delay: Announcing.delay,
  vrrp_garp_master_repeat: Announcing.repeatCount,
  vrrp_garp_master_refresh: Announcing.delay,
  vrrp_garp_master_refresh_repeat: Announcing.repeatCount,
  vrrp_garp_lower_prio_delay: Announcing.delay,
  vrrp_garp_lower_prio_repeat: Announcing.repeatCountOrNone,
  vrrp_min_garp: Section.toggle,
  vrrp_garp_interval: zeroSeconds,
  vrrp_lower_prio_no_advert: Section.toggle,
  vrrp_higher_prio_send_advert: Section.toggle,
  vrrp_check_unicast_src: Section.flag,
  vrrp_skip_check_adv_addr: Section.flag,
  vrrp_down_timer_adverts: Section.only(
    Section.argument(Value.integer({ minimum: 1, maximum: 100 })),
    3,
    "3"
  ),
  vrrp_startup_delay: zeroSeconds,
  vrrp_delay_after_boot: zeroSeconds,
  ...BalancerDefinitions.readers
} satisfies Section.Readers<"global_defs">
