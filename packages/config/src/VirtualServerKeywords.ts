/**
 * The keywords of `virtual_server` and of the blocks in it.
 *
 * **Details** every virtual server is warned about as a whole, so that what is only kept needs no warning of its own.
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
  ]
})

/**
 * The keywords of `real_server`.
 *
 * @category keywords
 * @since 0.1.0
 */
export const realServer = KeywordTable.make({
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
  ]
})

/**
 * The keywords of `TCP_CHECK`.
 *
 * @category keywords
 * @since 0.1.0
 */
export const tcpCheck = KeywordTable.make({
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
  ]
})
