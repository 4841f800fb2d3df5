/**
 * Whether an advert proves where it comes from: a password, an IP authentication header, or an HMAC trailer.
 *
 * Judges what `Seal` says; whoever made the seal has done the cryptography.
 *
 * **Details** a sequence number has to be above the last one that was accepted from the same source. With a window, the
 * sender's clock counts too: a mark that lies outside the window only refuses what the window refuses already, so it is
 * passed over, and a sender whose clock was set back is heard again.
 *
 * **Gotchas**
 * - `Permissive` and `ReceiveOnly` are for the way to `Enforce`: they accept everything and report what would be refused.
 * - A trailer that nobody asked for is padding, as in keepalived: routers without a key go on beside those that sign.
 *
 * @see RFC 2338 section 5.3.10; RFC 2402 section 3.4; draft of `auth_hmac` in keepalived 2.4
 * @since 0.1.0
 */
import type { Advertisement } from "@holdfast/wire/Advertisement"
import type { DropReason } from "./Action.ts"
import type { Event, Seal } from "./Event.ts"
import type * as Parameters from "./Parameters.ts"
import { type State, withMark } from "./State.ts"

type AdvertReceived = typeof Event.cases.AdvertReceived.Type
type Trailer = typeof Seal.cases.Trailer.Type
type Hmac = typeof Parameters.Authentication.cases.Hmac.Type

/**
 * Returns why the header before an advert is wrong, before anything else is looked at: it is not asked for, or missing.
 *
 * @category checks
 * @since 0.1.0
 */
export const headerDropReason = (
  { authentication }: Parameters.Parameters,
  { seal }: AdvertReceived
): DropReason | undefined => {
  const isExpected = authentication?._tag === "Header"
  if ((seal?._tag === "Header") === isExpected) return undefined
  return isExpected ? "AuthenticationHeaderMissing" : "AuthenticationHeaderUnexpected"
}

/**
 * Returns what is wrong with the trailer of an advert, whether or not that is a reason to refuse it.
 *
 * @category checks
 * @since 0.1.0
 */
export const trailerDefect = (state: State, { seal, source }: AdvertReceived): DropReason | undefined => {
  const { authentication } = state.parameters
  if (authentication?._tag !== "Hmac") return undefined
  if (seal?._tag !== "Trailer") return "HmacMissing"
  if (seal.verdict === "Malformed") return "HmacMalformed"
  // Before the key: a flood of old captures is told by its age.
  if (isStale(authentication, seal)) return "HmacStale"
  if (seal.verdict !== "Valid") return seal.verdict === "Invalid" ? "HmacInvalid" : "HmacKeyUnknown"
  return isReplayed(authentication, seal, markOf(state, source)) ? "HmacReplayed" : undefined
}

/**
 * Returns whether a defect of a trailer is a reason to refuse the advert.
 *
 * @category checks
 * @since 0.1.0
 */
export const isEnforced = ({ authentication }: Parameters.Parameters): boolean =>
  authentication?._tag === "Hmac" && authentication.mode === "Enforce"

/**
 * Returns what is wrong with the fields of version 2 and with the header that goes with them.
 *
 * @category checks
 * @since 0.1.0
 */
export const fieldDropReason = (state: State, event: AdvertReceived): DropReason | undefined => {
  const { advertisement, seal, source } = event
  if (advertisement.version !== 2) return undefined
  const { authentication } = state.parameters
  if (advertisement.authenticationType > typeMax) return "AuthenticationTypeInvalid"
  if (advertisement.authenticationType !== typeOf(authentication)) return "AuthenticationMismatch"
  if (authentication?._tag === "Password" && !hasPassword(advertisement, authentication.password))
    return "AuthenticationMismatch"
  if (authentication?._tag !== "Header" || seal?._tag !== "Header") return undefined
  const mark = markOf(state, source)
  const isNew = mark === undefined || BigInt(seal.sequence) > mark
  return seal.verdict === "Valid" && isNew ? undefined : "AuthenticationHeaderInvalid"
}

/**
 * Returns the state that remembers the sequence number of an accepted advert. One that proved nothing leaves no mark, so
 * that a forger cannot shut a sender out.
 *
 * @category combinators
 * @since 0.1.0
 */
export const accept = (state: State, event: AdvertReceived): State => {
  const { authentication } = state.parameters
  const { seal, source } = event
  if (authentication === undefined || seal === undefined || seal._tag === "None") return state
  if (seal._tag !== sealOf[authentication._tag] || seal.verdict !== "Valid") return state
  // What `Permissive` lets pass proved nothing either.
  if (trailerDefect(state, event) !== undefined) return state
  return withMark(state, { source, sequence: BigInt(seal.sequence) })
}

/**
 * Returns the highest sequence number that was accepted from anybody.
 *
 * **When to use** for the adverts of an authentication header that we send: ours have to be above it. Who begins anew at 1,
 * as keepalived does when it starts, goes on above what it hears; it would never come above what we remember of it.
 *
 * @category queries
 * @since 0.1.0
 */
export const highestSequence = ({ marks = [] }: State): bigint =>
  marks.reduce((highest, { sequence }) => (sequence > highest ? sequence : highest), 0n)

const isStale = ({ antiReplay, window }: Hmac, { ageMicros }: Trailer): boolean =>
  antiReplay === "Clock" && Math.abs(ageMicros) > window

const isReplayed = (
  { antiReplay, window }: Hmac,
  { ageMicros, sequence }: Trailer,
  mark: bigint | undefined
): boolean => {
  if (antiReplay === "Off" || mark === undefined || sequence > mark) return false
  const markAgeMicros = ageMicros - microsOf(mark - sequence)
  return antiReplay === "Monotonic" || Math.abs(markAgeMicros) <= window
}

/** The upper 48 bits of a sequence number are a time in 65,536ths of a second. */
const microsOf = (span: bigint): number => (Number(span >> 16n) / 0x1_0000) * 1_000_000

const markOf = ({ marks }: State, source: AdvertReceived["source"]): bigint | undefined =>
  marks?.find((mark) => mark.source === source)?.sequence

const hasPassword = ({ authenticationData = noData }: V2, password: string): boolean =>
  authenticationData === password.padEnd(noData.length, "0")

type V2 = Extract<Advertisement, { version: 2 }>

const typeOf = (authentication: Parameters.Authentication | undefined): number =>
  authentication === undefined ? 0 : types[authentication._tag]

/** RFC 2338 5.3.6. The trailer of `auth_hmac` has no type of its own. */
const types = { Password: 1, Header: 2, Hmac: 0 } as const
const typeMax = 2

const sealOf = { Password: "None", Header: "Header", Hmac: "Trailer" } as const

const noData = "0000000000000000"
