/**
 * One attempt to find out whether a server works: everything an adapter needs to make it, and nothing else.
 *
 * Two checks with equal probes and equal timing are one check.
 *
 * @since 0.1.0
 */
import type { IpAddress } from "@holdfast/wire/Address"
import type { Micros } from "@holdfast/wire/Instant"
import type { Script } from "@holdfast/wire/Script"

/**
 * Whom to talk to and from where.
 *
 * - `address`, `port`: `connect_ip`, `connect_port`; the real server's own by default.
 * - `bindAddress`, `bindPort`, `bindInterface`: `bindto`, `bind_port`, `bind_if`.
 * - `mark`: SO_MARK (`fwmark`).
 *
 * @category models
 * @since 0.1.0
 */
export interface Connection {
  readonly address: IpAddress
  readonly port: number
  readonly bindAddress?: IpAddress
  readonly bindPort?: number
  readonly bindInterface?: string
  readonly mark?: number
}

/**
 * A regular expression that a body must match (`regex`), or must not (`regex_no_match`).
 *
 * - `minOffset`, `maxOffset`: bytes between which a match must begin.
 *
 * @category models
 * @since 0.1.0
 */
export interface BodyPattern {
  readonly source: string
  readonly flags: string
  readonly negated: boolean
  readonly minOffset?: number
  readonly maxOffset?: number
}

/**
 * One page to fetch (`url`).
 *
 * - `statusCodes`: inclusive ranges; 200 to 299 by default, unless a digest is the condition.
 * - `digest`: MD5 of the body in lower-case hexadecimal.
 * - `virtualHost`: the Host header; that of the check by default.
 *
 * @category models
 * @since 0.1.0
 */
export interface Page {
  readonly path: string
  readonly statusCodes: ReadonlyArray<readonly [first: number, last: number]>
  readonly digest?: string
  readonly pattern?: BodyPattern
  readonly virtualHost?: string
}

/**
 * How the request line is written (`http_protocol`): `1.0C` is 1.0 with `Connection: close`, `1.1K` is 1.1 that keeps the
 * connection alive.
 *
 * @category models
 * @since 0.1.0
 */
export type HttpVersion = "1.0" | "1.0C" | "1.0K" | "1.1" | "1.1C" | "1.1K"

/**
 * TLS of a check (`SSL_GET`).
 *
 * - `serverName`: SNI (`enable_sni`, `sni_name`).
 * - `verify`: refuse a certificate that `authority` or the system's authorities do not vouch for (`tls_verify`).
 * - `authority`, `certificate`, `key`: files in PEM (`SSL` section: `ca`, `certificate`, `key`, `password`).
 *
 * @category models
 * @since 0.1.0
 */
export interface Tls {
  readonly serverName?: string
  readonly verify: boolean
  readonly authority?: string
  readonly certificate?: string
  readonly key?: string
  readonly password?: string
}

/**
 * The types of a query (`DNS_CHECK`, `type`).
 *
 * @category constants
 * @since 0.1.0
 */
export const dnsTypes = ["A", "NS", "CNAME", "SOA", "MX", "TXT", "AAAA", "RRSIG", "DNSKEY"] as const

/**
 * @category models
 * @since 0.1.0
 */
export type DnsType = (typeof dnsTypes)[number]

