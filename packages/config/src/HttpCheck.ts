/**
 * The checks `HTTP_GET` and `SSL_GET`.
 *
 * @since 0.1.0
 */
import type { BodyPattern, Check, HttpVersion, Page, Tls } from "@holdfast/balancer/Probe"
import { seconds } from "@holdfast/wire/Instant"
import type { Context } from "./Check.ts"
import * as CheckConnection from "./CheckConnection.ts"
import * as CheckTiming from "./CheckTiming.ts"
import type { Report } from "./Diagnostic.ts"
import type { TlsFiles } from "./Environment.ts"
import * as Pattern from "./Pattern.ts"
import * as Section from "./Section.ts"
import type { Statement } from "./SyntaxTree.ts"
import * as Value from "./Value.ts"

/**
 * Returns what compiles a block of one of the two kinds.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile =
  (kind: "HTTP_GET" | "SSL_GET") =>
  (statement: Statement, context: Context, report: Report): ReadonlyArray<Check> => {
    const lines = statement.block?.statements ?? []
    const secure = kind === "SSL_GET" ? Section.read(kind, sslReaders, lines, report).values : undefined
    const values = secure ?? Section.read("HTTP_GET", httpReaders, lines, report).values
    const settings = CheckTiming.inherit(values, context.inherited)
    if (values.url === undefined)
      report.error(statement.keyword.span, `${kind} names no page`, "add url { path PATH }")
    const pages = (values.url?.value ?? []).flatMap((url) => compilePage(url, report) ?? [])
    const tls =
      secure === undefined ? undefined : compileTls(secure, settings.virtualHost, context.environment.tls)
    return [
      {
        probe: {
          _tag: "Http",
          connection: CheckConnection.compile(statement, values, context.server, report),
          pages,
          version: values.http_protocol?.value ?? "1.0",
          ...(settings.virtualHost === undefined ? {} : { virtualHost: settings.virtualHost }),
          headers: values.header?.value ?? [],
          bodyMax: values.body_max?.value ?? bodyMaxDefault,
          ...(tls === undefined ? {} : { tls })
        },
        timing: CheckTiming.compile(settings, { delayBeforeRetry: retryDelayDefault }),
        alpha: settings.alpha ?? false
      }
    ]
  }

const compilePage = (statement: Statement, report: Report): Page | undefined => {
  Section.warnSuperfluous(statement, statement.arguments, report)
  const block = Section.blockOf(statement, report)
  if (block === undefined) return undefined
  const { mentioned, values } = Section.read("url", urlReaders, block.statements, report)
  if (!mentioned.has("path")) report.error(statement.keyword.span, "url has no path", "add path /")
  if (values.path === undefined) return undefined
  const pattern = compilePattern(values, report)
  return {
    path: values.path.value,
    statusCodes: values.status_code?.value ?? (values.digest === undefined ? statusCodesDefault : []),
    ...(values.digest === undefined ? {} : { digest: values.digest.value }),
    ...(pattern === undefined ? {} : { pattern }),
    ...(values.virtualhost === undefined ? {} : { virtualHost: values.virtualhost.value })
  }
}

const compilePattern = (
  values: Section.Settings<typeof urlReaders>["values"],
  report: Report
): BodyPattern | undefined => {
  const { regex, regex_max_offset, regex_min_offset, regex_no_match, regex_options } = values
  if (regex === undefined) {
    const alone = regex_options ?? regex_no_match ?? regex_min_offset ?? regex_max_offset
    if (alone !== undefined)
      report.error(alone.span, "without regex this has nothing to act on", "add regex PATTERN")
    return undefined
  }
  const translated = Pattern.compile(regex.value, regex_options?.value ?? [], report)
  if (translated === undefined) return undefined
  if (
    regex_min_offset !== undefined &&
    regex_max_offset !== undefined &&
    regex_min_offset.value > regex_max_offset.value
  )
    report.error(regex_min_offset.span, "regex_min_offset is above regex_max_offset", "nothing could match")
  return {
    ...translated,
    negated: regex_no_match?.value ?? false,
    ...(regex_min_offset === undefined ? {} : { minOffset: regex_min_offset.value }),
    ...(regex_max_offset === undefined ? {} : { maxOffset: regex_max_offset.value })
  }
}

const compileTls = (
  values: Section.Settings<typeof sslReaders>["values"],
  virtualHost: string | undefined,
  files: TlsFiles
): Tls => {
  const named = values.sni_name?.value ?? (values.enable_sni?.value === true ? virtualHost : undefined)
  const authority = values.tls_verify?.value.authority ?? files.authority
  return {
    ...files,
    // A port is no part of the name (RFC 6066 section 3).
    ...(named === undefined ? {} : { serverName: named.replace(/:[0-9]+$/, "") }),
    verify: values.tls_verify !== undefined,
    ...(authority === undefined ? {} : { authority })
  }
}

/** What stands in a request line or a header may hold no blank and no control character. */
const requestWord =
  (what: string): Value.Value<string> =>
  (word, report) => {
    if (/^[!-~\u0080-\uffff]+$/.test(word.text)) return word.text
    report.error(word.span, `${word.text} is no ${what}`, "blanks and control characters are not allowed")
    return undefined
  }

