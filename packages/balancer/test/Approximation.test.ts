import { assert, describe, it } from "@effect/vitest"
import * as Approximation from "@holdfast/balancer/Approximation"
import type { VirtualServer } from "@holdfast/balancer/Parameters"
import { type Scheduler, schedulers } from "@holdfast/balancer/Service"
import { realServer, sorryServer, virtualServer } from "./Fixture.ts"

const notesOf = (overrides: Partial<VirtualServer>) =>
  Approximation.notes(virtualServer({ scheduler: "wrr", ...overrides }))

describe("Approximation", () => {
  it("has a note for every scheduler but those that are exact", () => {
    const exact = schedulers.filter((scheduler) => notesOf({ scheduler }).length === 0)

    assert.deepStrictEqual(exact, ["rr", "wrr", "sh", "dh", "fo"] satisfies ReadonlyArray<Scheduler>)
    assert.deepStrictEqual(notesOf({ scheduler: "wlc" }), [
      "TCP 192.0.2.1:80: lvs_sched wlc is done as wrr: nf_tables does not count open connections"
    ])
  })

  it.each([
    ["thresholds", { realServers: [realServer(1, { upperThreshold: 10 })] }, "uthreshold"],
    ["a lower threshold", { realServers: [realServer(1, { lowerThreshold: 10 })] }, "lthreshold"],
    ["one packet", { onePacket: true }, "ops"],
    ["the fallback of sh", { scheduler: "sh", schedulerFlags: [1] }, "sh-fallback"],
    [
      "the engine sip",
      { persistence: { timeoutSeconds: 1, granularity: 32, engine: "sip" } },
      "persistence_engine sip"
    ]
  ] as const)("notes %s", (_name, overrides, words) => {
    const notes = notesOf(overrides)

    assert.strictEqual(notes.length, 1)
    assert.include(notes[0], words)
  })

  it("has no note for the port of sh, persistence and NAT", () => {
    assert.deepStrictEqual(
      notesOf({
        scheduler: "sh",
        schedulerFlags: [2],
        persistence: { timeoutSeconds: 300, granularity: 24 }
      }),
      []
    )
  })

  it("finds servers impossible that are not reached by NAT", () => {
    const found = Approximation.impossible(
      virtualServer({
        realServers: [realServer(1), realServer(2, { method: { _tag: "DirectRouting" } })],
        sorryServers: [{ ...sorryServer(3), method: { _tag: "Tunnel", tunnel: { type: "ipip" } } }]
      })
    )

    assert.deepStrictEqual(found, [
      "TCP 192.0.2.1:80: 10.0.0.2:80: lvs_method DR needs IPVS: nf_tables can only do NAT",
      "TCP 192.0.2.1:80: 10.0.0.3:80: lvs_method TUN needs IPVS: nf_tables can only do NAT"
    ])
    assert.deepStrictEqual(Approximation.impossible(virtualServer()), [])
  })
})
