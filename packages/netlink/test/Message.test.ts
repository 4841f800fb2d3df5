import { assert, describe, it } from "@effect/vitest"
import * as Message from "@holdfast/netlink/Message"
import * as Schema from "effect/Schema"

const runs = { arbitrary: { runs: 500 } }

const integer = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))
const Messages = Schema.Array(
  Schema.Struct({
    type: integer(0xffff),
    flags: integer(0xffff),
    sequence: integer(0xffff_ffff),
    port: integer(0xffff_ffff),
    payload: Schema.Uint8Array
  })
)

const fromHex = (digits: string): Uint8Array => new Uint8Array(Buffer.from(digits, "hex"))

const acknowledge = (digits: string) => Message.acknowledgement(Message.split(fromHex(digits))[0]!)
const done = (payload: Uint8Array) =>
  Message.acknowledgement({ type: Message.NLMSG_DONE, flags: 2, sequence: 1, port: 1, payload })?.errno

describe("split", () => {
  it.prop(
    "returns what was encoded as one datagram",
    { messages: Messages },
    ({ messages }) => {
      assert.deepEqual(Message.split(Message.encode(messages)), messages)
    },
    runs
  )

  it.prop(
    "is total, and a datagram that is cut loses only what does not fit",
    { bytes: Schema.Uint8Array, messages: Messages, length: integer(200) },
    ({ bytes, messages, length }) => {
      for (const message of Message.split(bytes)) Message.acknowledgement(message)

      const cut = Message.split(Message.encode(messages).subarray(0, length))

      assert.deepEqual(cut, messages.slice(0, cut.length))
    },
    runs
  )
})

describe("acknowledgement", () => {
  it("reads the success that a kernel sent", () => {
    // Of Linux 6.18 to RTM_GETLINK with NLM_F_ACK.
    const bytes = "240000000200000101000000745100000000000030000000120005000100000000000000"

    assert.deepStrictEqual(acknowledge(bytes), { errno: 0, text: undefined, attributeOffset: undefined })
  })

  it("reads the kernel's own words of an error", () => {
    // Of Linux 6.18 to RTM_NEWADDR of an address that is there.
    const bytes =
      "48000000020000030600000074510000efffffff2800000014000506060000000000000023000100697076343a204164647265737320" +
      "616c72656164792061737369676e65640000"

    assert.deepStrictEqual(acknowledge(bytes), {
      errno: 17,
      text: "ipv4: Address already assigned",
      attributeOffset: undefined
    })
  })

  it("finds the words behind a request that is not left out, and where it is at fault", () => {
    const request = Message.encode([
      { type: 20, flags: 5, sequence: 9, port: 0, payload: Uint8Array.of(1, 2, 3, 4, 5) }
    ])
    const payload = Uint8Array.of(
      0xea,
      0xff,
      0xff,
      0xff,
      ...request,
      6,
      0,
      1,
      0,
      0x6e,
      0,
      0,
      0,
      8,
      0,
      2,
      0,
      16,
      0,
      0,
      0
    )
    const message = {
      type: Message.NLMSG_ERROR,
      flags: Message.NLM_F_ACK_TLVS,
      sequence: 9,
      port: 1,
      payload
    }

    assert.deepStrictEqual(Message.acknowledgement(message), { errno: 22, text: "n", attributeOffset: 16 })
  })

  it("reads the end of a dump, with the error that ended it", () => {
    assert.strictEqual(done(Uint8Array.of(0, 0, 0, 0)), 0)
    assert.strictEqual(done(Uint8Array.of(0xed, 0xff, 0xff, 0xff)), 19)
  })

  it("never takes one that is cut short for success", () => {
    const message = {
      type: Message.NLMSG_ERROR,
      flags: 0,
      sequence: 1,
      port: 1,
      payload: Uint8Array.of(0, 0)
    }

    assert.strictEqual(Message.acknowledgement(message)?.errno, 74)
  })

  it("is nothing for other messages", () => {
    const message = { type: 16, flags: 0, sequence: 1, port: 1, payload: Uint8Array.of(0, 0, 0, 0) }

    assert.isUndefined(Message.acknowledgement(message))
  })
})
