/**
 * Netlink attributes, declared as tables.
 *
 * A table gives each attribute its kernel name, number and codec; the types of what is encoded and decoded follow from
 * it. Decoding is total: unknown attributes are passed over, what a codec cannot read is absent, and a length that
 * runs beyond the end stops the reading there. Of an attribute that occurs twice the last one counts, as in the kernel.
 *
 * **Example** (A table)
 *
 * ```ts
 * const table = { IFLA_IFNAME: [3, Codec.string], IFLA_MTU: [4, Codec.u32] } as const
 * Attribute.decode(table, Attribute.encode(table, { IFLA_MTU: 1500 })) // => { IFLA_MTU: 1500 }
 * ```
 *
 * @see include/uapi/linux/netlink.h of Linux, `struct nlattr`
 * @since 0.1.0
 */
import type * as Codec from "./Codec.ts"
import * as Writer from "./Writer.ts"

/**
 * Attributes by kernel name: number and codec.
 *
 * @category models
 * @since 0.1.0
 */
export type Table = Readonly<Record<string, readonly [number, Codec.Codec<unknown>]>>

/**
 * The values of a table; each may be absent.
 *
 * @category models
 * @since 0.1.0
 */
export type Values<T extends Table> = { readonly [K in keyof T]?: Codec.Value<T[K][1]> | undefined }

/**
 * Encodes values in the order they are given. Absent ones are left out.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = <T extends Table>(table: T, values: Values<T>): Uint8Array => {
  const writer = Writer.make()
  write(writer, table, values)
  return Writer.written(writer)
}

/**
 * Appends the attributes to what is being written.
 *
 * @category encoding
 * @since 0.1.0
 */
export const write = <T extends Table>(writer: Writer.Writer, table: T, values: Values<T>): void => {
  for (const name of Object.keys(values)) {
    const value = values[name]
    const entry = table[name]
    if (value !== undefined && entry !== undefined) writeOne(writer, entry[0], entry[1], value)
  }
}

/**
 * Decodes what the table knows from `offset` to the end of the bytes.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = <T extends Table>(table: T, bytes: Uint8Array, offset = 0): Values<T> => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return read(table, view, offset, Math.max(0, bytes.length - offset))
}

/**
 * Attributes inside an attribute.
 *
 * @category codecs
 * @since 0.1.0
 */
export const nested = <T extends Table>(table: T): Codec.Codec<Values<T>> => ({
  nested: true,
  write: (writer, value) => write(writer, table, value),
  read: (view, offset, length) => read(table, view, offset, length)
})

/**
 * A list inside an attribute: its elements are attributes of one codec. They are written with the number `elementType`
 * and read whatever their number is, since some families count them from one.
 *
 * @category codecs
 * @since 0.1.0
 */
export const list = <A>(elementType: number, element: Codec.Codec<A>): Codec.Codec<ReadonlyArray<A>> => ({
  nested: true,
  write: (writer, values) => {
    for (const value of values) writeOne(writer, elementType, element, value)
  },
  read: (view, offset, length) => {
    const values: Array<A> = []
    forEach(view, offset, length, (_type, at, size) => {
      const value = element.read(view, at, size)
      if (value !== undefined) values.push(value)
    })
    return values
  }
})

/**
 * A structure that is followed by attributes: the payload of a message.
 *
 * @category models
 * @since 0.1.0
 */
export interface Body<F extends Codec.Fields, T extends Table> {
  readonly encode: (header: { readonly [K in keyof F]?: number }, attributes: Values<T>) => Uint8Array
  readonly decode: (bytes: Uint8Array) => Prefixed<{ readonly [K in keyof F]: number }, Values<T>> | undefined
}

/**
 * What `Body` decodes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Prefixed<H, A> {
  readonly header: H
  readonly attributes: A
}

/**
 * Makes the encoder and decoder of a message's payload.
 *
 * @category constructors
 * @since 0.1.0
 */
export const body = <F extends Codec.Fields, T extends Table>(
  header: Codec.Struct<F>,
  table: T
): Body<F, T> => {
  const codec = prefixed(header, table)
  return {
    encode: (header, attributes) => {
      const writer = Writer.make()
      codec.write(writer, { header, attributes })
      return Writer.written(writer)
    },
    decode: (bytes) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      const value = header.read(view, 0, bytes.length)
      return (
        value && { header: value, attributes: read(table, view, header.size, bytes.length - header.size) }
      )
    }
  }
}

/**
 * A structure that is followed by attributes, inside an attribute, such as the `ifinfomsg` of a veth's peer.
 *
 * @category codecs
 * @since 0.1.0
 */
export const prefixed = <F extends Codec.Fields, T extends Table>(
  header: Codec.Struct<F>,
  table: T
): Codec.Codec<Prefixed<{ readonly [K in keyof F]?: number }, Values<T>>> => ({
  nested: true,
  write: (writer, value) => {
    header.write(writer, value.header)
    write(writer, table, value.attributes)
  },
  read: (view, offset, length) => {
    const value = header.read(view, offset, length)
    return (
      value && { header: value, attributes: read(table, view, offset + header.size, length - header.size) }
    )
  }
})

const read = <T extends Table>(table: T, view: DataView, offset: number, length: number): Values<T> => {
  const numbers = numbersOf(table)
  const values: Record<string, unknown> = {}
  forEach(view, offset, length, (type, at, size) => {
    const known = numbers.get(type)
    if (known === undefined) return
    const value = known.codec.read(view, at, size)
    if (value !== undefined) values[known.name] = value
  })
  return values as Values<T>
}

const forEach = (
  view: DataView,
  offset: number,
  length: number,
  visit: (type: number, at: number, size: number) => void
): void => {
  const end = offset + length
  let at = offset
  while (end - at >= headerLength) {
    const size = view.getUint16(at, true)
    if (size < headerLength || size > end - at) return
    visit(view.getUint16(at + 2, true) & NLA_TYPE_MASK, at + headerLength, size - headerLength)
    at += Writer.aligned(size)
  }
}

const writeOne = <A>(writer: Writer.Writer, type: number, codec: Codec.Codec<A>, value: A): void => {
  const start = Writer.reserve(writer, headerLength)
  codec.write(writer, value)
  writer.view.setUint16(start, writer.length - start, true)
  writer.view.setUint16(start + 2, codec.nested ? type | NLA_F_NESTED : type, true)
  Writer.align(writer)
}

/** The table by number, made once for each table. */
const numbersOf = (
  table: Table
): ReadonlyMap<number, { readonly name: string; readonly codec: Codec.Codec<unknown> }> => {
  const known = tablesByNumber.get(table)
  if (known !== undefined) return known
  const numbers = new Map(Object.entries(table).map(([name, [number, codec]]) => [number, { name, codec }]))
  tablesByNumber.set(table, numbers)
  return numbers
}

const tablesByNumber = new WeakMap<Table, ReturnType<typeof numbersOf>>()

/** `struct nlattr`: length and type, 16 bits each. */
const headerLength = 4
const NLA_F_NESTED = 0x8000
/** Without NLA_F_NESTED and NLA_F_NET_BYTEORDER. */
const NLA_TYPE_MASK = 0x3fff