/**
 * How a reply must begin (`require_reply HEX`): the bits that `mask` has must be those of `bytes`, which is as long.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReplyPattern {
  readonly bytes: Uint8Array
  readonly mask: Uint8Array
}

/**
 * - `Tcp`: connects (`TCP_CHECK`).
 * - `Http`: fetches every page, each over a connection of its own (`HTTP_GET`, `SSL_GET`). `bodyMax` bounds what is read.
 * - `Smtp`: banner, HELO, QUIT (`SMTP_CHECK`).
 * - `Dns`: asks over UDP; any answer without an error code passes (`DNS_CHECK`).
 * - `Udp`: sends `payload`; an ICMP error fails, silence passes unless `requireReply` (`UDP_CHECK`). Adapters have no clock
 *   and report no silence: the expiry of its timeout is the reducer's to judge, and a pass without `requireReply`.
 * - `Ping`: ICMP echo (`PING_CHECK`).
 * - `Script`: exit code 0 passes; with `dynamic` 2 to 255 set the weight to two less (`MISC_CHECK`).
 * - `File`: reads a number from a file and adds it, times `factor`, to the weight; it is watched, so it reports whenever it changes (`FILE_CHECK`).
 * - `Broken`: cannot be made; it always reports `Refused` with the reason. So a check that the file got wrong fails closed.
 *
 * @category models
 * @since 0.1.0
 */
export type Probe =
  | { readonly _tag: "Tcp"; readonly connection: Connection }
  | {
      readonly _tag: "Http"
      readonly connection: Connection
      readonly pages: ReadonlyArray<Page>
      readonly version: HttpVersion
      readonly virtualHost?: string
      readonly headers: ReadonlyArray<readonly [name: string, value: string]>
      readonly bodyMax: number
      readonly tls?: Tls
    }
  | { readonly _tag: "Smtp"; readonly connection: Connection; readonly heloName: string }
  | {
      readonly _tag: "Dns"
      readonly connection: Connection
      readonly type: DnsType
      readonly name: string
    }
  | {
      readonly _tag: "Udp"
      readonly connection: Connection
      readonly payload: Uint8Array
      readonly requireReply: boolean
      readonly reply?: ReplyPattern
      readonly replyMin: number
      readonly replyMax: number
    }
  | { readonly _tag: "Ping"; readonly connection: Connection }
  | { readonly _tag: "Script"; readonly script: Script; readonly dynamic: boolean }
  | { readonly _tag: "File"; readonly path: string; readonly factor: number }
  | { readonly _tag: "Broken"; readonly reason: string }

/**
 * What a probe wants of the weight of the server.
 *
 * @category models
 * @since 0.1.0
 */
export type WeightAdjustment =
  | { readonly _tag: "Set"; readonly weight: number }
  | { readonly _tag: "Add"; readonly weight: number }

/**
 * What a probe found.
 *
 * - `Passed`: the server works; `adjustment` holds until the next result.
 * - `Failed`: it does not, and why, in words for the operator. `Silent` results (no answer in time) are made by the
 *   reducer, not by adapters: probes have no clock.
 * - `Refused`: the probe could not be made at all (no such script, not executable, a refused option). The server goes out
 *   without retries, because what cannot be checked must not serve.
 *
 * @category models
 * @since 0.1.0
 */
export type ProbeResult =
  | { readonly _tag: "Passed"; readonly adjustment?: WeightAdjustment }
  | { readonly _tag: "Failed"; readonly reason: string }
  | { readonly _tag: "Refused"; readonly reason: string }

/**
 * When to probe.
 *
 * - `delay`: from one probe to the next (`delay_loop`).
 * - `timeout`: the whole probe, from its start (`connect_timeout`, `misc_timeout`).
 * - `retries`, `retryDelay`: failures in a row that are borne before the server is down (`retry`, `delay_before_retry`).
 * - `warmup`: how long the first probe may wait (`warmup`). Absent: the first probe is at once, because a server that
 *   nobody has checked takes no traffic.
 * - `logAllFailures`: also the failures that are borne are told.
 *
 * @category models
 * @since 0.1.0
 */
export interface Timing {
  readonly delay: Micros
  readonly timeout: Micros
  readonly retries: number
  readonly retryDelay: Micros
  readonly warmup?: Micros
  readonly logAllFailures: boolean
}

/**
 * A probe and when to make it. `alpha` servers count as down, and are told so, until this has passed once.
 *
 * @category models
 * @since 0.1.0
 */
export interface Check {
  readonly probe: Probe
  readonly timing: Timing
  readonly alpha: boolean
}
