/**
 * The keywords of keepalived, section by section, and what this version does with each.
 *
 * **Details** a keyword is in one of four states:
 * - `supported`: read and obeyed. The section's module must hold a reader for it; the compiler checks that.
 * - `kept`: accepted in silence, because without it nothing differs that another diagnostic does not already say.
 * - `ignored`: accepted with a warning that it has no effect. Routers and addresses behave the same without it.
 * - `unsupported`: an error. It would change what the protocol or the addresses do, so running without it would be wrong.
 *   A reader is allowed, so that the model is complete before the feature is.
 *
 * A word in none of them is unknown, and an error.
 *
 * To add a keyword: name it here, and add its reader to the module of its section.
 *
 * @since 0.1.0
 */

/**
 * @category models
 * @since 0.1.0
 */
export type State = "supported" | "kept" | "ignored" | "unsupported"

/**
 * @category models
 * @since 0.1.0
 */
export type Section = keyof typeof tables

/**
 * The keywords of a section that are in a given state.
 *
 * @category models
 * @since 0.1.0
 */
export type InState<S extends Section, K extends State> = (typeof tables)[S][K][number]

/**
 * Returns the state of a keyword, or nothing when the section has no such keyword.
 *
 * @category queries
 * @since 0.1.0
 */
export const stateOf = (section: Section, keyword: string): State | undefined =>
  states.get(section)?.get(keyword)

/**
 * Returns the keywords of a section.
 *
 * @category queries
 * @since 0.1.0
 */
export const namesOf = (section: Section): ReadonlyArray<string> => [...(states.get(section)?.keys() ?? [])]

/**
 * Returns the sections that have a keyword.
 *
 * @category queries
 * @since 0.1.0
 */
export const sectionsWith = (keyword: string): ReadonlyArray<Section> =>
  [...states].filter(([, keywords]) => keywords.has(keyword)).map(([section]) => section)

const table = <
  const Supported extends ReadonlyArray<string>,
  const Kept extends ReadonlyArray<string>,
  const Ignored extends ReadonlyArray<string>,
  const Unsupported extends ReadonlyArray<string>
>(keywords: {
  supported: Supported
  kept: Kept
  ignored: Ignored
  unsupported: Unsupported
}) => keywords

/** The file itself. */
const file = table({
  supported: ["global_defs", "vrrp_instance", "virtual_server", "virtual_server_group"],
  // Of no use without the sections that name them, and those say so.
  kept: ["SSL", "track_group"],
  ignored: [
    "vrrp_script",
    "vrrp_track_process",
    "vrrp_track_file",
    "track_file",
    "instance",
    "use_pid_dir",
    "child_wait_time",
    "linkbeat_interfaces",
    "linkbeat_use_polling"
  ],
  unsupported: [
    "vrrp_sync_group",
    "static_ipaddress",
    "static_routes",
    "static_rules",
    "bfd_instance",
    "garp_group",
    "interface_up_down_delays",
    "net_namespace",
    "net_namespace_ipvs",
    "namespace_with_ipsets",
    "include",
    "includer",
    "includem",
    "includew",
    "includeb",
    "includea"
  ]
})

