/**
 * ICMP and ICMPv6 echo (RFC 792, RFC 4443 section 4): bytes to value and back.
 *
 * Other messages decode to their type and code.
 *
 * **Gotchas** the checksum of ICMPv6 covers addresses that are no part of the message. A raw socket writes and checks it
 * in the kernel, so it is left zero here and not looked at.
 *
 * @see RFC 792 page 14; RFC 4443 section 4
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Checksum from "./Checksum.ts"

/**
 * @category models
 * @since 0.1.0
 */
export type Version = 4 | 6

const Word = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffff }))

/**
 * A question or an answer: the answer repeats the identifier, the sequence number and the payload.
 *
 * @category models
 * @since 0.1.0
 */
export const Echo = Schema.TaggedStruct("Echo", {
  kind: Schema.Literals(["Request", "Reply"]),
  identifier: Word,
  sequence: Word,
  payload: Schema.Uint8Array
})

/**
 * @category models
 * @since 0.1.0
 */
export type Echo = typeof Echo.Type

/**
 * @category models
 * @since 0.1.0
 */
export type Message = Echo | { readonly _tag: "Other"; readonly type: number; readonly code: number }

/**
 * Why bytes are no message.
 *
 * - `Length`: shorter than eight bytes.
 * - `Checksum`: of ICMP, wrong.
 *
 * @category models
 * @since 0.1.0
 */
export type MalformedReason = "Length" | "Checksum"

/**
 * Decodes a message without the header of its packet. Total. The payload is a view of the bytes.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (version: Version, bytes: Uint8Array): Result.Result<Message, MalformedReason> => {
  if (bytes.length < headerLength) return Result.fail("Length")
  if (version === 4 && Checksum.compute(bytes) !== 0) return Result.fail("Checksum")
  const [type, code] = [bytes[0]!, bytes[1]!]
  const { reply, request } = echoTypes[version]
  if (code !== 0 || (type !== request && type !== reply)) return Result.succeed({ _tag: "Other", type, code })
  return Result.succeed({
    _tag: "Echo",
    kind: type === request ? "Request" : "Reply",
    identifier: bytes[4]! * 0x100 + bytes[5]!,
    sequence: bytes[6]! * 0x100 + bytes[7]!,
    payload: bytes.subarray(headerLength)
  })
}

/**
 * Encodes a question or an answer, with its checksum when it is ICMP.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (version: Version, echo: Echo): Uint8Array => {
  const bytes = new Uint8Array(headerLength + echo.payload.length)
  const view = new DataView(bytes.buffer)
  bytes[0] = echo.kind === "Request" ? echoTypes[version].request : echoTypes[version].reply
  view.setUint16(4, echo.identifier)
  view.setUint16(6, echo.sequence)
  bytes.set(echo.payload, headerLength)
  if (version === 4) view.setUint16(2, Checksum.compute(bytes))
  return bytes
}

const headerLength = 8
/** RFC 792 page 14; RFC 4443 sections 4.1 and 4.2. */
const echoTypes = { 4: { request: 8, reply: 0 }, 6: { request: 128, reply: 129 } } as const
