import { assert, describe, it } from "@effect/vitest"
import type * as Message from "@holdfast/netlink/Message"
import * as NetlinkClient from "@holdfast/netlink/NetlinkClient"
import * as NfTables from "@holdfast/netlink/NfTables"
import * as Attributes from "@holdfast/netlink/NfTablesAttribute"
import * as Expression from "@holdfast/netlink/NfTablesExpression"
import * as NfTablesQuery from "@holdfast/netlink/NfTablesQuery"
import type { Request } from "@holdfast/netlink/Request"
import * as Effect from "effect/Effect"
import * as FakeKernel from "./FakeKernel.ts"

/** Words of four bytes. */
const hex = (bytes: Uint8Array) =>
  (
    Buffer.from(bytes)
      .toString("hex")
      .match(/.{1,8}/g) ?? []
  ).join(" ")

/** A request as the kernel would tell it again: the payloads of NEW messages and of answers are the same. */
const told = ({ type, payload }: Request): Message.Message => ({
  type,
  flags: 0,
  sequence: 0,
  port: 0,
  payload
})

const rule: NfTables.Rule = {
  table: "t",
  chain: "c",
  comment: "why",
  expressions: [
    { name: "meta", data: { NFTA_META_DREG: 1, NFTA_META_KEY: Expression.NFT_META_L4PROTO } },
    { name: "counter", data: { NFTA_COUNTER_BYTES: 5_000_000_000n, NFTA_COUNTER_PACKETS: 3n } }
  ]
}

describe("NfTables", () => {
  it("encodes a rule as libnftnl does", () => {
    const { payload, type } = NfTables.newRule({ ...rule, expressions: rule.expressions.slice(0, 1) })

    assert.strictEqual(type, 0x0a06)
    assert.strictEqual(
      hex(payload),
      [
        "01000000", // inet, version 0, resource 0
        "06000100 74000000", // table "t"
        "06000200 63000000", // chain "c"
        "28000480", // expressions
        "24000180", // element
        "09000100 6d657461 00000000", // name "meta"
        "14000280", // data
        "08000100 00000001", // register 1
        "08000200 00000010", // layer 4 protocol
        "0a000700 00047768 79000000" // user data: comment "why"
      ].join(" ")
    )
  })

  it("reads a rule, a set and elements back", () => {
    const set: NfTables.Set = {
      table: "t",
      name: "s",
      flags: NfTables.NFT_SET_MAP,
      keyType: 7,
      keyLength: 4,
      dataType: NfTables.NFT_DATA_VERDICT,
      dataLength: undefined,
      comment: "slots"
    }
    const element: NfTables.Element = {
      key: Uint8Array.of(1, 2, 3, 4),
      value: undefined,
      verdict: { code: Expression.NFT_GOTO, chain: "c" },
      expression: undefined
    }
    const [newElements] = NfTables.newElements(set, [element])

    assert.deepStrictEqual(NfTablesQuery.rules("t").decode(told(NfTables.newRule(rule))), rule)
    assert.deepStrictEqual(
      NfTablesQuery.sets("t").decode(told(NfTables.newSet({ ...set, hostOrder: true }))),
      set
    )
    assert.deepStrictEqual(NfTablesQuery.elements("t", "s").decode(told(newElements!)), [element])
    assert.isUndefined(NfTablesQuery.rules("other").decode(told(NfTables.newRule(rule))))
  })

  it("reads a hook with a negative priority back", () => {
    const chain: NfTables.Chain = {
      table: "t",
      name: "c",
      hook: { type: "nat", number: NfTables.NF_INET_LOCAL_OUT, priority: NfTables.NF_IP_PRI_NAT_DST }
    }

    assert.deepStrictEqual(NfTablesQuery.chain("t", "c").decode(told(NfTables.newChain(chain))), chain)
  })

  it("keeps every request of elements below the 64 KiB of an attribute", () => {
    const elements = Array.from({ length: 1000 }, () => ({
      key: new Uint8Array(24),
      verdict: { code: Expression.NFT_GOTO, chain: "c".repeat(127) }
    }))

    const requests = NfTables.newElements({ table: "t", name: "s" }, elements)

    const found = requests.flatMap((one) => NfTablesQuery.elements("t", "s").decode(told(one)) ?? [])
    assert.strictEqual(found.length, 1000)
    for (const { payload } of requests) assert.isBelow(payload.length, 0x10000)
  })

  it("names expressions that it does not know, and cuts comments that are too long", () => {
    const envelope = [0x0b, 0, 1, 0, ...new TextEncoder().encode("queue\0"), 0, 0]
    const bytes = Uint8Array.from(envelope)
    const view = new DataView(bytes.buffer)

    assert.deepStrictEqual(Expression.codec.read(view, 0, bytes.length), { name: "Foreign", kind: "queue" })
    const long = Attributes.userData(Attributes.ruleComment, "x".repeat(1000))
    assert.isAtMost(long.length, 256)
    assert.strictEqual(Attributes.commentOf(Attributes.ruleComment, long), "x".repeat(252))
  })

  it.each([[], [0], [0, 9, 65], [7, 2, 65, 0]])("finds no comment in %j", (...bytes) => {
    assert.isUndefined(Attributes.commentOf(Attributes.ruleComment, Uint8Array.from(bytes.flat())))
  })

  it("tells the table of a notification", () => {
    assert.strictEqual(NfTablesQuery.tableOf(told(NfTables.newRule(rule))), "t")
    assert.strictEqual(NfTablesQuery.tableOf(told(NfTables.deleteTable("t"))), "t")
    assert.isUndefined(NfTablesQuery.tableOf({ ...told(NfTables.newRule(rule)), type: 0x0206 }))
  })
})

