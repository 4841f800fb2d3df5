import * as NotifyLine from "@holdfast/balancer/NotifyLine"
import type { RealServer, VirtualServer } from "@holdfast/balancer/Parameters"
import type { Method, Protocol, ServiceAddress } from "@holdfast/balancer/Service"
import type { IpAddress } from "@holdfast/wire/Address"
import type { Micros } from "@holdfast/wire/Instant"
import { assert, describe, it } from "@effect/vitest"

const endpoint = (protocol: Protocol, address: string, port: number): ServiceAddress => ({
  _tag: "Endpoint",
  protocol,
  address: address as IpAddress,
  port
})
const mark = (number: number, family: "inet" | "inet6" = "inet"): ServiceAddress => ({
  _tag: "FirewallMark",
  family,
  mark: number
})

const virtualServer = (
  addresses: ReadonlyArray<ServiceAddress>,
  options: { readonly protocol?: Protocol; readonly group?: string } = {}
): VirtualServer => ({
  name: "a name",
  addresses,
  protocol: "TCP",
  scheduler: "rr",
  schedulerFlags: [],
  onePacket: false,
  quorum: 1,
  hysteresis: 0,
  alpha: true,
  omega: true,
  haSuspend: false,
  slowStart: 0 as Micros,
  drain: 0 as Micros,
  sorryServers: [],
  sorryInhibit: false,
  realServers: [],
  ...options
})

const nat: Method = { _tag: "Nat" }
const direct: Method = { _tag: "DirectRouting" }
const tunnel: Method = { _tag: "Tunnel", tunnel: { type: "ipip" } }

const realServer = (address: string, port: number, method: Method): RealServer => ({
  key: `${address} ${port}`,
  address: address as IpAddress,
  port,
  weight: 1,
  method,
  upperThreshold: 0,
  lowerThreshold: 0,
  inhibitOnFailure: false,
  checks: []
})

const web = virtualServer([endpoint("TCP", "192.0.2.1", 80)])
const group = virtualServer([endpoint("UDP", "192.0.2.20", 81), endpoint("UDP", "192.0.2.30", 82)], {
  group: "GA",
  protocol: "UDP"
})
const mixedGroup = virtualServer([endpoint("TCP", "192.0.2.10", 80), mark(7)], { group: "G" })
const markGroup = virtualServer([mark(9)], { group: "GB" })

/** Read from the pipe of Debian's keepalived 2.2.7 on a kernel with IPVS. */
const golden: ReadonlyArray<readonly [server: VirtualServer, real: RealServer, line: string]> = [
  [web, realServer("127.0.0.1", 8080, nat), "RS [127.0.0.1]:tcp:8080 [192.0.2.1]:tcp:80"],
  [web, realServer("10.0.0.1", 8080, direct), "RS [10.0.0.1]:tcp:80 [192.0.2.1]:tcp:80"],
  [web, realServer("10.0.0.2", 8080, tunnel), "RS [10.0.0.2]:tcp:80 [192.0.2.1]:tcp:80"],
  [
    virtualServer([endpoint("UDP", "2001:db8::1", 53)], { protocol: "UDP" }),
    realServer("::1", 8080, nat),
    "RS [::1]:udp:8080 [2001:db8::1]:udp:53"
  ],
  [
    virtualServer([endpoint("SCTP", "192.0.2.2", 0)], { protocol: "SCTP" }),
    realServer("127.0.0.1", 0, direct),
    "RS [127.0.0.1]:sctp:0 [192.0.2.2]:sctp:0"
  ],
  [virtualServer([mark(5)]), realServer("127.0.0.1", 8080, nat), "RS [127.0.0.1]:none:8080 FWM 5"],
  [virtualServer([mark(6, "inet6")]), realServer("::1", 8080, direct), "RS [::1]:none:0 FWM 6"],
  [mixedGroup, realServer("127.0.0.1", 8080, nat), "RS [127.0.0.1]:tcp:8080 [G]:0"],
  [group, realServer("10.0.0.5", 8080, direct), "RS [10.0.0.5]:udp:8080 [GA]:0"],
  [markGroup, realServer("10.0.0.6", 8080, nat), "RS [10.0.0.6]:none:8080 [GB]:0"]
]

describe("NotifyLine", () => {
  it.each(golden)("writes line %# as keepalived does", (server, real, line) => {
    assert.strictEqual(NotifyLine.realServer(server, real, true), `${line} UP`)
    assert.strictEqual(NotifyLine.realServer(server, real, false), `${line} DOWN`)
    const place = line.split(" ").slice(2).join(" ")
    assert.strictEqual(NotifyLine.virtualServer(server, true), `VS ${place} UP`)
    assert.strictEqual(NotifyLine.virtualServer(server, false), `VS ${place} DOWN`)
  })
})
