import { assert, describe, it } from "@effect/vitest"
import * as CheckPlan from "@holdfast/balancer/CheckPlan"
import type { VirtualServer } from "@holdfast/balancer/Parameters"
import * as VirtualServerSet from "@holdfast/balancer/VirtualServerSet"
import { seconds } from "@holdfast/wire/Instant"
import * as Schema from "effect/Schema"
import { check, realServer, tcp, timing, virtualServer } from "./Fixture.ts"

const keysOf = (virtualServers: ReadonlyArray<VirtualServer>) => [...CheckPlan.make(virtualServers).keys()]
const withCheck = (name: string, host: number, ...checks: ReadonlyArray<ReturnType<typeof check>>) =>
  virtualServer({ name, realServers: [realServer(host, { checks })] })

const Entries = Schema.Array(
  Schema.Struct({
    name: Schema.Literals(["a", "b"]),
    servers: Schema.Array(
      Schema.Struct({
        host: Schema.Literals([1, 2, 3]),
        weight: Schema.Literals([1, 2]),
        ports: Schema.Array(Schema.Literals([80, 443]))
      })
    )
  })
)

const listOf = (entries: typeof Entries.Type): ReadonlyArray<VirtualServer> => {
  const byName = new Map(
    entries.map(({ name, servers }) => {
      const realServers = new Map(
        servers.map(({ host, ports, weight }) => [
          host,
          realServer(host, { weight, checks: ports.map((port) => check(tcp(1, port))) })
        ])
      )
      return [name, virtualServer({ name, realServers: [...realServers.values()] })]
    })
  )
  return [...byName.values()]
}

/** Order is nothing: neither of checks nor of subscribers. */
const normal = (plan: CheckPlan.CheckPlan) =>
  new Map(
    Array.from(plan.values(), ({ key, subscribers }) => [
      key,
      subscribers.map((subscriber) => JSON.stringify(subscriber)).toSorted()
    ])
  )

describe("CheckPlan.make", () => {
  it("makes one check for all that check the same in the same way", () => {
    const plan = CheckPlan.make([virtualServer({ name: "a" }), virtualServer({ name: "b" })])

    assert.deepStrictEqual(
      Array.from(plan.values(), ({ subscribers }) => subscribers),
      ["10.0.0.1:80", "10.0.0.2:80"].map((server) => [
        { virtualServer: "a", server, check: 0 },
        { virtualServer: "b", server, check: 0 }
      ])
    )
  })

  it("shares an alpha check with one that is not: what differs is the servers' affair", () => {
    const servers = [withCheck("a", 1, check(tcp(1))), withCheck("b", 1, check(tcp(1), { alpha: true }))]

    assert.strictEqual(keysOf(servers).length, 1)
  })

  it.each([
    ["the address", check(tcp(2))],
    ["the port", check(tcp(1, 443))],
    ["the kind of probe", check({ _tag: "Ping", connection: { address: realServer(1).address, port: 80 } })],
    ["the delay", check(tcp(1), { timing: timing({ delay: seconds(11) }) })],
    ["the retries", check(tcp(1), { timing: timing({ retries: 2 }) })],
    ["warmup", check(tcp(1), { timing: timing({ warmup: seconds(0) }) })]
  ])("does not share a check when %s differs", (_, other) => {
    assert.strictEqual(keysOf([withCheck("a", 1, check(tcp(1)), other)]).length, 2)
  })

  it("tells payloads apart", () => {
    const udp = (byte: number) =>
      check({
        _tag: "Udp",
        connection: { address: realServer(1).address, port: 53 },
        payload: Uint8Array.of(byte),
        requireReply: false,
        replyMin: 0,
        replyMax: 255
      })

    assert.strictEqual(keysOf([withCheck("a", 1, udp(1), udp(2), udp(1))]).length, 2)
  })

  it("has the same keys for equal parameters", () => {
    assert.deepStrictEqual(keysOf(structuredClone([virtualServer()])), keysOf([virtualServer()]))
  })
})

describe("CheckPlan after a reload", () => {
  it("keeps a check for which others wait now, and adds and removes others", () => {
    const running = [withCheck("a", 1, check(tcp(1)), check(tcp(2)))]
    const wanted = [withCheck("b", 1, check(tcp(1)), check(tcp(3)))]
    const before = CheckPlan.make(running)

    const { added, changed, removed } = CheckPlan.diff(
      before,
      CheckPlan.update(before, VirtualServerSet.diff(running, wanted))
    )

    assert.deepStrictEqual(
      [changed, added, removed].map((checks) => checks.map(({ plan }) => plan.probe)),
      [[tcp(1)], [tcp(3)], [tcp(2)]]
    )
    assert.strictEqual(changed[0]?.subscribers[0]?.virtualServer, "b")
  })

  it("looks at no server that is the same", () => {
    const running = [virtualServer()]
    const wanted = structuredClone([
      virtualServer({ realServers: [realServer(1), realServer(2, { weight: 9 })] })
    ])
    const before = CheckPlan.make(running)

    const { added, changed, removed } = CheckPlan.diff(
      before,
      CheckPlan.update(before, VirtualServerSet.diff(running, wanted))
    )

    assert.deepStrictEqual([added, removed], [[], []])
    assert.deepStrictEqual(
      changed.map(({ plan }) => plan.probe),
      [tcp(2)]
    )
  })

  it.prop(
    "is the plan of the wanted virtual servers, for all pairs of lists",
    [Entries, Entries],
    ([left, right]) => {
      const [running, wanted] = [listOf(left), listOf(right)]

      const updated = CheckPlan.update(CheckPlan.make(running), VirtualServerSet.diff(running, wanted))

      assert.deepStrictEqual(normal(updated), normal(CheckPlan.make(wanted)))
    },
    { arbitrary: { runs: 500, seed: "check-plan" } }
  )
})
