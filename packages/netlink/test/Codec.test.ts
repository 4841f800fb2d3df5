import { assert, describe, it } from "@effect/vitest"
import * as Attribute from "@holdfast/netlink/Attribute"
import * as Codec from "@holdfast/netlink/Codec"
import * as Writer from "@holdfast/netlink/Writer"
import * as Address from "@holdfast/wire/Address"
import * as Schema from "effect/Schema"

const runs = { arbitrary: { runs: 500 } }

const integer = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const u8 = integer(0, 0xff)
const u16 = integer(0, 0xffff)
const u32 = integer(0, 0xffff_ffff)
const s32 = integer(-0x8000_0000, 0x7fff_ffff)
const u64 = Schema.BigInt.check(Schema.isBetweenBigInt({ minimum: 0n, maximum: 0xffff_ffff_ffff_ffffn }))
/** Text of netlink ends at a zero byte and is UTF-8, which has no lone surrogates. */
const text = Schema.String.check(
  Schema.makeFilter((value: string) => value.isWellFormed() && !value.includes("\0"))
)

const pair = Codec.struct({ small: Codec.u8, wide: Codec.u32, signed: Codec.s32, middle: Codec.u16 })
const inner = { NUMBER: [1, Codec.u32], NAME: [2, Codec.string] } as const
const table = {
  U8: [1, Codec.u8],
  U16: [2, Codec.u16],
  U32: [3, Codec.u32],
  S32: [4, Codec.s32],
  U64: [5, Codec.u64],
  BE16: [6, Codec.be16],
  BE32: [7, Codec.be32],
  TEXT: [8, Codec.string],
  BYTES: [9, Codec.bytes],
  FLAG: [10, Codec.flag],
  IPV4: [11, Codec.ipv4],
  MAC: [12, Codec.mac],
  STRUCT: [13, pair],
  NESTED: [14, Attribute.nested(inner)],
  LIST: [15, Attribute.list(1, Attribute.nested(inner))],
  PREFIXED: [16, Attribute.prefixed(pair, inner)]
} as const

const Pair = Schema.Struct({ small: u8, wide: u32, signed: s32, middle: u16 })
const Inner = Schema.Struct({ NUMBER: Schema.optionalKey(u32), NAME: Schema.optionalKey(text) })
const Values = Schema.Struct({
  U8: Schema.optionalKey(u8),
  U16: Schema.optionalKey(u16),
  U32: Schema.optionalKey(u32),
  S32: Schema.optionalKey(s32),
  U64: Schema.optionalKey(u64),
  BE16: Schema.optionalKey(u16),
  BE32: Schema.optionalKey(u32),
  TEXT: Schema.optionalKey(text),
  BYTES: Schema.optionalKey(Schema.Uint8Array),
  FLAG: Schema.optionalKey(Schema.Literal(true)),
  IPV4: Schema.optionalKey(Address.Ipv4Address),
  MAC: Schema.optionalKey(Address.MacAddress),
  STRUCT: Schema.optionalKey(Pair),
  NESTED: Schema.optionalKey(Inner),
  LIST: Schema.optionalKey(Schema.Array(Inner)),
  PREFIXED: Schema.optionalKey(Schema.Struct({ header: Pair, attributes: Inner }))
})

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")
/** In groups of four bytes, as attributes are aligned. */
const words = (bytes: Uint8Array): string => hex(bytes).replaceAll(/.{8}(?!$)/g, "$& ")
const fromHex = (digits: string): Uint8Array => new Uint8Array(Buffer.from(digits.replaceAll(" ", ""), "hex"))

describe("Attribute", () => {
  it.prop(
    "what is encoded by a table is decoded by it",
    { values: Values },
    ({ values }) => {
      const bytes = Attribute.encode(table, values)

      assert.strictEqual(bytes.length % 4, 0)
      assert.deepEqual(Attribute.decode(table, bytes), values)
    },
    runs
  )

  it.prop(
    "decoding is total: arbitrary bytes and cut ones give values, never an exception",
    { bytes: Schema.Uint8Array, values: Values, length: integer(0, 400) },
    ({ bytes, values, length }) => {
      Attribute.decode(table, bytes)
      Attribute.decode(table, bytes, length)

      const whole = Attribute.encode(table, values)
      const known = Attribute.decode(table, whole.subarray(0, length))

      for (const name of Object.keys(known)) assert.isTrue(Object.hasOwn(values, name))
    },
    runs
  )

  it("the header tells length and number, and the next one stands on a multiple of four", () => {
    assert.strictEqual(
      words(Attribute.encode(table, { U8: 7, U16: 0x1234 })),
      "05000100 07000000 06000200 34120000"
    )
  })

  it("attributes inside an attribute are marked with NLA_F_NESTED", () => {
    assert.strictEqual(
      words(Attribute.encode(table, { NESTED: { NUMBER: 1 } })),
      "0c000e80 08000100 01000000"
    )
  })

  it("numbers of the network have its byte order", () => {
    assert.strictEqual(
      words(Attribute.encode(table, { BE16: 0x1234, BE32: 1 })),
      "06000600 12340000 08000700 00000001"
    )
  })

  it("an absent value is left out", () => {
    assert.strictEqual(words(Attribute.encode(table, { U8: undefined, FLAG: true })), "04000a00")
  })

  it("unknown attributes are passed over", () => {
    assert.deepEqual(Attribute.decode(table, fromHex("06006300ffff0000 0500010007000000")), { U8: 7 })
  })

  it("a value that is too short is absent, and the ones after it count", () => {
    assert.deepEqual(Attribute.decode(table, fromHex("06000300ffff0000 0500010007000000")), { U8: 7 })
  })

  it("an address of another family or kind of link is absent", () => {
    assert.deepEqual(Attribute.decode(table, fromHex("14000b0000000000000000000000000000000001")), {})
    assert.deepEqual(Attribute.decode(table, fromHex("08000c00c0000201")), {})
  })

  it("a length beyond the end or below the header ends the reading", () => {
    assert.deepEqual(Attribute.decode(table, fromHex("0500010007000000 ffff020034120000")), { U8: 7 })
    assert.deepEqual(Attribute.decode(table, fromHex("0500010007000000 0300020034120000")), { U8: 7 })
  })

  it("of an attribute that occurs twice the last one counts", () => {
    assert.deepEqual(Attribute.decode(table, fromHex("0500010007000000 0500010008000000")), { U8: 8 })
  })

  it("the elements of a list are read whatever their number is", () => {
    const numbered = fromHex("0c000100 0800010005000000 0c000200 0800010006000000")
    const list = fromHex("1c000f80" + hex(numbered))

    assert.deepEqual(Attribute.decode(table, list), { LIST: [{ NUMBER: 5 }, { NUMBER: 6 }] })
  })
})

describe("struct", () => {
  it("aligns each field to its own size and the whole to four bytes", () => {
    const writer = Writer.make()

    pair.write(writer, { small: 1, wide: 2, signed: -1, middle: 3 })

    assert.strictEqual(pair.size, 16)
    assert.strictEqual(words(Writer.written(writer)), "01000000 02000000 ffffffff 03000000")
  })
})

describe("Writer", () => {
  it("keeps what was written when it grows", () => {
    const writer = Writer.make()

    for (let index = 0; index < 1_000; index++) Codec.u32.write(writer, index)

    const view = new DataView(Writer.written(writer).slice().buffer)
    assert.deepStrictEqual([view.getUint32(0, true), view.getUint32(3_996, true)], [0, 999])
  })
})
