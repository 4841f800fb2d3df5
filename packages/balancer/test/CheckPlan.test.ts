import { assert, describe, it } from "@effect/vitest"
import * as CheckPlan from "@holdfast/balancer/CheckPlan"
import type { VirtualServer } from "@holdfast/balancer/Parameters"
import { seconds } from "@holdfast/wire/Instant"
import { check, realServer, tcp, timing, virtualServer } from "./Fixture.ts"

const keysOf = (virtualServers: ReadonlyArray<VirtualServer>) => [...CheckPlan.make(virtualServers).keys()]
const withCheck = (name: string, host: number, ...checks: ReadonlyArray<ReturnType<typeof check>>) =>
  virtualServer({ name, realServers: [realServer(host, { checks })] })

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

  it("has the same keys after a reload, with the plan before and without", () => {
    const before = CheckPlan.make([virtualServer()])
    const wanted = structuredClone([virtualServer()])

    assert.deepStrictEqual([...CheckPlan.make(wanted, before).keys()], [...before.keys()])
    assert.deepStrictEqual(CheckPlan.make([virtualServer()], before), CheckPlan.make([virtualServer()]))
  })
})

describe("CheckPlan.diff", () => {
  it("keeps a check for which others wait now", () => {
    const before = CheckPlan.make([withCheck("a", 1, check(tcp(1)), check(tcp(2)))])
    const after = CheckPlan.make([withCheck("b", 1, check(tcp(1)), check(tcp(3)))])

    const { added, kept, removed } = CheckPlan.diff(before, after)

    assert.deepStrictEqual(
      [kept[0]?.plan.probe, added[0]?.plan.probe, removed[0]?.plan.probe],
      [tcp(1), tcp(3), tcp(2)]
    )
    assert.strictEqual(kept[0]?.subscribers[0]?.virtualServer, "b")
    assert.deepStrictEqual([kept.length, added.length, removed.length], [1, 1, 1])
  })
})
