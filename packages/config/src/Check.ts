/**
 * The checks of a real server, from their blocks to probes with their timing.
 *
 * @since 0.1.0
 */
import { type Check, type Probe, type ReplyPattern, type Timing, dnsTypes } from "@holdfast/balancer/Probe"
import type { Micros } from "@holdfast/wire/Instant"
import * as CheckConnection from "./CheckConnection.ts"
import * as CheckTiming from "./CheckTiming.ts"
import type { Report } from "./Diagnostic.ts"
import type { Environment } from "./Environment.ts"
import * as HttpCheck from "./HttpCheck.ts"
import * as ScriptLine from "./ScriptLine.ts"
import * as Section from "./Section.ts"
import type { Statement } from "./SyntaxTree.ts"
import * as TrackFile from "./TrackFile.ts"
import * as Value from "./Value.ts"

/**
 * What a check takes from around it.
 *
 * - `serviceDelay`: the `delay_loop` of its virtual server.
 *
 * @category models
 * @since 0.1.0
 */
export interface Context {
  readonly server: CheckConnection.Server
  readonly inherited: CheckTiming.Inherited
  readonly serviceDelay: Micros
  readonly environment: Environment
}

/**
 * The keywords of the checks that this version makes.
 *
 * @category models
 * @since 0.1.0
 */
export type Kind = keyof typeof compilers

/**
 * The keywords of the checks that this version makes.
 *
 * @category constants
 * @since 0.1.0
 */
export const kinds = (): ReadonlyArray<Kind> => Object.keys(compilers) as Array<Kind>

/**
 * Compiles the block of a check. `SMTP_CHECK` may hold several.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile = (
  kind: Kind,
  statement: Statement,
  context: Context,
  report: Report
): ReadonlyArray<Check> => {
  Section.warnSuperfluous(statement, statement.arguments, report)
  // A check without a block has no settings of its own.
  return compilers[kind](statement, context, report)
}

type Compiler = (statement: Statement, context: Context, report: Report) => ReadonlyArray<Check>

const check = (probe: Probe, timing: Timing, settings: CheckTiming.Inherited): Check => ({
  probe,
  timing,
  alpha: settings.alpha ?? false
})

const linesOf = (statement: Statement): ReadonlyArray<Statement> => statement.block?.statements ?? []

const tcp: Compiler = (statement, { inherited, server }, report) => {
  const { values } = Section.read("TCP_CHECK", CheckConnection.readers, linesOf(statement), report)
  const settings = CheckTiming.inherit(values, inherited)
  const connection = CheckConnection.compile(statement, values, server, report)
  return [check({ _tag: "Tcp", connection }, CheckTiming.compile(settings), settings)]
}

const ping: Compiler = (statement, { inherited, server }, report) => {
  const { values } = Section.read("PING_CHECK", CheckConnection.readers, linesOf(statement), report)
  const settings = CheckTiming.inherit(values, inherited)
  const connection = CheckConnection.compile(statement, values, server, report, "none")
  return [check({ _tag: "Ping", connection }, CheckTiming.compile(settings), settings)]
}

const udp: Compiler = (statement, { inherited, server }, report) => {
  const { values } = Section.read("UDP_CHECK", udpReaders, linesOf(statement), report)
  const settings = CheckTiming.inherit(values, inherited)
  const replyMin = values.min_reply_length?.value ?? 0
  const replyMax = values.max_reply_length?.value ?? replyMaxDefault
  if (replyMin > replyMax)
    report.error(
      values.min_reply_length!.span,
      `min_reply_length ${replyMin} is above max_reply_length ${replyMax}`,
      "no reply could pass"
    )
  const reply = values.require_reply?.value
  const probe: Probe = {
    _tag: "Udp",
    connection: CheckConnection.compile(statement, values, server, report),
    payload: values.payload?.value ?? payloadDefault,
    requireReply: reply !== undefined,
    ...(typeof reply === "object" ? { reply } : {}),
    replyMin,
    replyMax
  }
  return [check(probe, CheckTiming.compile(settings), settings)]
}

const dns: Compiler = (statement, { inherited, server }, report) => {
  const { values } = Section.read("DNS_CHECK", dnsReaders, linesOf(statement), report)
  const settings = CheckTiming.inherit(values, inherited)
  const probe: Probe = {
    _tag: "Dns",
    connection: CheckConnection.compile(statement, values, server, report),
    type: values.type?.value ?? "SOA",
    name: values.name?.value ?? "."
  }
  const timing = CheckTiming.compile(settings, {
    retry: dnsRetryDefault,
    delayBeforeRetry: settings.delayLoop ?? CheckTiming.delayDefault
  })
  return [check(probe, timing, settings)]
}

/** Each `host` is a check of its own, and takes from `SMTP_CHECK` what it does not say. */
const smtp: Compiler = (statement, context, report) => {
  const { values } = Section.read("SMTP_CHECK", smtpReaders, linesOf(statement), report)
  const settings = CheckTiming.inherit(values, context.inherited)
  const own = CheckConnection.compile(statement, values, context.server, report, "none")
  const heloName = values.helo_name?.value ?? heloNameDefault
  const hosts = values.host?.value
  if (hosts === undefined) {
    const connection = CheckConnection.compile(statement, values, context.server, report)
    return [check({ _tag: "Smtp", connection, heloName }, CheckTiming.compile(settings), settings)]
  }
  return hosts.map((host) => {
    const { values: hostValues } = Section.read("host", CheckConnection.readers, linesOf(host), report)
    const hostSettings = CheckTiming.inherit(hostValues, settings)
    const connection = { ...own, ...CheckConnection.compile(host, hostValues, own, report) }
    return check({ _tag: "Smtp", connection, heloName }, CheckTiming.compile(hostSettings), hostSettings)
  })
}

