/**
 * The trailer behind an advert that proves who sent it and when: `auth_hmac` of keepalived 2.4.2 and later
 * (draft-cassen-vrrp-auth-hmac).
 *
 * Works with both versions and both families. Knows the trailer only: whether it is accepted, and what was heard before,
 * belongs to the virtual router.
 *
 * **Details**
 *
 *     +--------+--------+-----------------+
 *     |type 1  | key    | reserved 0      |
 *     +--------+--------+-----------------+
 *     | seconds since 1970, UTC           |   together the sequence: a time, and
 *     +-----------------+-----------------+   a counter for what comes within one tick
 *     | fraction, 2^-16 | counter         |
 *     +-----------------+-----------------+
 *     | first 16 bytes of HMAC-SHA-256    |
 *     +-----------------------------------+
 *
 * The HMAC covers a header of 20 bytes (4 or 6 for the family, the version, the VRID, 0, the source address, zeros behind
 * one of IPv4), the message with zeros for its checksum, and the trailer with zeros for the HMAC.
 *
 * **Gotchas**
 * - The destination is not covered, nor is the checksum: one signed message goes to every unicast peer.
 * - The checksum of the message covers the trailer over IPv6, where kernels compute it over all that is sent, and does not
 *   over IPv4.
 * - keepalived 2.4.0 and 2.4.1 covered the checksum, too: their trailers are `Invalid`.
 *
 * @see RFC 2104; RFC 1982 section 3.2
 * @since 0.1.0
 */
import { hmac } from "@noble/hashes/hmac.js"
import { sha256 } from "@noble/hashes/sha2.js"
import { hexToBytes } from "@noble/hashes/utils.js"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type Family, familyOf, type IpAddress, ipToBytes } from "./Address.ts"
import { checksumOffset, type Ends, messageLengthOf } from "./Advertisement.ts"
import * as Checksum from "./Checksum.ts"
import * as ConstantTime from "./ConstantTime.ts"
import { protocolVrrp } from "./Ipv4.ts"

/**
 * Bytes of the trailer.
 *
 * @category constants
 * @since 0.1.0
 */
export const length = 28

/**
 * When an advert was signed: 32 bits of seconds since 1970, 16 bits of a fraction of a second, 16 bits of a counter.
 *
 * @category models
 * @since 0.1.0
 */
export const Sequence = Schema.BigInt.check(
  Schema.isBetweenBigInt({ minimum: 0n, maximum: 0xffff_ffff_ffff_ffffn })
)

/**
 * @category models
 * @since 0.1.0
 */
export type Sequence = typeof Sequence.Type

/**
 * A decoded trailer.
 *
 * @category models
 * @since 0.1.0
 */
export const Trailer = Schema.Struct({
  keyId: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xff })),
  sequence: Sequence,
  /** 1 is HMAC-SHA-256 in 128 bits, and the only one there is. */
  type: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xff })),
  /** 0. */
  reserved: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffff })),
  /** The HMAC, 16 bytes: a view. */
  check: Schema.Uint8Array
})

/**
 * @category models
 * @since 0.1.0
 */
export type Trailer = typeof Trailer.Type

/**
 * What adverts are signed with.
 *
 * @category models
 * @since 0.1.0
 */
export interface Key {
  readonly id: number
  /** Hexadecimal digits. */
  readonly secret: string
}

/**
 * What a trailer proves.
 *
 * - `ageMicros`: how much the clock of the sender was behind ours; negative when it was ahead.
 * - `verdict`: `Valid`, or what is wrong: `Malformed` for a type that is not known, `UnknownKey`, `Invalid` for another
 *   HMAC; `Unkeyed` when there are no keys to judge by.
 *
 * @category models
 * @since 0.1.0
 */
export interface Proof {
  readonly keyId: number
  readonly sequence: Sequence
  readonly ageMicros: number
  readonly verdict: "Valid" | "Malformed" | "UnknownKey" | "Invalid" | "Unkeyed"
}

/**
 * Decodes the trailer of a payload that begins with a message. Total: any bytes give a value, or `Missing` when less than
 * a trailer is behind the message.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (bytes: Uint8Array, family: Family): Result.Result<Trailer, "Missing"> => {
  const offset = messageLengthOf(bytes, family)
  if (offset === undefined || bytes.length < offset + length) return Result.fail("Missing")
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, length)
  return Result.succeed({
    type: view.getUint8(0),
    keyId: view.getUint8(keyIdOffset),
    reserved: view.getUint16(reservedOffset),
    sequence: view.getBigUint64(sequenceOffset),
    check: bytes.subarray(offset + checkOffset, offset + length)
  })
}

/**
 * Returns an encoded message with its trailer: the payload of the packet between these ends.
 *
 * @category encoding
 * @since 0.1.0
 */