const globalDefinitions = table({
  supported: [
    "router_id",
    "default_interface",
    "vrrp_version",
    "vrrp_mcast_group4",
    "vrrp_garp_master_delay",
    "vrrp_garp_master_repeat",
    "vrrp_garp_master_refresh",
    "vrrp_garp_master_refresh_repeat",
    "vrrp_garp_lower_prio_delay",
    "vrrp_garp_lower_prio_repeat",
    "vrrp_min_garp",
    "vrrp_garp_interval",
    "vrrp_lower_prio_no_advert",
    "vrrp_higher_prio_send_advert",
    "vrrp_check_unicast_src",
    "vrrp_skip_check_adv_addr",
    "vrrp_down_timer_adverts",
    "vrrp_startup_delay",
    "vrrp_delay_after_boot"
  ],
  kept: [
    // Scripts and mail: the keyword that asks for one of them gives the warning.
    "script_user",
    "enable_script_security",
    "use_symlink_paths",
    "set_supplementary_groups",
    "notification_email_from",
    "smtp_server",
    "smtp_connect_timeout",
    "smtp_helo_name",
    "no_email_faults",
    "no_checker_emails",
    "startup_script_timeout",
    "shutdown_script_timeout",
    // An interface may come and go without being asked for.
    "dynamic_interfaces",
    // Of VRRP version 3, IPv6, virtual MAC addresses, definitions and includes, which are errors themselves.
    "v3_checksum_as_v2",
    "vrrp_mcast_group6",
    "vrrp_gna_interval",
    "vrrp_garp_extra_if",
    "vrrp_vmac_garp_intvl",
    "vmac_prefix",
    "vmac_addr_prefix",
    "disable_local_igmp",
    "random_seed",
    "include_check",
    "tmp_config_directory",
    // Paths of the tools that keepalived reads names from.
    "iproute_usr_dir",
    "iproute_etc_dir"
  ],
  ignored: [
    "notification_email",
    "smtp_alert",
    "smtp_alert_vrrp",
    "smtp_alert_checker",
    "startup_script",
    "shutdown_script",
    "notify_fifo",
    "notify_fifo_script",
    "vrrp_notify_fifo",
    "vrrp_notify_fifo_script",
    "lvs_notify_fifo",
    "lvs_notify_fifo_script",
    "vrrp_notify_priority_changes",
    "fifo_write_vrrp_states_on_reload",
    "rs_init_notifies",
    "lvs_sync_daemon",
    "lvs_flush",
    "lvs_flush_onstop",
    "lvs_flush_on_stop",
    "lvs_timeouts",
    "checker_log_all_failures",
    "vrrp_iptables",
    "vrrp_ipsets",
    "nftables",
    "nftables_priority",
    "nftables_ifindex",
    "nftables_counters",
    "nftables_ipvs",
    "nftables_ipvs_priority",
    "nftables_ipvs_start_fwmark",
    "process_names",
    "process_name",
    "vrrp_process_name",
    "checker_process_name",
    "lvs_process_name",
    "bfd_process_name",
    "max_auto_priority",
    "min_auto_priority_delay",
    "vrrp_priority",
    "vrrp_rt_priority",
    "vrrp_no_swap",
    "vrrp_cpu_affinity",
    "vrrp_rlimit_rttime",
    "vrrp_rlimit_rtime",
    "checker_priority",
    "checker_no_swap",
    "checker_rt_priority",
    "checker_cpu_affinity",
    "checker_rlimit_rttime",
    "checker_rlimit_rtime",
    "bfd_priority",
    "bfd_no_swap",
    "bfd_rt_priority",
    "bfd_cpu_affinity",
    "bfd_rlimit_rttime",
    "bfd_rlimit_rtime",
    "snmp_socket",
    "enable_traps",
    "enable_snmp_keepalived",
    "enable_snmp_vrrp",
    "enable_snmp_checker",
    "enable_snmp_rfc",
    "enable_snmp_rfcv2",
    "enable_snmp_rfcv3",
    "snmp_vs_stats_update_interval",
    "snmp_rs_stats_update_interval",
    "enable_dbus",
    "dbus_service_name",
    "dbus_no_interface_name",
    "vrrp_netlink_cmd_rcv_bufs",
    "vrrp_netlink_cmd_rcv_bufs_force",
    "vrrp_netlink_monitor_rcv_bufs",
    "vrrp_netlink_monitor_rcv_bufs_force",
    "process_monitor_rcv_bufs",
    "process_monitor_rcv_bufs_force",
    "lvs_netlink_cmd_rcv_bufs",
    "lvs_netlink_cmd_rcv_bufs_force",
    "lvs_netlink_monitor_rcv_bufs",
    "lvs_netlink_monitor_rcv_bufs_force",
    "vrrp_rx_bufs_policy",
    "vrrp_rx_bufs_multiplier",
    "log_unknown_vrids",
    "umask",
    "reload_check_config",
    "reload_time_file",
    "reload_repeat",
    "reload_file",
    "config_save_dir",
    "data_use_instance",
    "json_version",
    "state_dump_file",
    "stats_dump_file",
    "json_dump_file"
  ],
  unsupported: ["vrrp_strict", "vrrp_owner_ignore_adverts"]
})

