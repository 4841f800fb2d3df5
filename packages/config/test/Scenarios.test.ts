/** Six ways to build one pair of load balancers, both files of each, read exactly as written. */
import * as Configuration from "@holdfast/config/Configuration"
import * as Diagnostic from "@holdfast/config/Diagnostic"
import type * as Lexer from "@holdfast/config/Lexer"
import * as Notification from "@holdfast/vrrp/NotificationParameters"
import * as Shared from "@holdfast/vrrp/SharedParameters"
import * as Tracking from "@holdfast/vrrp/TrackingParameters"
import * as Vrrp from "@holdfast/vrrp/Parameters"
import * as Instant from "@holdfast/wire/Instant"
import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const sourceOf = (file: string): Lexer.Source => ({
  file,
  text: readFileSync(fileURLToPath(new URL(`../../../test/scenarios/${file}`, import.meta.url)), "utf8")
})

const configurationOf = (file: string) => Option.getOrThrow(Configuration.read(sourceOf(file)).configuration)

const diagnosticsOf = (file: string) => Configuration.read(sourceOf(file)).diagnostics.map(Diagnostic.format)

const basic = {
  ...Vrrp.defaults,
  name: "VI_1",
  interface: "eth0",
  vrid: 82,
  priority: 250,
  advertInterval: Instant.seconds(1),
  preempt: true,
  preemptDelay: Instant.seconds(0),
  transport: { _tag: "Multicast", group: "224.0.0.18" },
  addresses: [
    {
      address: "192.168.3.117",
      prefixLength: 32,
      interface: "eth1",
      scope: 0,
      advertised: true,
      tracked: true
    },
    { address: "172.168.0.7", prefixLength: 32, interface: "eth0", scope: 0, advertised: true, tracked: true }
  ],
  announcement: {
    repeatCount: 5,
    delay: Instant.seconds(5),
    refreshInterval: Instant.seconds(0),
    refreshRepeatCount: 1,
    lowerPriorityDelay: Instant.seconds(5),
    lowerPriorityRepeatCount: 5
  },
  answerLowerPriority: true,
  answerHigherPriority: false,
  skipRepeatedAddressCheck: false,
  checkUnicastSource: false,
  trackPrimary: true
}

const mac = "00:00:5e:00:01:52"

const device = { name: "uvmac", parent: "eth1", mac, families: ["Ipv4"] }

const onVirtualMac = (transmitBase: boolean) => ({
  virtualMac: { interface: "uvmac", mac, transmitBase },
  addresses: [{ ...basic.addresses[0], interface: "uvmac" }, basic.addresses[1]]
})

const unicastTo = (peer: string) => ({ _tag: "Unicast", peers: [{ address: peer }], hopLimit: 255 })

const realServer = (address: string) => ({
  key: `${address}:80`,
  address,
  port: 80,
  weight: 100,
  method: { _tag: "Nat" },
  upperThreshold: 0,
  lowerThreshold: 0,
  inhibitOnFailure: false,
  checks: [
    {
      probe: { _tag: "Tcp", connection: { address, port: 80 } },
      timing: {
        delay: Instant.seconds(6),
        timeout: Instant.seconds(3),
        retries: 1,
        retryDelay: Instant.seconds(1),
        logAllFailures: false
      },
      alpha: false
    }
  ]
})

const virtualServer = {
  name: "group VSG_3 TCP",
  addresses: [{ _tag: "Endpoint", protocol: "TCP", address: "192.168.3.117", port: 80 }],
  group: "VSG_3",
  protocol: "TCP",
  scheduler: "wlc",
  schedulerFlags: [],
  onePacket: false,
  quorum: 1,
  hysteresis: 0,
  alpha: false,
  omega: false,
  haSuspend: false,
  slowStart: Instant.seconds(0),
  drain: Instant.seconds(0),
  sorryServers: [],
  sorryInhibit: false,
  realServers: [realServer("172.168.0.1"), realServer("172.168.0.2")]
}

const balancer = {
  plane: "auto",
  flushAtStart: false,
  atStop: "remove",
  timeouts: {},
  fifos: [],
  scripts: { security: false },
  notifyInitial: false,
  virtualServers: [virtualServer]
}