describe("transaction", () => {
  const requests = [
    NfTables.newTable("t"),
    NfTables.newChain({ table: "t", name: "c" }),
    NfTables.newRule(rule)
  ]
  const errorsOf = (rejections: ReadonlyArray<NetlinkClient.Rejection>) =>
    rejections.map(({ error, index }) => [index, error.code])

  it.effect("goes out as one datagram, framed, and asks for one acknowledgement", () =>
    Effect.gen(function* () {
      const kernel = FakeKernel.make((messages, { answer }) => answer(FakeKernel.acknowledge(messages[3]!)))
      const client = yield* NetlinkClient.make(kernel)

      assert.deepStrictEqual(yield* client.transaction(NfTables.transaction(requests, 7)), [])

      const [messages] = kernel.datagrams
      assert.deepStrictEqual(
        messages?.map(({ type }) => type),
        [16, 0x0a00, 0x0a03, 0x0a06, 17]
      )
      assert.deepStrictEqual(
        messages?.map(({ flags }) => (flags & 0x04) !== 0),
        [false, false, false, true, false]
      )
      assert.strictEqual(hex(messages![0]!.payload), "0000000a 08000100 00000007")
    })
  )

  it.effect("says which requests the kernel refused, though it acknowledges others", () =>
    Effect.gen(function* () {
      const kernel = FakeKernel.make((messages, { answer }) =>
        answer(
          FakeKernel.acknowledge(messages[1]!, 17),
          FakeKernel.acknowledge(messages[2]!, 2),
          FakeKernel.acknowledge(messages[3]!)
        )
      )
      const client = yield* NetlinkClient.make(kernel)

      const rejections = yield* client.transaction(NfTables.transaction(requests))

      assert.deepStrictEqual(errorsOf(rejections), [
        [0, "EEXIST"],
        [1, "ENOENT"]
      ])
    })
  )

  it.effect("does not wait for more when the kernel refuses the whole", () =>
    Effect.gen(function* () {
      const kernel = FakeKernel.make((messages, { answer }) =>
        answer(FakeKernel.acknowledge(messages[0]!, 1))
      )
      const client = yield* NetlinkClient.make(kernel)

      const rejections = yield* client.transaction(NfTables.transaction(requests))

      assert.deepStrictEqual(errorsOf(rejections), [[undefined, "EPERM"]])
    })
  )

  it.effect("asks nothing for no requests", () =>
    Effect.gen(function* () {
      const kernel = FakeKernel.make(() => {})
      const client = yield* NetlinkClient.make(kernel)

      assert.deepStrictEqual(yield* client.transaction(NfTables.transaction([])), [])
      assert.deepStrictEqual(kernel.datagrams, [])
    })
  )
})
