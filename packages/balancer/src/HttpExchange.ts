/**
 * One page of an HTTP check: the request to send, and the verdict on what comes back.
 *
 * Decides; never acts. The adapter carries bytes, computes the digest, and asks `judge` when the body is whole. What can
 * be decided from the head is decided there, so that a status check reads no body.
 *
 * **Gotchas**
 *
 * - The digest and the pattern see the body without its chunk framing, but never decompressed: the request does not offer
 *   to take compressed bodies.
 * - A pattern is an ECMAScript regular expression; keepalived's are PCRE2. Without the flag `u` it is matched byte by
 *   byte, as PCRE2 does without `utf`. Only the body bounds its time; the adapter ends a match that takes too
 *   long.
 *
 * @see RFC 9110, RFC 9112; docs/reference/checks.md
 * @since 0.1.0
 */
import * as Address from "@holdfast/wire/Address"
import * as Result from "effect/Result"
import * as HttpResponse from "./HttpResponse.ts"
import * as PeerText from "./PeerText.ts"
import type { BodyPattern, HttpVersion, Page, Probe, ProbeResult } from "./Probe.ts"

/**
 * A probe that fetches pages.
 *
 * @category models
 * @since 0.1.0
 */
export type HttpProbe = Extract<Probe, { readonly _tag: "Http" }>

/**
 * The exchange of one page, under way.
 *
 * @category models
 * @since 0.1.0
 */
export interface HttpExchange {
  readonly page: Page
  readonly bodyMax: number
  readonly response: HttpResponse.HttpResponse
}

/**
 * What is known once the answer needs no more bytes: the result, or that the body, which is whole, must be judged.
 *
 * @category models
 * @since 0.1.0
 */
export type Decision =
  | { readonly _tag: "Decided"; readonly result: ProbeResult }
  | { readonly _tag: "BodyRead" }

/**
 * What an input brought: pieces of the body, and at last a decision.
 *
 * @category models
 * @since 0.1.0
 */
export interface Step {
  readonly exchange: HttpExchange
  readonly body: ReadonlyArray<Uint8Array>
  readonly decision?: Decision
}

/**
 * A whole body and its digest, MD5 in lower-case hexadecimal.
 *
 * @category models
 * @since 0.1.0
 */
export interface Body {
  readonly bytes: Uint8Array
  readonly digest: string
}

/**
 * Returns why a probe cannot be made as it is written, or nothing: a control character in what goes into the request
 * would write another one, and a pattern may not be a regular expression.
 *
 * @category checks
 * @since 0.1.0
 */
export const refusal = (probe: HttpProbe): string | undefined => {
  const words = [
    probe.virtualHost,
    ...probe.headers.flat(),
    ...probe.pages.flatMap((page) => [page.path, page.virtualHost])
  ]
  const unsendable = words.find((word) => word !== undefined && hasControlCharacter(word))
  if (unsendable !== undefined) return `control character in ${JSON.stringify(unsendable)}`
  for (const { pattern } of probe.pages) {
    const matched = pattern && matches(pattern, empty)
    if (matched !== undefined && Result.isFailure(matched)) return `regex: ${matched.failure}`
  }
  return undefined
}

/**
 * Writes the request for a page. `refusal` has passed the probe. Without a virtual host the server is named with its
 * port, as keepalived does, also where the scheme implies it.
 *
 * @category encoding
 * @since 0.1.0
 */
export const request = (probe: HttpProbe, page: Page): Uint8Array => {
  const { number, connection } = versions[probe.version]
  const { address, port } = probe.connection
  const own = new Set(probe.headers.map(([name]) => name.toLowerCase()))
  const defaults: ReadonlyArray<readonly [string, string | undefined]> = [
    ["Host", page.virtualHost ?? probe.virtualHost ?? Address.formatEndpoint(address, port)],
    ["User-Agent", userAgent],
    ["Connection", connection]
  ]
  const lines = [
    `GET ${page.path} HTTP/${number}`,
    ...[...defaults.filter(([name]) => !own.has(name.toLowerCase())), ...probe.headers].flatMap(
      ([name, value]) => (value === undefined ? [] : [`${name}: ${value}`])
    )
  ]
  return encoder.encode(`${lines.join("\r\n")}\r\n\r\n`)
}

/**
 * Begins the exchange of a page.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = (probe: HttpProbe, page: Page): HttpExchange => ({
  page,
  bodyMax: probe.bodyMax,
  response: HttpResponse.initial
})

/**
 * Takes what happened on the connection. Total; nothing follows a decision.
 *
 * @category steps
 * @since 0.1.0
 */
