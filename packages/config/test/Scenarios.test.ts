/** Six ways to build one pair of load balancers, both files of each, read exactly as written. */
import * as Configuration from "@holdfast/config/Configuration"
import * as Diagnostic from "@holdfast/config/Diagnostic"
import * as Lexer from "@holdfast/config/Lexer"
import * as Model from "@holdfast/config/Model"
import * as Parser from "@holdfast/config/Parser"
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

const modelOf = (file: string) => {
  const report = Diagnostic.makeReport()
  return Model.read(Parser.parse(Lexer.tokenize(sourceOf(file), report), report), report)
}

const unsupported = (file: string, line: number, keyword: string) =>
  `${file}:${line}:9: error: ${keyword} is not supported by this version (the configuration is refused, because running without it would be wrong)`

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
      balancer
    })
    assert.deepStrictEqual<unknown>(second, {
      ...first,
      routerId: "ld-2",
      routers: [{ ...basic, priority: 150 }]
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

  it("c: the model knows the virtual MAC address, which this version refuses", () => {
    const file = "c-vmac-multicast-LD1.conf"
    const { values } = modelOf(file).vrrpInstances[0]!.settings

    assert.strictEqual(values.use_vmac?.value.name, "uvmac")
    assert.isUndefined(values.vmac_xmit_base)
    assert.strictEqual(values.virtual_ipaddress?.value[0]?.interface, "uvmac")
    assert.deepStrictEqual(diagnosticsOf(file), [unsupported(file, 8, "use_vmac")])
  })

  it("c: SLAVE is read as keepalived reads it, with a warning", () => {
    const file = "c-vmac-multicast-LD2.conf"

    assert.strictEqual(modelOf(file).vrrpInstances[0]?.settings.values.state?.value, "Backup")
    assert.deepStrictEqual(diagnosticsOf(file), [
      `${file}:6:15: warning: state: SLAVE is unknown and is read as BACKUP (write MASTER or BACKUP)`,
      unsupported(file, 8, "use_vmac")
    ])
  })

  it("d and 5: the model knows the virtual MAC address and the base interface, which this version refuses", () => {
    for (const name of ["d-vmac-unicast", "5-vmac-xmit-base"]) {
      for (const file of [`${name}-LD1.conf`, `${name}-LD2.conf`]) {
        const { values } = modelOf(file).vrrpInstances[0]!.settings

        assert.strictEqual(values.use_vmac?.value.name, "uvmac")
        assert.isTrue(values.vmac_xmit_base?.value)
        assert.deepStrictEqual(diagnosticsOf(file), [
          unsupported(file, 9, "use_vmac"),
          unsupported(file, 10, "vmac_xmit_base")
        ])
      }
    }
  })
})
