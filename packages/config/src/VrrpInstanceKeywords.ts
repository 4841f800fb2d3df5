/**
 * The keywords of `vrrp_instance`.
 *
 * @since 0.1.0
 */
import * as KeywordTable from "./KeywordTable.ts"

/**
 * The keywords of `vrrp_instance`.
 *
 * @category keywords
 * @since 0.1.0
 */
export const vrrpInstance = KeywordTable.make({
  supported: [
    "state",
    "interface",
    "virtual_router_id",
    "priority",
    "advert_int",
    "version",
    "virtual_ipaddress",
    "virtual_ipaddress_excluded",
    "no_virtual_ipaddress",
    "virtual_routes",
    "virtual_rules",
    "unicast_src_ip",
    "unicast_peer",
    "unicast_ttl",
    "mcast_src_ip",
    "mcast_dst_ip",
    "track_src_ip",
    "preempt",
    "nopreempt",
    "preempt_delay",
    "dont_track_primary",
    "garp_master_delay",
    "garp_master_repeat",
    "garp_master_refresh",
    "garp_master_refresh_repeat",
    "garp_lower_prio_delay",
    "garp_lower_prio_repeat",
    "lower_prio_no_advert",
    "higher_prio_send_advert",
    "skip_check_adv_addr",
    "check_unicast_src",
    "strict_mode",
    "owner_ignore_adverts",
    "down_timer_adverts",
    "native_ipv6",
    "unicast_fault_no_peer",
    "old_unicast_checksum",
    "authentication",
    "auth_hmac",
    "v3_checksum_as_v2",
    "accept",
    "no_accept",
    "garp_extra_if",
    "vmac_garp_intvl",
    "use_vmac",
    "use_vmac_addr",
    "vmac_xmit_base",
    "track_interface",
    "track_script",
    "track_process",
    "track_file",
    "notify",
    "notify_master",
    "notify_backup",
    "notify_fault",
    "notify_stop",
    "notify_deleted",
    "notify_master_rx_lower_pri",
    "notify_priority_changes",
    "smtp_alert"
  ],
  kept: [
    // What this version does in any case: addresses that the kernel takes away with another are put back, and a router that
    // comes back from a stall steps aside.
    "promote_secondaries",
    "timer_expired_backup",
    "thread_timer_expired"
  ],
  ignored: ["debug", "kernel_rx_buf_size", "lvs_sync_daemon_interface", "linkbeat_use_polling"],
  unsupported: ["use_ipvlan", "vrf", "track_bfd"]
})
