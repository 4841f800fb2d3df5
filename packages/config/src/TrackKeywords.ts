/**
 * The keywords of the sections that define what is tracked, and of the groups of virtual routers.
 *
 * @since 0.1.0
 */
import * as KeywordTable from "./KeywordTable.ts"

/**
 * The keywords of `vrrp_script`.
 *
 * @category keywords
 * @since 0.1.0
 */
export const vrrpScript = KeywordTable.make({
  supported: ["script", "interval", "timeout", "weight", "rise", "fall", "user", "init_fail"]
})

/**
 * The keywords of `vrrp_track_process`.
 *
 * @category keywords
 * @since 0.1.0
 */
export const vrrpTrackProcess = KeywordTable.make({
  supported: [
    "process",
    "param_match",
    "weight",
    "quorum",
    "quorum_max",
    "delay",
    "terminate_delay",
    "fork_delay",
    "full_command"
  ]
})

/**
 * The keywords of the sections `track_file` and `vrrp_track_file`.
 *
 * @category keywords
 * @since 0.1.0
 */
export const trackFile = KeywordTable.make({ supported: ["file", "weight", "init_file"] })

/**
 * The keywords of `vrrp_sync_group`.
 *
 * @category keywords
 * @since 0.1.0
 */
export const vrrpSyncGroup = KeywordTable.make({
  supported: [
    "group",
    "track_interface",
    "track_script",
    "track_process",
    "track_file",
    "notify",
    "notify_master",
    "notify_backup",
    "notify_fault",
    "notify_stop",
    "notify_priority_changes",
    "smtp_alert",
    "global_tracking",
    "sync_group_tracking_weight"
  ],
  // The manual has it, and keepalived has not: a group is never deleted before its members.
  ignored: ["notify_deleted"],
  unsupported: ["track_bfd"]
})

/**
 * The keywords of `garp_group`.
 *
 * @category keywords
 * @since 0.1.0
 */
export const garpGroup = KeywordTable.make({
  supported: ["garp_interval", "gna_interval", "interface", "interfaces"]
})
