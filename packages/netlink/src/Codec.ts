/**
 * Codecs of single netlink values: integers, text, addresses and fixed structures.
 *
 * A codec reads from where it is told and never beyond; what it cannot read is `undefined`, never an exception.
 *
 * **Details** integers are in the host's byte order, except those named `be…`, which are in network byte order.
 *
 * @see include/net/netlink.h of Linux, "Attribute Type"
 * @since 0.1.0
 */
import * as Address from "@holdfast/wire/Address"
import * as Writer from "./Writer.ts"

/**
 * Writes a value and reads it back. `nested` says that the bytes are attributes again, which the header of an
 * attribute must tell (NLA_F_NESTED).
 *
 * @category models
 * @since 0.1.0
 */
export interface Codec<A> {
  readonly nested: boolean
  write(writer: Writer.Writer, value: A): void
  read(view: DataView, offset: number, length: number): A | undefined
}

/**
 * A codec of one size. `read` accepts longer input and reads its beginning.
 *
 * @category models
 * @since 0.1.0
 */
export interface Fixed<A> extends Codec<A> {
  readonly size: number
}

/**
 * The value that a codec writes and reads.
 *
 * @category models
 * @since 0.1.0
 */
export type Value<C> = C extends Codec<infer A> ? A : never

const fixed = <A>(
  size: number,
  put: (view: DataView, offset: number, value: A) => void,
  take: (view: DataView, offset: number) => A
): Fixed<A> => ({
  nested: false,
  size,
  write: (writer, value) => {
    const offset = Writer.reserve(writer, size)
    put(writer.view, offset, value)
  },
  read: (view, offset, length) => (length < size ? undefined : take(view, offset))
})

/**
 * An unsigned integer of 8 bits.
 *
 * @category codecs
 * @since 0.1.0
 */
export const u8: Fixed<number> = fixed(
  1,
  (view, offset, value) => view.setUint8(offset, value),
  (view, offset) => view.getUint8(offset)
)

/**
 * An unsigned integer of 16 bits.
 *
 * @category codecs
 * @since 0.1.0
 */
export const u16: Fixed<number> = fixed(
  2,
  (view, offset, value) => view.setUint16(offset, value, true),
  (view, offset) => view.getUint16(offset, true)
)

/**
 * An unsigned integer of 32 bits.
 *
 * @category codecs
 * @since 0.1.0
 */
export const u32: Fixed<number> = fixed(
  4,
  (view, offset, value) => view.setUint32(offset, value, true),
  (view, offset) => view.getUint32(offset, true)
)

/**
 * A signed integer of 32 bits.
 *
 * @category codecs
 * @since 0.1.0
 */
export const s32: Fixed<number> = fixed(
  4,
  (view, offset, value) => view.setInt32(offset, value, true),
  (view, offset) => view.getInt32(offset, true)
)

/**
 * An unsigned integer of 64 bits. Not aligned: the kernel does not promise more than four bytes.
 *
 * @category codecs
 * @since 0.1.0
 */
export const u64: Fixed<bigint> = fixed(
  8,
  (view, offset, value) => view.setBigUint64(offset, value, true),
  (view, offset) => view.getBigUint64(offset, true)
)

/**
 * An unsigned integer of 16 bits in network byte order.
 *
 * @category codecs
 * @since 0.1.0
 */
export const be16: Fixed<number> = fixed(
  2,
  (view, offset, value) => view.setUint16(offset, value),
  (view, offset) => view.getUint16(offset)
)

/**
 * An unsigned integer of 32 bits in network byte order.
 *
 * @category codecs
 * @since 0.1.0
 */
export const be32: Fixed<number> = fixed(
  4,
  (view, offset, value) => view.setUint32(offset, value),
  (view, offset) => view.getUint32(offset)
)

/**
 * An unsigned integer of 64 bits in network byte order.
 *
 * @category codecs
 * @since 0.1.0
 */
export const be64: Fixed<bigint> = fixed(
  8,
  (view, offset, value) => view.setBigUint64(offset, value),
  (view, offset) => view.getBigUint64(offset)
)

/**
 * Text that ends with a zero byte. Text that holds a zero byte ends there.
 *
 * @category codecs
 * @since 0.1.0
 */