const virtualHostValue = requestWord("name of a host")

/**
 * Reads the name of a host for the header Host.
 *
 * @category readers
 * @since 0.1.0
 */
export const virtualHost = Section.argument(virtualHostValue)

const path: Value.Value<string> = (word, report) => {
  const value = requestWord("path")(word, report)
  if (value === undefined || value.startsWith("/")) return value
  report.error(word.span, `the path ${value} does not begin with /`, `write /${value}`)
  return undefined
}

const digest: Value.Value<string> = (word, report) => {
  if (/^[0-9a-fA-F]{32}$/.test(word.text)) return word.text.toLowerCase()
  report.error(word.span, `${word.text} is no MD5 digest`, "write 32 hexadecimal digits")
  return undefined
}

type Range = readonly [first: number, last: number]

const statusCodes: Section.Reader<ReadonlyArray<Range>> = {
  repeat: "append",
  read: (statement, report) => {
    if (statement.arguments.length === 0) report.error(statement.keyword.span, "status_code needs a value")
    const ranges = statement.arguments.map((word): Range | undefined => {
      const [, first, last] = /^([0-9]{3})(?:-([0-9]{3}))?$/.exec(word.text) ?? []
      const range: Range = [Number(first), Number(last ?? first)]
      if (first !== undefined && range[0] >= 100 && range[1] >= range[0]) return range
      report.error(
        word.span,
        `${word.text} is no status code`,
        "write codes from 100 to 999, such as 200 or 200-299"
      )
      return undefined
    })
    return ranges.length > 0 && ranges.every((range) => range !== undefined) ? ranges : undefined
  }
}

const header: Section.Reader<ReadonlyArray<readonly [name: string, value: string]>> = {
  repeat: "append",
  read: (statement, report) => {
    const [name, value, ...rest] = statement.arguments
    Section.warnSuperfluous(statement, rest, report)
    if (name === undefined || value === undefined)
      report.error(
        statement.keyword.span,
        "header needs a name and a value",
        "put quotes around a value with blanks"
      )
    // RFC 9110 5.1 and 5.5.
    else if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name.text))
      report.error(name.span, `${name.text} is no name of a header`)
    else if (!/^[\t -~\u0080-\uffff]*$/.test(value.text))
      report.error(value.span, "the value of a header holds no control characters")
    else return [[name.text, value.text]]
    return undefined
  }
}

const verify: Section.Reader<{ readonly authority?: string }> = {
  repeat: "last",
  read: (statement, report) => {
    const [authority, ...rest] = statement.arguments
    Section.warnSuperfluous(statement, rest, report)
    return authority === undefined ? {} : { authority: authority.text }
  }
}

const versions: ReadonlyArray<HttpVersion> = ["1.0", "1.0C", "1.0K", "1.1", "1.1C", "1.1K"]
/** A gibibyte. */
const offsetMax = 2 ** 30
const offset = Section.argument(Value.integer({ minimum: 0, maximum: offsetMax }))

const httpReaders = {
  ...CheckConnection.readers,
  url: Section.statements,
  virtualhost: virtualHost,
  http_protocol: Section.argument(Value.oneOf(...versions)),
  nb_get_retry: CheckConnection.readers.retry,
  header,
  // The upper bound is a gibibyte for a digest of a very large page.
  body_max: Section.argument(Value.integer({ minimum: 1, maximum: offsetMax }))
} satisfies Section.Readers<"HTTP_GET">

const sslReaders = {
  ...httpReaders,
  enable_sni: Section.toggle,
  sni_name: virtualHost,
  tls_verify: verify
} satisfies Section.Readers<"SSL_GET">

const urlReaders = {
  path: Section.argument(path),
  digest: Section.argument(digest),
  status_code: statusCodes,
  virtualhost: virtualHost,
  regex: Pattern.source,
  regex_no_match: Section.flag,
  regex_options: Pattern.options,
  regex_min_offset: offset,
  regex_max_offset: offset
} satisfies Section.Readers<"url">

const statusCodesDefault: ReadonlyArray<Range> = [[200, 299]]
const retryDelayDefault = seconds(3)
/** A mebibyte: a page that is fetched every few seconds is small. */
const bodyMaxDefault = 2 ** 20
