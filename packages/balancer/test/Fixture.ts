/** Parameters that tests build on; each test writes what it is about. */
import type { RealServer, SorryServer, VirtualServer } from "@holdfast/balancer/Parameters"
import type { Check, Probe, Timing } from "@holdfast/balancer/Probe"
import { formatEndpoint, type Ipv4Address } from "@holdfast/wire/Address"
import { type Instant, type Micros, seconds } from "@holdfast/wire/Instant"

export const at = (value: number): Instant => seconds(value) as number as Instant

const host = (number: number): Ipv4Address =>
  `10.${number >>> 16}.${(number >>> 8) & 0xff}.${number & 0xff}` as Ipv4Address

export const tcp = (number: number, port = 80): Probe => ({
  _tag: "Tcp",
  connection: { address: host(number), port }
})

export const timing = (overrides: Partial<Timing> = {}): Timing => ({
  delay: seconds(10),
  timeout: seconds(3),
  retries: 1,
  retryDelay: seconds(1),
  logAllFailures: false,
  ...overrides
})

export const check = (probe: Probe, overrides: Partial<Check> = {}): Check => ({
  probe,
  timing: timing(),
  alpha: false,
  ...overrides
})

export const realServer = (number: number, overrides: Partial<RealServer> = {}): RealServer => ({
  key: formatEndpoint(host(number), overrides.port ?? 80),
  address: host(number),
  port: 80,
  weight: 1,
  method: { _tag: "Nat" },
  upperThreshold: 0,
  lowerThreshold: 0,
  inhibitOnFailure: false,
  checks: [check(tcp(number))],
  ...overrides
})

export const sorryServer = (number: number): SorryServer => ({
  key: formatEndpoint(host(number), 80),
  address: host(number),
  port: 80,
  method: { _tag: "Nat" }
})

export const virtualServer = (overrides: Partial<VirtualServer> = {}): VirtualServer => ({
  name: "TCP 192.0.2.1:80",
  addresses: [{ _tag: "Endpoint", protocol: "TCP", address: "192.0.2.1" as Ipv4Address, port: 80 }],
  protocol: "TCP",
  scheduler: "wlc",
  schedulerFlags: [],
  onePacket: false,
  quorum: 1,
  hysteresis: 0,
  alpha: false,
  omega: false,
  haSuspend: false,
  slowStart: 0 as Micros,
  drain: 0 as Micros,
  sorryServers: [],
  sorryInhibit: false,
  realServers: [realServer(1), realServer(2)],
  ...overrides
})
