/**
 * DNS questions and the head of their answers (RFC 1035 section 4.1): as much as asking a server whether it works takes.
 *
 * Records are not decoded: that a server answers is the finding, what it answers is not.
 *
 * **Details**
 * Names are text with dots, without one at the end; the root is the empty text. Bytes other than ASCII, and dots within
 * a label, are no part of the names that are asked for.
 *
 * @see RFC 1035 sections 2.3.4, 3.1, 4.1
 * @since 0.1.0
 */
import * as Result from "effect/Result"

/**
 * What is asked: a name and the number of a record type, in the Internet class.
 *
 * @category models
 * @since 0.1.0
 */
export interface Question {
  readonly name: string
  readonly type: number
}

/**
 * The head of a response.
 *
 * - `question`: the first question, repeated; servers that do not understand one leave it out.
 * - `truncated`: the rest would take TCP.
 * - `responseCode`: zero is success.
 *
 * @category models
 * @since 0.1.0
 */
export interface Response {
  readonly id: number
  readonly question: Question | undefined
  readonly truncated: boolean
  readonly responseCode: number
  readonly answerCount: number
}

/**
 * Why bytes are no response.
 *
 * - `Length`: the header or the question is cut.
 * - `NotResponse`: a question.
 * - `Name`: the name of the question is too long, or compressed, which there is nothing before it for.
 *
 * @category models
 * @since 0.1.0
 */
export type MalformedReason = "Length" | "NotResponse" | "Name"

/**
 * Numbers of record types (RFC 1035 section 3.2.2; RFC 3596; RFC 4034).
 *
 * @category constants
 * @since 0.1.0
 */
export const recordTypes = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  RRSIG: 46,
  DNSKEY: 48
} as const

/**
 * Returns the name of a response code, such as `NXDOMAIN`.
 *
 * @category conversions
 * @since 0.1.0
 */
export const responseCodeName = (code: number): string => responseCodeNames[code] ?? `response code ${code}`

/**
 * Encodes a query that asks for recursion; nothing when the name is none: a label that is empty, longer than 63 or not
 * ASCII, or more than 255 bytes in all.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encodeQuery = (id: number, question: Question): Result.Result<Uint8Array, "Name"> => {
  const name = encodeName(question.name)
  if (name === undefined) return Result.fail("Name")
  const bytes = new Uint8Array(headerLength + name.length + 4)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, id)
  view.setUint16(2, flagRecursionDesired)
  view.setUint16(4, 1)
  bytes.set(name, headerLength)
  view.setUint16(headerLength + name.length, question.type)
  view.setUint16(headerLength + name.length + 2, classInternet)
  return Result.succeed(bytes)
}

/**
 * Decodes the head of a response. Total.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decodeResponse = (bytes: Uint8Array): Result.Result<Response, MalformedReason> => {
  if (bytes.length < headerLength) return Result.fail("Length")
  const flags = uint16(bytes, 2)
  if ((flags & flagResponse) === 0) return Result.fail("NotResponse")
  const question = uint16(bytes, 4) === 0 ? Result.succeed(undefined) : decodeQuestion(bytes)
  return Result.map(question, (asked) => ({
    id: uint16(bytes, 0),
    question: asked,
    truncated: (flags & flagTruncated) !== 0,
    responseCode: flags & responseCodeMask,
    answerCount: uint16(bytes, 6)
  }))
}

/**
 * Returns whether a response is to this query: the same number and question. Case does not count (RFC 4343); a server
 * that reports an error may leave the question out.
 *
 * @category predicates
 * @since 0.1.0
 */
export const answers = (id: number, { name, type }: Question, response: Response): boolean => {
  if (response.id !== id) return false
  const { question, responseCode } = response
  if (question === undefined) return responseCode !== 0
  return question.type === type && question.name.toLowerCase() === withoutDot(name).toLowerCase()
}

const encodeName = (name: string): Uint8Array | undefined => {
  const labels = withoutDot(name) === "" ? [] : withoutDot(name).split(".")
  const bytes: Array<number> = []
  for (const label of labels) {
    if (label.length === 0 || label.length > labelLengthMax) return undefined
    bytes.push(label.length)
    for (let index = 0; index < label.length; index++) bytes.push(label.charCodeAt(index))
  }
  bytes.push(0)
  return bytes.length > nameLengthMax || bytes.some((byte) => byte > asciiMax)
    ? undefined
    : Uint8Array.from(bytes)
}

const decodeQuestion = (bytes: Uint8Array): Result.Result<Question, MalformedReason> => {
  const labels: Array<string> = []
  let offset = headerLength
  for (let length = bytes[offset]; length !== 0; length = bytes[offset]) {
    if (length === undefined) return Result.fail("Length")
    if (length > labelLengthMax || offset - headerLength + length + 2 > nameLengthMax)
      return Result.fail("Name")
    if (offset + 1 + length > bytes.length) return Result.fail("Length")
    labels.push(String.fromCharCode(...bytes.subarray(offset + 1, offset + 1 + length)))
    offset += 1 + length
  }
  if (offset + 5 > bytes.length) return Result.fail("Length")
  return Result.succeed({ name: labels.join("."), type: uint16(bytes, offset + 1) })
}

/** A name may be written with the dot of the root. */
const withoutDot = (name: string): string => (name.endsWith(".") ? name.slice(0, -1) : name)

const uint16 = (bytes: Uint8Array, offset: number): number => bytes[offset]! * 0x100 + bytes[offset + 1]!

const headerLength = 12
const labelLengthMax = 63 // RFC 1035 2.3.4
const nameLengthMax = 255 // RFC 1035 2.3.4
const asciiMax = 0x7f
const classInternet = 1
const flagResponse = 0x8000
const flagTruncated = 0x0200
const flagRecursionDesired = 0x0100
const responseCodeMask = 0xf
/** RFC 1035 section 4.1.1; RFC 2136 section 2.2. */
const responseCodeNames = [
  "NOERROR",
  "FORMERR",
  "SERVFAIL",
  "NXDOMAIN",
  "NOTIMP",
  "REFUSED",
  "YXDOMAIN",
  "YXRRSET",
  "NXRRSET",
  "NOTAUTH",
  "NOTZONE"
]