export const sign = (
  message: Uint8Array,
  ends: Ends,
  { key, sequence }: { readonly key: Key; readonly sequence: Sequence }
): Uint8Array => {
  const bytes = new Uint8Array(message.length + length)
  bytes.set(message)
  const view = new DataView(bytes.buffer, message.length)
  view.setUint8(0, typeHmacSha256)
  view.setUint8(keyIdOffset, key.id)
  view.setBigUint64(sequenceOffset, sequence)
  bytes.set(checkOf(bytes, message.length, ends.source, key), message.length + checkOffset)
  if (familyOf(ends.source) === "Ipv6") writeChecksum(bytes, ends)
  return bytes
}

/**
 * Says what the trailer of a payload proves, or nothing when it has none. Total. `clockMicros` is the time of its arrival
 * since 1970.
 *
 * @category verifying
 * @since 0.1.0
 */
export const verify = (
  bytes: Uint8Array,
  { source }: Pick<Ends, "source">,
  keys: ReadonlyArray<Key>,
  clockMicros: number
): Proof | undefined => {
  const family = familyOf(source)
  const decoded = decode(bytes, family)
  if (Result.isFailure(decoded)) return undefined
  const { check, keyId, reserved, sequence, type } = decoded.success
  const judge = (): Proof["verdict"] => {
    if (keys.length === 0) return "Unkeyed"
    if (type !== typeHmacSha256 || reserved !== 0) return "Malformed"
    const key = keys.find(({ id }) => id === keyId)
    if (key === undefined) return "UnknownKey"
    const messageLength = messageLengthOf(bytes, family) ?? 0
    return ConstantTime.equals(check, checkOf(bytes, messageLength, source, key)) ? "Valid" : "Invalid"
  }
  return { keyId, sequence, ageMicros: ageMicrosOf(sequence, sequenceAt(clockMicros)), verdict: judge() }
}

/**
 * Returns the sequence of a reading of the clock, in microseconds since 1970.
 *
 * @category sequences
 * @since 0.1.0
 */
export const sequenceAt = (clockMicros: number): Sequence => {
  const ticks = BigInt(Math.floor((clockMicros / microsPerSecond) * ticksPerSecond))
  return BigInt.asUintN(sequenceBits, ticks << counterBits)
}

/**
 * Returns the sequence of the next advert: that of the clock, or the one after the last when the clock is not past it.
 *
 * A clock that was set back by more than `windowMicros` would strand the sender where no receiver believes it, so the
 * sequence follows it. Without a window nobody looks at the time, and the sequence never falls.
 *
 * @category sequences
 * @since 0.1.0
 */
export const nextSequence = (
  last: Sequence | undefined,
  clockMicros: number,
  windowMicros = Infinity
): Sequence => {
  const now = sequenceAt(clockMicros)
  if (last === undefined || isAfter(now, last) || -ageMicrosOf(last, now) > windowMicros) return now
  return BigInt.asUintN(sequenceBits, last + 1n)
}

/**
 * Returns whether one sequence is after another, by the arithmetic of RFC 1982 section 3.2: the year 2106 does not stop it.
 *
 * @category sequences
 * @since 0.1.0
 */
export const isAfter = (sequence: Sequence, other: Sequence): boolean =>
  BigInt.asIntN(sequenceBits, sequence - other) > 0n

/** How much later `now` is than a sequence; negative when it is earlier. */
const ageMicrosOf = (sequence: Sequence, now: Sequence): number => {
  const ticks = BigInt.asIntN(sequenceBits, now - sequence) >> counterBits
  return Math.round((Number(ticks) / ticksPerSecond) * microsPerSecond)
}

const checkOf = (bytes: Uint8Array, messageLength: number, source: IpAddress, key: Key): Uint8Array => {
  const covered = new Uint8Array(sourceHeaderLength + messageLength + length)
  const [first, vrid] = [bytes[0]!, bytes[1]!]
  covered.set([familyOf(source) === "Ipv4" ? 4 : 6, first >>> 4, vrid])
  covered.set(ipToBytes(source), sourceOffset)
  covered.set(bytes.subarray(0, messageLength + checkOffset), sourceHeaderLength)
  covered.fill(0, sourceHeaderLength + checksumOffset, sourceHeaderLength + checksumOffset + 2)
  return hmac(sha256, hexToBytes(key.secret), covered).subarray(0, checkLength)
}

const writeChecksum = (bytes: Uint8Array, ends: Ends): void => {
  const view = new DataView(bytes.buffer)
  view.setUint16(checksumOffset, 0)
  view.setUint16(
    checksumOffset,
    Checksum.compute(Checksum.pseudoHeader(ends, protocolVrrp, bytes.length), bytes)
  )
}

const typeHmacSha256 = 1
const keyIdOffset = 1
const reservedOffset = 2
const sequenceOffset = 4
const checkOffset = 12
const checkLength = 16
const sourceHeaderLength = 20
const sourceOffset = 4
const microsPerSecond = 1_000_000
const ticksPerSecond = 0x1_0000
const counterBits = 16n
const sequenceBits = 64