const vrrpInstance = table({
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
    "unicast_src_ip",
    "unicast_peer",
    "unicast_ttl",
    "mcast_src_ip",
    "mcast_dst_ip",
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
    "down_timer_adverts"
  ],
  kept: [
    // What this version does in any case.
    "accept",
    "unicast_fault_no_peer",
    // Of VRRP version 3 and virtual MAC addresses, which are errors themselves.
    "old_unicast_checksum",
    "v3_checksum_as_v2",
    "garp_extra_if",
    "vmac_garp_intvl"
  ],
  ignored: [
    "notify",
    "notify_master",
    "notify_backup",
    "notify_fault",
    "notify_stop",
    "notify_deleted",
    "notify_master_rx_lower_pri",
    "notify_priority_changes",
    "smtp_alert",
    "debug",
    "kernel_rx_buf_size",
    "lvs_sync_daemon_interface",
    "linkbeat_use_polling"
  ],
  unsupported: [
    "authentication",
    "auth_hmac",
    "use_vmac",
    "vmac_xmit_base",
    "use_vmac_addr",
    "use_ipvlan",
    "vrf",
    "native_ipv6",
    "no_accept",
    "promote_secondaries",
    "virtual_routes",
    "virtual_rules",
    "track_interface",
    "track_script",
    "track_process",
    "track_file",
    "track_bfd",
    "track_src_ip",
    "timer_expired_backup",
    "thread_timer_expired",
    "owner_ignore_adverts"
  ]
})

/** Every virtual server is warned about as a whole, so that its other keywords need no warning each. */
const virtualServer = table({
  supported: ["delay_loop", "lb_algo", "lvs_sched", "lb_kind", "lvs_method", "protocol", "real_server"],
  kept: [
    "persistence_timeout",
    "persistence_granularity",
    "persistence_engine",
    "sorry_server",
    "sorry_server_inhibit",
    "sorry_server_lvs_method",
    "virtualhost",
    "quorum",
    "quorum_up",
    "quorum_down",
    "hysteresis",
    "alpha",
    "omega",
    "inhibit_on_failure",
    "smtp_alert",
    "retry",
    "delay_before_retry",
    "warmup",
    "connect_timeout",
    "ops",
    "weight",
    "ip_family",
    "ha_suspend",
    "hashed",
    "flag-1",
    "flag-2",
    "flag-3",
    "sh-port",
    "sh-fallback",
    "mh-port",
    "mh-fallback",
    "snmp_name"
  ],
  ignored: [],
  unsupported: []
})

const realServer = table({
  supported: ["weight", "TCP_CHECK"],
  kept: [
    "notify_up",
    "notify_down",
    "inhibit_on_failure",
    "lvs_method",
    "uthreshold",
    "lthreshold",
    "alpha",
    "retry",
    "delay_before_retry",
    "warmup",
    "connect_timeout",
    "delay_loop",
    "smtp_alert",
    "virtualhost",
    "snmp_name",
    "HTTP_GET",
    "SSL_GET",
    "SMTP_CHECK",
    "DNS_CHECK",
    "MISC_CHECK",
    "UDP_CHECK",
    "PING_CHECK",
    "FILE_CHECK",
    "BFD_CHECK"
  ],
  ignored: [],
  unsupported: []
})

const tcpCheck = table({
  supported: ["connect_timeout", "connect_port"],
  kept: [
    "connect_ip",
    "bindto",
    "bind_port",
    "bind_if",
    "fwmark",
    "retry",
    "delay_before_retry",
    "warmup",
    "delay_loop",
    "alpha",
    "log_all_failures"
  ],
  ignored: [],
  unsupported: []
})

const tables = {
  file,
  global_defs: globalDefinitions,
  vrrp_instance: vrrpInstance,
  virtual_server: virtualServer,
  real_server: realServer,
  TCP_CHECK: tcpCheck
}

const states: ReadonlyMap<Section, ReadonlyMap<string, State>> = new Map(
  (Object.keys(tables) as Array<Section>).map((section) => [
    section,
    new Map(
      (["supported", "kept", "ignored", "unsupported"] as const).flatMap((state) =>
        tables[section][state].map((keyword): [string, State] => [keyword, state])
      )
    )
  ])
)

/**
 * The keywords that begin a section of the file and stand in no block: a block still open there lacks its brace.
 *
 * @category constants
 * @since 0.1.0
 */
export const sections: ReadonlySet<string> = new Set(
  Object.values(file)
    .flat()
    .filter(
      (keyword) =>
        sectionsWith(keyword).length === 1 && keyword !== "instance" && !keyword.startsWith("include")
    )
)
