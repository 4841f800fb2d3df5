import * as SimulatedForwardingPlane from "@holdfast/simulation/SimulatedForwardingPlane"
import * as SimulatedHost from "@holdfast/simulation/SimulatedHost"
import * as SimulatedNetwork from "@holdfast/simulation/SimulatedNetwork"
import * as SimulatedProber from "@holdfast/simulation/SimulatedProber"
import * as VirtualKernel from "@holdfast/simulation/VirtualKernel"
import type { Probe } from "@holdfast/balancer/Probe"
import type { ReceivedAdvert } from "@holdfast/engine/AdvertTransport"
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { IpAddress, Ipv4Address, MacAddress } from "@holdfast/wire/Address"
import { describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { addressPlaneContract } from "./addressPlane.contract.ts"
import { advertTransportContract } from "./advertTransport.contract.ts"
import { announcerContract } from "./announcer.contract.ts"
import { forwardingPlaneContract } from "./forwardingPlane.contract.ts"
import { type Abilities, type RunPlane, web } from "./ForwardingPlaneHarness.ts"
import { type Harness, type Peer, type Run, segmentIpv4, segmentIpv6 } from "./Harness.ts"
import { linkWatchContract } from "./linkWatch.contract.ts"
import { proberContract, type RunProber } from "./prober.contract.ts"
import { type RunDevices, virtualDevicesContract } from "./virtualDevices.contract.ts"
import { wakeTimerContract } from "./wakeTimer.contract.ts"

const segments = [segmentIpv4, segmentIpv6]

const makePeer = (network: SimulatedNetwork.SimulatedNetwork): Peer => {
  const lan = network.lan("lan")
  const heard: Array<ReceivedAdvert> = []
  const announced: Array<IpAddress> = []
  lan.attach("peer", (_, frame) => {
    if (frame._tag === "GratuitousArp") announced.push(frame.address)
    else if (segments.some((one) => frame.destination === one.group || frame.destination === one.peerAddress))
      heard.push(frame)
  })
  return {
    send: (advert) => lan.send("peer", SimulatedNetwork.Frame.Advert({ hopLimit: 255, ...advert })),
    heard,
    announced
  }
}

/** A step of virtual time, and how many of them a wait lasts. */
const stepMillis = 1
const stepsMax = 1_000

const pass = (millis: number): Effect.Effect<void> =>
  TestClock.adjust(`${stepMillis} millis`).pipe(
    Effect.andThen(Effect.yieldNow),
    Effect.repeat({ times: millis / stepMillis })
  )

const eventually = Effect.fnUntraced(function* (what: string, check: () => boolean) {
  for (let step = 0; step < stepsMax; step++) {
    if (check()) return
    yield* pass(stepMillis)
  }
  return yield* Effect.die(new Error(`it does not come true that ${what}`))
})

const makeHarness = (host: SimulatedHost.SimulatedHost): Harness => ({
  peer: makePeer(host.network),
  addLink: (name, address) => host.kernel.addLink({ name, addresses: [address] }),
  deleteLink: host.kernel.deleteLink,
  setUp: host.kernel.setUp,
  addAddress: (device, text) => void host.kernel.addAddress(device, VirtualKernel.linkAddress(text)),
  deleteAddress: (device, text) =>
    void host.kernel.deleteAddress(device, VirtualKernel.linkAddress(text).address),
  addresses: (device) =>
    (host.kernel.links().get(device as InterfaceName)?.addresses ?? []).map(
      ({ address, prefixLength }) => `${address}/${prefixLength}`
    ),
  eventually,
  pass
})

const run: Run = (test) =>
  Effect.gen(function* () {
    const network = yield* SimulatedNetwork.make()
    const host = SimulatedHost.make(network, {
      name: "r1",
      links: [
        { name: "eth0", addresses: ["192.0.2.1/24"] },
        { name: "eth1", addresses: ["198.51.100.1/24"] }
      ],
      lans: { eth1: "other" }
    })
    yield* test(makeHarness(host)).pipe(Effect.provide(SimulatedHost.layer(host)))
  }).pipe(Effect.scoped, Effect.provide(TestClock.layer()))

const runPlane: RunPlane = (test) =>
  Effect.suspend(() => {
    const forwarding = SimulatedForwardingPlane.make()
    return test({
      open: SimulatedForwardingPlane.open(forwarding),
      connect: (count) => Effect.sync(() => forwarding.deliver(web.address, count)),
      eventually: (what, check) =>
        Effect.flatMap(Effect.orDie(check), (holds) =>
          holds ? Effect.void : Effect.die(new Error(`it is not true that ${what}`))
        )
    })
  }).pipe(Effect.scoped)

const planeAbilities: Abilities = {
  methods: ["Nat", "DirectRouting", "Tunnel"],
  protocols: ["TCP", "UDP", "SCTP"],
  firewallMarks: true,
  thresholds: true,
  timeouts: true,
  syncDaemon: true
}

const probeOf = (address: string): Probe => ({
  _tag: "Tcp",
  connection: { address: address as Ipv4Address, port: 80 }
})

const runProber: RunProber = (test) =>
  Effect.gen(function* () {
    const { world } = yield* SimulatedNetwork.make()
    const simulated = SimulatedProber.make(world)
    simulated.set("192.0.2.1:80", { _tag: "Passed" })
    simulated.set("192.0.2.2:80", { _tag: "Failed", reason: "connection refused" })
    yield* test({
      good: probeOf("192.0.2.1"),
      refused: probeOf("192.0.2.2"),
      silent: probeOf("192.0.2.3"),
      now: world.now,
      eventually,
      pass
    }).pipe(Effect.provide(SimulatedProber.layer(simulated)))
  }).pipe(Effect.scoped, Effect.provide(TestClock.layer()))

const runDevices: RunDevices = (test) =>
  Effect.gen(function* () {
    const network = yield* SimulatedNetwork.make()
    const host = SimulatedHost.make(network, { name: "r1", links: [{ name: "eth0" }, { name: "eth1" }] })
    const { kernel } = host
    const find = (device: string) => {
      const link = kernel.links().get(device as InterfaceName)
      const parent = kernel.macvlan(device)?.parent
      return link && parent && { parent, mac: link.mac, up: link.up }
    }
    yield* test({
      find,
      names: () => [...kernel.links().keys()].filter((name) => find(name) !== undefined),
      addForeign: (name, mac) => kernel.addLink({ name, mac: mac as MacAddress, parent: "eth0" }),
      deleteLink: kernel.deleteLink,
      addLink: (name) => kernel.addLink({ name }),
      rename: kernel.rename,
      eventually
    }).pipe(Effect.scoped, Effect.provide(SimulatedHost.layer(host)))
  }).pipe(Effect.scoped, Effect.provide(TestClock.layer()))

describe("simulation", () => {
  wakeTimerContract(run)
  linkWatchContract(run)
  advertTransportContract(run)
  addressPlaneContract(run)
  announcerContract(run)
  virtualDevicesContract(runDevices)
  forwardingPlaneContract(runPlane, planeAbilities)
  proberContract(runProber)
})