const misc: Compiler = (statement, { inherited, serviceDelay }, report) => {
  const { mentioned, values } = Section.read("MISC_CHECK", miscReaders, linesOf(statement), report)
  const settings = CheckTiming.inherit(values, inherited)
  if (!mentioned.has("misc_path"))
    report.error(statement.keyword.span, "MISC_CHECK names no program", "add misc_path PATH")
  if (values.misc_path === undefined) return []
  const script = { ...values.misc_path.value, ...values.user?.value }
  const timing = CheckTiming.compile(settings, {
    retry: miscRetryDefault,
    timeout: values.misc_timeout?.value ?? serviceDelay
  })
  return [check({ _tag: "Script", script, dynamic: values.misc_dynamic?.value ?? false }, timing, settings)]
}

const file: Compiler = (statement, { environment, inherited }, report) => {
  const { mentioned, values } = Section.read("FILE_CHECK", fileReaders, linesOf(statement), report)
  if (!mentioned.has("track_file"))
    report.error(statement.keyword.span, "FILE_CHECK names no file", "add track_file NAME")
  if (values.track_file === undefined) return []
  const { span, value: name } = values.track_file
  const tracked = environment.trackFiles.get(name)
  if (tracked === undefined) {
    report.error(span, `there is no track_file ${name}`, "define it, or correct the name")
    return []
  }
  const factor = values.weight?.value ?? tracked.weight
  if (factor === 0)
    report.error(
      (values.weight ?? values.track_file).span,
      "with weight 0 the file would mean nothing",
      "give a weight"
    )
  return [check({ _tag: "File", path: tracked.path, factor }, CheckTiming.compile(inherited), inherited)]
}

/** Pairs of hexadecimal digits as texts; a single digit at the end of a word is a byte, too. */
const readPairs = (
  statement: Statement,
  digit: string,
  report: Report
): ReadonlyArray<string> | undefined => {
  const keyword = statement.keyword.text
  const words = statement.arguments.flatMap(({ text }) => text.split(/[ \t]+/)).filter((word) => word !== "")
  const isWrong = new RegExp(`[^${digit} \\t]`)
  const wrong = statement.arguments.find(({ text }) => isWrong.test(text))
  if (words.length === 0) report.error(statement.keyword.span, `${keyword} needs a value`)
  else if (wrong !== undefined)
    report.error(
      wrong.span,
      `${keyword}: ${wrong.text} is not hexadecimal`,
      "write pairs of 0 to 9 and a to f"
    )
  else if (words.join("").length > 2 * payloadMax)
    report.error(statement.arguments[0]!.span, `${keyword} is longer than ${payloadMax} bytes`)
  else return words.flatMap((word) => word.match(/..?/g) ?? [])
  return undefined
}

const payload: Section.Reader<Uint8Array> = {
  repeat: "last",
  read: (statement, report) => {
    const pairs = readPairs(statement, "0-9a-fA-F", report)
    return pairs === undefined ? undefined : Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16))
  }
}

