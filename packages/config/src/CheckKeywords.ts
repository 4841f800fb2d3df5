/**
 * The keywords of the checks of a real server.
 *
 * @since 0.1.0
 */
import * as KeywordTable from "./KeywordTable.ts"

const timing = ["retry", "delay_before_retry", "warmup", "delay_loop", "alpha", "log_all_failures"] as const

const common = [
  ...timing,
  "connect_timeout",
  "connect_ip",
  "connect_port",
  "bindto",
  "bind_port",
  "bind_if",
  "fwmark"
] as const

const http = [
  ...common,
  "url",
  "virtualhost",
  "http_protocol",
  "nb_get_retry",
  // Ours.
  "header",
  "body_max"
] as const

/**
 * The keywords of `TCP_CHECK`.
 *
 * @category keywords
 * @since 0.1.0
 */
export const tcpCheck = KeywordTable.make({ supported: common })

/**
 * The keywords of `PING_CHECK`.
 *
 * @category keywords
 * @since 0.1.0
 */
export const pingCheck = KeywordTable.make({ supported: common })

/**
 * The keywords of `UDP_CHECK`.
 *
 * @category keywords
 * @since 0.1.0
 */
export const udpCheck = KeywordTable.make({
  supported: [...common, "payload", "require_reply", "min_reply_length", "max_reply_length"]
})

/**
 * The keywords of `DNS_CHECK`.
 *
 * @category keywords
 * @since 0.1.0
 */
export const dnsCheck = KeywordTable.make({ supported: [...common, "type", "name"] })

/**
 * The keywords of `SMTP_CHECK`.
 *
 * @category keywords
 * @since 0.1.0
 */
export const smtpCheck = KeywordTable.make({ supported: [...common, "helo_name", "host"] })

/**
 * The keywords of `host` in `SMTP_CHECK`.
 *
 * @category keywords
 * @since 0.1.0
 */
export const smtpHost = KeywordTable.make({ supported: common })

/**
 * The keywords of `MISC_CHECK`.
 *
 * @category keywords
 * @since 0.1.0
 */
export const miscCheck = KeywordTable.make({
  supported: [...timing, "misc_path", "misc_timeout", "misc_dynamic", "user"]
})

/**
 * The keywords of `FILE_CHECK`.
 *
 * @category keywords
 * @since 0.1.0
 */
export const fileCheck = KeywordTable.make({
  supported: ["track_file", "weight"],
  // The manual has it, keepalived has not: the weight always follows the file.
  kept: ["dynamic"]
})

/**
 * The keywords of `HTTP_GET`.
 *
 * @category keywords
 * @since 0.1.0
 */
export const httpGet = KeywordTable.make({
  supported: http,
  // All pages are fetched in one go.
  kept: ["fast_recovery"],
  ignored: ["enable_sni", "sni_name"]
})

/**
 * The keywords of `SSL_GET`.
 *
 * @category keywords
 * @since 0.1.0
 */
export const sslGet = KeywordTable.make({
  // The last is ours.
  supported: [...http, "enable_sni", "sni_name", "tls_verify"],
  kept: ["fast_recovery"],
  ignored: ["tls_compliant"]
})

/**
 * The keywords of `url` in `HTTP_GET` and `SSL_GET`.
 *
 * @category keywords
 * @since 0.1.0
 */
export const url = KeywordTable.make({
  supported: [
    "path",
    "digest",
    "status_code",
    "virtualhost",
    "regex",
    "regex_no_match",
    "regex_options",
    "regex_min_offset",
    "regex_max_offset"
  ],
  // Of the matcher that keepalived uses.
  kept: ["regex_stack"],
  ignored: ["tls_compliant"]
})
