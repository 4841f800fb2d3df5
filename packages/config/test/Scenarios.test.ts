/** Six ways to build one pair of load balancers, both files of each, read exactly as written. */
import * as Configuration from "@holdfast/config/Configuration"
import * as Diagnostic from "@holdfast/config/Diagnostic"
import * as Lexer from "@holdfast/config/Lexer"
import * as Model from "@holdfast/config/Model"
import * as Parser from "@holdfast/config/Parser"
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

const virtualServerWarning = (file: string, line: number) =>
  `${file}:${line}:1: warning: virtual_server is read but does not run in this version (it balances no traffic)`

const unsupported = (file: string, line: number, keyword: string) =>
  `${file}:${line}:9: error: ${keyword} is not supported by this version (the configuration is refused, because running without it would be wrong)`

const basic = {
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

const unicastTo = (peer: string) => ({ _tag: "Unicast", peers: [peer] })

const realServer = (address: string) => ({
  endpoint: { address, port: 80 },
  weight: 100,
  tcpChecks: [{ connectTimeout: Instant.seconds(3), connectPort: 80 }]
})

const virtualServer = {
  service: { _tag: "Group", name: "VSG_3" },
  delayInterval: Instant.seconds(6),
  scheduler: "wlc",
  method: "NAT",
  protocol: "TCP",
  realServers: [realServer("172.168.0.1"), realServer("172.168.0.2")]
}

describe("Scenarios", () => {
  it("a: the basic pair compiles, with one warning", () => {
    const first = configurationOf("a-basic-LD1.conf")
    const second = configurationOf("a-basic-LD2.conf")

    assert.deepStrictEqual<unknown>(first, {
      routerId: "ld-1",
      routers: [basic],
      virtualServers: [virtualServer],
      virtualServerGroups: [{ name: "VSG_3", endpoints: [{ address: "192.168.3.117", port: 80 }] }]
    })
    assert.deepStrictEqual<unknown>(second, {
      ...first,
      routerId: "ld-2",
      routers: [{ ...basic, priority: 150 }]
    })
    assert.deepStrictEqual(diagnosticsOf("a-basic-LD1.conf"), [virtualServerWarning("a-basic-LD1.conf", 21)])
    assert.deepStrictEqual(diagnosticsOf("a-basic-LD2.conf"), [virtualServerWarning("a-basic-LD2.conf", 21)])
  })

  it("b: the unicast pair compiles, with one warning", () => {
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
    assert.deepStrictEqual(diagnosticsOf("b-unicast-LD1.conf"), [
      virtualServerWarning("b-unicast-LD1.conf", 25)
    ])
    assert.deepStrictEqual(diagnosticsOf("b-unicast-LD2.conf"), [
      virtualServerWarning("b-unicast-LD2.conf", 25)
    ])
  })

  it("6: the pair on a macvlan made by hand compiles, with one warning", () => {
    const [router] = configurationOf("6-macvlan-LD1.conf").routers

    assert.strictEqual(router?.addresses[0]?.interface, "uvmac")
    for (const file of ["6-macvlan-LD1.conf", "6-macvlan-LD2.conf"]) {
      assert.deepStrictEqual(diagnosticsOf(file), [virtualServerWarning(file, 25)])
    }
  })

  it("c: the model knows the virtual MAC address, which this version refuses", () => {
    const file = "c-vmac-multicast-LD1.conf"
    const { values } = modelOf(file).vrrpInstances[0]!.settings

    assert.strictEqual(values.use_vmac?.value.name, "uvmac")
    assert.isUndefined(values.vmac_xmit_base)
    assert.strictEqual(values.virtual_ipaddress?.value[0]?.interface, "uvmac")
    assert.deepStrictEqual(diagnosticsOf(file), [
      unsupported(file, 8, "use_vmac"),
      virtualServerWarning(file, 21)
    ])
  })

  it("c: SLAVE is read as keepalived reads it, with a warning", () => {
    const file = "c-vmac-multicast-LD2.conf"

    assert.strictEqual(modelOf(file).vrrpInstances[0]?.settings.values.state?.value, "Backup")
    assert.deepStrictEqual(diagnosticsOf(file), [
      `${file}:6:15: warning: state: SLAVE is unknown and is read as BACKUP (write MASTER or BACKUP)`,
      unsupported(file, 8, "use_vmac"),
      virtualServerWarning(file, 21)
    ])
  })

  it("d and 5: the model knows the virtual MAC address and the base interface, which this version refuses", () => {
    for (const [name, line] of [
      ["d-vmac-unicast", 27],
      ["5-vmac-xmit-base", 23]
    ] as const) {
      for (const file of [`${name}-LD1.conf`, `${name}-LD2.conf`]) {
        const { values } = modelOf(file).vrrpInstances[0]!.settings

        assert.strictEqual(values.use_vmac?.value.name, "uvmac")
        assert.isTrue(values.vmac_xmit_base?.value)
        assert.deepStrictEqual(diagnosticsOf(file), [
          unsupported(file, 9, "use_vmac"),
          unsupported(file, 10, "vmac_xmit_base"),
          virtualServerWarning(file, line)
        ])
      }
    }
  })
})
