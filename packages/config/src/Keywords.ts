/**
 * The keywords of keepalived, section by section, and what this version does with each.
 *
 * **Details** a word that is in no table is unknown, and an error. To add a keyword: name it in the table of its section,
 * and add its reader to the module of that section.
 *
 * @since 0.1.0
 */
import { authentication, authHmac } from "./AuthenticationKeywords.ts"
import * as CheckKeywords from "./CheckKeywords.ts"
import { globalDefinitions } from "./GlobalDefinitionsKeywords.ts"
import * as KeywordTable from "./KeywordTable.ts"
import * as TrackKeywords from "./TrackKeywords.ts"
import { realServer, tls, virtualServer } from "./VirtualServerKeywords.ts"
import { vrrpInstance } from "./VrrpInstanceKeywords.ts"

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
export type InState<S extends Section, K extends KeywordTable.State> = (typeof tables)[S][K][number]

/**
 * Returns the state of a keyword, or nothing when the section has no such keyword.
 *
 * @category queries
 * @since 0.1.0
 */
export const stateOf = (section: Section, keyword: string): KeywordTable.State | undefined =>
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

/** The file itself. */
const file = KeywordTable.make({
  supported: [
    "global_defs",
    "vrrp_instance",
    "virtual_server",
    "virtual_server_group",
    "SSL",
    "vrrp_script",
    "vrrp_track_process",
    "track_file",
    "vrrp_track_file",
    "vrrp_sync_group",
    "static_ipaddress",
    "static_routes",
    "static_rules",
    "garp_group",
    "interface_up_down_delays"
  ],
  // Of no use without the sections that name them, and those say so.
  kept: ["track_group"],
  ignored: ["instance", "use_pid_dir", "child_wait_time", "linkbeat_interfaces", "linkbeat_use_polling"],
  unsupported: ["bfd_instance", "net_namespace", "net_namespace_ipvs", "namespace_with_ipsets"]
})

const tables = {
  file,
  global_defs: globalDefinitions,
  vrrp_instance: vrrpInstance,
  authentication,
  auth_hmac: authHmac,
  virtual_server: virtualServer,
  real_server: realServer,
  TCP_CHECK: CheckKeywords.tcpCheck,
  PING_CHECK: CheckKeywords.pingCheck,
  UDP_CHECK: CheckKeywords.udpCheck,
  DNS_CHECK: CheckKeywords.dnsCheck,
  SMTP_CHECK: CheckKeywords.smtpCheck,
  host: CheckKeywords.smtpHost,
  MISC_CHECK: CheckKeywords.miscCheck,
  FILE_CHECK: CheckKeywords.fileCheck,
  HTTP_GET: CheckKeywords.httpGet,
  SSL_GET: CheckKeywords.sslGet,
  url: CheckKeywords.url,
  SSL: tls,
  vrrp_script: TrackKeywords.vrrpScript,
  vrrp_track_process: TrackKeywords.vrrpTrackProcess,
  track_file: TrackKeywords.trackFile,
  vrrp_sync_group: TrackKeywords.vrrpSyncGroup,
  garp_group: TrackKeywords.garpGroup
}

/**
 * The sections that have a table.
 *
 * @category queries
 * @since 0.1.0
 */
export const all = Object.keys(tables) as ReadonlyArray<Section>

const states: ReadonlyMap<Section, ReadonlyMap<string, KeywordTable.State>> = new Map(
  all.map((section) => [
    section,
    new Map(
      (["supported", "kept", "ignored", "unsupported"] as const).flatMap((state) =>
        tables[section][state].map((keyword): [string, KeywordTable.State] => [keyword, state])
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
  namesOf("file").filter((keyword) => sectionsWith(keyword).length === 1)
)