export const step = (exchange: HttpExchange, input: HttpResponse.Input): Step => {
  const { page } = exchange
  const taken = HttpResponse.step(exchange.response, input, exchange.bodyMax)
  const next = { ...exchange, response: taken.response }
  const early = taken.head && judgeHead(page, taken.head.status)
  if (early !== undefined)
    return {
      exchange: { ...exchange, response: { _tag: "Ended" } },
      body: [],
      decision: { _tag: "Decided", result: early }
    }
  if (taken.outcome === undefined) return { exchange: next, body: taken.body }
  return {
    exchange: next,
    body: taken.body,
    decision:
      taken.outcome._tag === "Complete"
        ? { _tag: "BodyRead" }
        : { _tag: "Decided", result: failed(`${taken.outcome.reason}, on ${page.path}`) }
  }
}

/**
 * Judges a whole body, whose status was accepted.
 *
 * @category checks
 * @since 0.1.0
 */
export const judge = ({ path, digest, pattern }: Page, body: Body): ProbeResult => {
  if (digest !== undefined && digest !== body.digest)
    return failed(`digest mismatch on ${path}: got ${body.digest}, expected ${digest}`)
  if (pattern === undefined) return passed
  const matched = matches(pattern, body.bytes)
  if (Result.isFailure(matched)) return failed(`regex on ${path}: ${matched.failure}`)
  if (matched.success !== pattern.negated) return passed
  return failed(
    `body of ${path} ${pattern.negated ? "matches" : "does not match"} the regex ${pattern.source}`
  )
}

/** Decides on the status alone: against the page when it is not accepted, for it when nothing else is asked. */
const judgeHead = (page: Page, status: number): ProbeResult | undefined => {
  const accepted = acceptedStatuses(page)
  if (!accepted.some(([first, last]) => first <= status && status <= last))
    return failed(`status ${status} on ${page.path}, expected ${accepted.map(formatRange).join(" ")}`)
  return page.digest === undefined && page.pattern === undefined ? passed : undefined
}

const acceptedStatuses = (page: Page): Page["statusCodes"] => {
  if (page.statusCodes.length > 0) return page.statusCodes
  return page.digest === undefined ? statusesDefault : statusesAll
}

const formatRange = ([first, last]: readonly [number, number]): string =>
  first === last ? `${first}` : `${first}-${last}`

/**
 * Whether a match begins between the offsets, both inclusive; what is before the first one may be looked behind at. Fails
 * with what the engine cannot do: it compiles a pattern only when it is used first, and may run out of stack then.
 */
const matches = (pattern: BodyPattern, bytes: Uint8Array): Result.Result<boolean, string> =>
  Result.try({
    try: () => {
      const { minOffset = 0, maxOffset = bytes.length } = pattern
      const text = isUnicode(pattern) ? utf8 : PeerText.decode
      const expression = expressionOf(pattern)
      expression.lastIndex = text(bytes.subarray(0, minOffset)).length
      const found = expression.exec(text(bytes))
      return (
        minOffset <= bytes.length &&
        found !== null &&
        found.index <= text(bytes.subarray(0, maxOffset)).length
      )
    },
    catch: (error) => (error instanceof Error ? error.message.slice(-quoteMax) : String(error))
  })

/** A pattern for bytes is spelled in bytes too. */
const expressionOf = (pattern: BodyPattern): RegExp =>
  new RegExp(
    isUnicode(pattern) ? pattern.source : PeerText.decode(encoder.encode(pattern.source)),
    `${pattern.flags.replaceAll(/[gy]/g, "")}g`
  )

const isUnicode = ({ flags }: BodyPattern): boolean => /[uv]/.test(flags)

const utf8 = (bytes: Uint8Array): string => utf8Decoder.decode(bytes)

const hasControlCharacter = (word: string): boolean => /\p{Cc}/u.test(word)

const passed: ProbeResult = { _tag: "Passed" }

const failed = (reason: string): ProbeResult => ({ _tag: "Failed", reason })

/** HTTP/1.1 keeps connections by default, and a check wants one page. */
const versions: Readonly<
  Record<HttpVersion, { readonly number: string; readonly connection: string | undefined }>
> = {
  "1.0": { number: "1.0", connection: undefined },
  "1.0C": { number: "1.0", connection: "close" },
  "1.0K": { number: "1.0", connection: "keep-alive" },
  "1.1": { number: "1.1", connection: "close" },
  "1.1C": { number: "1.1", connection: "close" },
  "1.1K": { number: "1.1", connection: "keep-alive" }
}

const userAgent = "Holdfast"

const statusesDefault = [[200, 299]] as const

const statusesAll = [[0, 999]] as const

/** The engine quotes the whole pattern, and then says what is wrong. */
const quoteMax = 80

const empty = new Uint8Array(0)
const encoder = new TextEncoder()
const utf8Decoder = new TextDecoder("utf-8", { ignoreBOM: true })