/** Alone it asks for any reply; with bytes, for one that begins with them. The digit `x` stands for any. */
const requireReply: Section.Reader<true | ReplyPattern> = {
  repeat: "last",
  read: (statement, report) => {
    if (statement.arguments.length === 0) return true
    const pairs = readPairs(statement, "0-9a-fA-FxX", report)
    if (pairs === undefined) return undefined
    const bytesOf = (digits: (pair: string) => string): Uint8Array =>
      Uint8Array.from(pairs, (pair) => Number.parseInt(digits(pair.padStart(2, "0")), 16))
    return {
      bytes: bytesOf((pair) => pair.replaceAll(/x/gi, "0")),
      mask: bytesOf((pair) => pair.replaceAll(/[^x]/gi, "f").replaceAll(/x/gi, "0"))
    }
  }
}

const userLine: Section.Reader<{ readonly user: string; readonly group?: string }> = {
  repeat: "last",
  read: (statement, report) => {
    const [user, group, ...rest] = statement.arguments
    Section.warnSuperfluous(statement, rest, report)
    if (user === undefined) report.error(statement.keyword.span, "user needs a value")
    if (user === undefined) return undefined
    return { user: user.text, ...(group === undefined ? {} : { group: group.text }) }
  }
}

/** RFC 1035 2.3.4: labels of 63 bytes, names of 255. */
const dnsName: Value.Value<string> = (word, report) => {
  const { text } = word
  const labels = text.replace(/\.$/, "").split(".")
  const sound = text === "." || labels.every((label) => label.length >= 1 && label.length <= 63)
  if (sound && text.length <= dnsNameMax && /^[!-~]+$/.test(text)) return text
  report.error(word.span, `${text} is no name to ask for`, "write one such as example.com")
  return undefined
}

const dnsType: Value.Value<(typeof dnsTypes)[number]> = (word, report) =>
  Value.oneOf(...dnsTypes)({ ...word, text: word.text.toUpperCase() }, report)

/** One word of a line of the SMTP dialogue (RFC 5321 4.1.1.1). */
const heloName: Value.Value<string> = (word, report) => {
  if (/^[!-~]{1,255}$/.test(word.text)) return word.text
  report.error(word.span, `${word.text} is no name of a host`, "write one such as mail.example.com")
  return undefined
}

const udpReaders = {
  ...CheckConnection.readers,
  payload,
  require_reply: requireReply,
  min_reply_length: Section.argument(Value.integer({ minimum: 0, maximum: 65_535 })),
  max_reply_length: Section.argument(Value.integer({ minimum: 0, maximum: 65_535 }))
} satisfies Section.Readers<"UDP_CHECK">

const dnsReaders = {
  ...CheckConnection.readers,
  type: Section.argument(dnsType),
  name: Section.argument(dnsName)
} satisfies Section.Readers<"DNS_CHECK">

const smtpReaders = {
  ...CheckConnection.readers,
  helo_name: Section.argument(heloName),
  host: Section.statements
} satisfies Section.Readers<"SMTP_CHECK">

const miscReaders = {
  ...CheckTiming.checkReaders,
  misc_path: ScriptLine.script,
  misc_timeout: CheckTiming.timeout,
  misc_dynamic: Section.toggle,
  user: userLine
} satisfies Section.Readers<"MISC_CHECK">

const fileReaders = {
  track_file: Section.argument(Value.text),
  weight: TrackFile.weight
} satisfies Section.Readers<"FILE_CHECK">

const compilers = {
  TCP_CHECK: tcp,
  HTTP_GET: HttpCheck.compile("HTTP_GET"),
  SSL_GET: HttpCheck.compile("SSL_GET"),
  SMTP_CHECK: smtp,
  DNS_CHECK: dns,
  MISC_CHECK: misc,
  UDP_CHECK: udp,
  PING_CHECK: ping,
  FILE_CHECK: file
} satisfies Readonly<Record<string, Compiler>>

const dnsRetryDefault = 3
const miscRetryDefault = 0
const replyMaxDefault = 255
/** keepalived sends random bytes; ours are the same each time, so that what is seen on the wire can be told. */
const payloadDefault = new Uint8Array(16)
/** The largest UDP datagram over IPv4: 65,535 bytes less the headers. */
const payloadMax = 65_507
const dnsNameMax = 254
const heloNameDefault = "localhost"
