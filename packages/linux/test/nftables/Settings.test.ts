import { assert, describe, it } from "@effect/vitest"
import type { Service } from "@holdfast/balancer/Service"
import * as Settings from "@holdfast/linux/nftables/Settings"
import { commentLengthMax } from "@holdfast/netlink/NfTablesAttribute"
import { endpoint, server, serviceOf } from "./Fixture.ts"

const web = endpoint("192.0.2.1", 80)

describe("Settings", () => {
  it.each<readonly [string, Partial<Service>]>([
    ["TCP 192.0.2.1:80 wrr", {}],
    ["TCP 192.0.2.1:80 sh flags 1,2", { scheduler: "sh", schedulerFlags: [1, 2] }],
    ["TCP 192.0.2.1:80 rr ops", { scheduler: "rr", onePacket: true }],
    [
      "TCP 192.0.2.1:80 wrr persistence 300/24 engine sip",
      { persistence: { timeoutSeconds: 300, granularity: 24, engine: "sip" } }
    ]
  ])("writes and reads %s", (text, differences) => {
    const service = serviceOf(web, [], differences)

    assert.strictEqual(Settings.formatService(service), text)
    assert.deepStrictEqual({ ...Settings.parseService(web, text)!, destinations: new Map() }, service)
  })

  it.each([
    ["10.0.0.1:80 weight 0", server("10.0.0.1", 80, 0)],
    ["[fd00::1]:0 weight 3", server("fd00::1", 0, 3)],
    [
      "10.0.0.1:80 weight 3 thresholds 100/80",
      server("10.0.0.1", 80, 3, { upperThreshold: 100, lowerThreshold: 80 })
    ]
  ])("writes and reads %s", (text, destination) => {
    assert.strictEqual(Settings.formatDestination(destination), text)
    assert.deepStrictEqual(Settings.parseDestination(text), destination)
  })

  it.each(["", "TCP 192.0.2.1:80", "TCP 192.0.2.1:80 best", "TCP 192.0.2.1:8080 wrr", "note"])(
    "does not take %j for the settings of TCP 192.0.2.1:80",
    (text) => {
      assert.isUndefined(Settings.parseService(web, text))
    }
  )

  it.each([
    "",
    "x",
    "10.0.0.1 weight 1",
    "10.0.0.1:80",
    "10.0.0.1:80 weight many",
    "10.0.0.1:99999 weight 1"
  ])("does not take %j for a server", (text) => {
    assert.isUndefined(Settings.parseDestination(text))
  })

  it("passes over numbers that are none", () => {
    assert.isUndefined(Settings.parseService(web, "TCP 192.0.2.1:80 wrr persistence many/24")?.persistence)
  })

  it("fits a comment", () => {
    const address = "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"
    const service = serviceOf(endpoint(address, 65_535, "SCTP"), [], {
      scheduler: "lblcr",
      schedulerFlags: [1, 2, 3],
      onePacket: true,
      persistence: { timeoutSeconds: 2_678_400, granularity: 128, engine: "sip" }
    })

    assert.isBelow(Settings.formatService(service).length, commentLengthMax)
  })
})
