/**
 * The keywords of `virtual_server`, `real_server` and the sections they name.
 *
 * @since 0.1.0
 */
import * as KeywordTable from "./KeywordTable.ts"

/**
 * The keywords of `virtual_server`.
 *
 * @category keywords
 * @since 0.1.0
 */
export const virtualServer = KeywordTable.make({
  supported: [
    "delay_loop",
    "lb_algo",
    "lvs_sched",
    "lb_kind",
    "lvs_method",
    "protocol",
    "real_server",
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
    "retry",
    "delay_before_retry",
    "warmup",
    "connect_timeout",
    "ops",
    "weight",
    "ip_family",
    "ha_suspend",
    "flag-1",
    "flag-2",
    "flag-3",
    "sh-port",
    "sh-fallback",
    "mh-port",
    "mh-fallback",
    // Ours.
    "slow_start",
    "drain"
  ],
  // The kernel hashes every service.
  kept: ["hashed"],
  ignored: ["smtp_alert", "snmp_name"]
})

/**
 * The keywords of `real_server`.
 *
 * @category keywords
 * @since 0.1.0
 */
export const realServer = KeywordTable.make({
  supported: [
    "weight",
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
    "virtualhost",
    "TCP_CHECK",
    "HTTP_GET",
    "SSL_GET",
    "SMTP_CHECK",
    "DNS_CHECK",
    "MISC_CHECK",
    "UDP_CHECK",
    "PING_CHECK",
    "FILE_CHECK"
  ],
  ignored: ["smtp_alert", "snmp_name"],
  unsupported: ["BFD_CHECK"]
})

/**
 * The keywords of the section `SSL`.
 *
 * @category keywords
 * @since 0.1.0
 */
export const tls = KeywordTable.make({ supported: ["password", "ca", "certificate", "key"] })