describe("Scenarios", () => {
  it("a: the basic pair compiles, without a word", () => {
    const first = configurationOf("a-basic-LD1.conf")
    const second = configurationOf("a-basic-LD2.conf")

    assert.deepStrictEqual<unknown>(first, {
      routerId: "ld-1",
      routers: [basic],
      shared: Shared.none,
      tracking: Tracking.none,
      notifications: { ...Notification.none, routerId: "ld-1" },
      secretFiles: [],
      balancer
    })
    assert.deepStrictEqual<unknown>(second, {
      ...first,
      routerId: "ld-2",
      routers: [{ ...basic, priority: 150 }],
      notifications: { ...Notification.none, routerId: "ld-2" }
    })
    assert.deepStrictEqual(diagnosticsOf("a-basic-LD1.conf"), [])
    assert.deepStrictEqual(diagnosticsOf("a-basic-LD2.conf"), [])
  })

  it("b: the unicast pair compiles, without a word", () => {
    const [first] = configurationOf("b-unicast-LD1.conf").routers
    const [second] = configurationOf("b-unicast-LD2.conf").routers

    assert.deepStrictEqual<unknown>(first, {
      ...basic,
      transport: unicastTo("172.168.0.102"),
      sourceAddress: "172.168.0.101"
    })
    assert.deepStrictEqual<unknown>(second, {
      ...basic,
      priority: 150,
      transport: unicastTo("172.168.0.101"),
      sourceAddress: "172.168.0.102"
    })
    assert.deepStrictEqual(diagnosticsOf("b-unicast-LD1.conf"), [])
    assert.deepStrictEqual(diagnosticsOf("b-unicast-LD2.conf"), [])
  })

  it("6: the pair on a macvlan made by hand compiles, without a word", () => {
    const [router] = configurationOf("6-macvlan-LD1.conf").routers

    assert.strictEqual(router?.addresses[0]?.interface, "uvmac")
    for (const file of ["6-macvlan-LD1.conf", "6-macvlan-LD2.conf"]) {
      assert.deepStrictEqual(diagnosticsOf(file), [])
    }
  })

  it("c: an address on the virtual MAC device of its own instance is understood", () => {
    const { routers, shared } = configurationOf("c-vmac-multicast-LD1.conf")

    assert.deepStrictEqual<unknown>(routers, [{ ...basic, ...onVirtualMac(false), interface: "eth1" }])
    assert.deepStrictEqual<unknown>(shared.devices, [device])
    assert.deepStrictEqual(diagnosticsOf("c-vmac-multicast-LD1.conf"), [])
  })

  it("c: SLAVE is read as keepalived reads it, with a warning", () => {
    const file = "c-vmac-multicast-LD2.conf"
    const { routers, shared } = configurationOf(file)

    assert.deepStrictEqual<unknown>(routers, [
      { ...basic, ...onVirtualMac(false), interface: "eth1", priority: 150 }
    ])
    assert.deepStrictEqual<unknown>(shared.devices, [device])
    assert.deepStrictEqual(diagnosticsOf(file), [
      `${file}:6:15: warning: state: SLAVE is unknown and is read as BACKUP (write MASTER or BACKUP)`
    ])
  })

  it.each([
    ["d-vmac-unicast", ["192.168.3.181", "192.168.3.182"]],
    ["5-vmac-xmit-base", []]
  ] as const)("%s: adverts leave by the device below", (name, [first, second]) => {
    for (const [own, peer, priority] of [
      [first, second, 250],
      [second, first, 150]
    ] as const) {
      const file = `${name}-LD${priority === 250 ? 1 : 2}.conf`
      const { routers, shared } = configurationOf(file)

      assert.deepStrictEqual<unknown>(routers, [
        {
          ...basic,
          ...onVirtualMac(true),
          interface: "eth1",
          priority,
          ...(peer === undefined ? {} : { transport: unicastTo(peer), sourceAddress: own })
        }
      ])
      assert.deepStrictEqual<unknown>(shared.devices, [device])
      assert.deepStrictEqual(diagnosticsOf(file), [])
    }
  })
})