export const string: Codec<string> = {
  nested: false,
  write: (writer, value) => {
    Writer.append(writer, encoder.encode(value))
    Writer.reserve(writer, 1)
  },
  read: (view, offset, length) => {
    const bytes = new Uint8Array(view.buffer, view.byteOffset + offset, length)
    const end = bytes.indexOf(0)
    return decoder.decode(end === -1 ? bytes : bytes.subarray(0, end))
  }
}

/**
 * Bytes as they are. A value that was read is a copy.
 *
 * @category codecs
 * @since 0.1.0
 */
export const bytes: Codec<Uint8Array> = {
  nested: false,
  write: Writer.append,
  read: (view, offset, length) => new Uint8Array(view.buffer, view.byteOffset + offset, length).slice()
}

/**
 * An attribute whose presence is its value.
 *
 * @category codecs
 * @since 0.1.0
 */
export const flag: Codec<true> = { nested: false, write: () => {}, read: () => true }

/**
 * An IPv4 address. Another length is the address of another family.
 *
 * @category codecs
 * @since 0.1.0
 */
export const ipv4: Codec<Address.Ipv4Address> = {
  nested: false,
  write: (writer, value) => {
    const offset = Writer.reserve(writer, ipv4Length)
    Address.ipv4ToBytes(value, writer.bytes, offset)
  },
  read: (view, offset, length) =>
    length === ipv4Length ? Address.ipv4FromBytes(bytesOf(view), offset) : undefined
}

/**
 * An address of either family, which is told by its length.
 *
 * @category codecs
 * @since 0.1.0
 */
export const ip: Codec<Address.IpAddress> = {
  nested: false,
  write: (writer, value) => {
    if (!Address.isIpv6(value)) return ipv4.write(writer, value)
    const offset = Writer.reserve(writer, ipv6Length)
    Address.ipv6ToBytes(value, writer.bytes, offset)
  },
  read: (view, offset, length) =>
    length === ipv6Length ? Address.ipv6FromBytes(bytesOf(view), offset) : ipv4.read(view, offset, length)
}

/**
 * An Ethernet address. Another length is the address of another kind of link, such as a tunnel.
 *
 * @category codecs
 * @since 0.1.0
 */
export const mac: Codec<Address.MacAddress> = {
  nested: false,
  write: (writer, value) => {
    const offset = Writer.reserve(writer, macLength)
    Address.macToBytes(value, writer.bytes, offset)
  },
  read: (view, offset, length) =>
    length === macLength ? Address.macFromBytes(bytesOf(view), offset) : undefined
}

/**
 * The fields of a structure in order.
 *
 * @category models
 * @since 0.1.0
 */
export type Fields = Readonly<Record<string, Fixed<number>>>

/**
 * A codec of a structure: reads all its fields, writes those that are given and zero for the others.
 *
 * @category models
 * @since 0.1.0
 */
export interface Struct<F extends Fields> extends Fixed<{ readonly [K in keyof F]: number }> {
  write(writer: Writer.Writer, value: { readonly [K in keyof F]?: number }): void
}

/**
 * A C structure of integers, each aligned to its own size, the whole padded to four bytes.
 *
 * @category codecs
 * @since 0.1.0
 */
export const struct = <const F extends Fields>(fields: F): Struct<F> => {
  const names = Object.keys(fields)
  const codecs = Object.values(fields)
  const offsets: Array<number> = []
  let end = 0
  for (const codec of codecs) {
    const offset = Math.ceil(end / codec.size) * codec.size
    offsets.push(offset)
    end = offset + codec.size
  }
  const size = Writer.aligned(end)
  return {
    nested: false,
    size,
    write: (writer, value: Readonly<Record<string, number | undefined>>) => {
      const start = writer.length
      names.forEach((name, index) => {
        Writer.reserve(writer, start + offsets[index]! - writer.length)
        codecs[index]!.write(writer, value[name] ?? 0)
      })
      Writer.reserve(writer, start + size - writer.length)
    },
    read: (view, offset, length) => {
      if (length < size) return undefined
      const values: Record<string, number | undefined> = {}
      names.forEach((name, index) => {
        values[name] = codecs[index]!.read(view, offset + offsets[index]!, codecs[index]!.size)
      })
      return values as { readonly [K in keyof F]: number }
    }
  }
}

const bytesOf = (view: DataView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength)

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const ipv4Length = 4
const ipv6Length = 16
const macLength = 6
