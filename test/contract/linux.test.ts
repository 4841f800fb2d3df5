/**
 * The contracts on this kernel. Each test has two network namespaces of its own, joined by a cable; the thread is in the
 * first while the test runs, since the adapters open their sockets where they are.
 */
import { AddressPlane } from "@holdfast/engine/AddressPlane"
import { AdvertTransport } from "@holdfast/engine/AdvertTransport"
import * as LinuxHost from "@holdfast/linux/LinuxHost"
import * as Prober from "@holdfast/linux/Prober"
import * as Native from "@holdfast/native/Native"
import * as MonotonicClock from "@holdfast/raw-socket/MonotonicClock"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import type { VirtualAddress } from "@holdfast/vrrp/Parameters"
import type { Probe } from "@holdfast/balancer/Probe"
import type { Ipv4Address } from "@holdfast/wire/Address"
import type { Instant } from "@holdfast/wire/Instant"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"
import { once } from "node:events"
import { type AddressInfo, createServer } from "node:net"
import { addressPlaneContract } from "./addressPlane.contract.ts"
import { advertTransportContract } from "./advertTransport.contract.ts"
import { announcerContract } from "./announcer.contract.ts"
import { eth0, type Harness, segmentIpv4, segmentIpv6 } from "./Harness.ts"
import { linuxFrames, type RunLinux } from "./linuxFrames.ts"
import * as LinuxPeer from "./LinuxPeer.ts"
import { linkWatchContract } from "./linkWatch.contract.ts"
import { proberContract, type RunProber } from "./prober.contract.ts"
import { wakeTimerContract } from "./wakeTimer.contract.ts"

const ip = (...words: ReadonlyArray<string>): string => execFileSync("ip", words, { encoding: "utf8" })

/** Moves the thread into a namespace until the scope closes. */
const enter = (namespace: NetworkNamespace.NetworkNamespace) =>
  Effect.gen(function* () {
    const home = yield* NetworkNamespace.current
    yield* Effect.acquireRelease(move(namespace.fd), () => move(home.fd))
  })

const move = (fd: number): Effect.Effect<void> =>
  Effect.sync(() => {
    const outcome = Native.load().setns(fd)
    if (outcome < 0) throw new Error(`the thread cannot change its network namespace (errno ${-outcome})`)
  })

const indexHere = (device: string): number =>
  JSON.parse(ip("-json", "link", "show", "dev", device))[0].ifindex

const indexOf = (namespace: NetworkNamespace.NetworkNamespace, device: string): number =>
  NetworkNamespace.within(namespace, () => indexHere(device))

/** A host and a peer joined by `eth0`; both ends of the second cable are in the host. */
const makeNetwork = Effect.gen(function* () {
  const ours = yield* NetworkNamespace.make
  const theirs = yield* NetworkNamespace.make
  yield* enter(ours)
  ip("link", "set", "lo", "up")
  ip("link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", NetworkNamespace.pathOf(theirs))
  NetworkNamespace.within(theirs, () => {
    ip("address", "add", "192.0.2.2/24", "dev", "eth0")
    ip("address", "add", "fd00::2/64", "dev", "eth0", "nodad")
    ip("link", "set", "eth0", "up")
  })
  ip("address", "add", "192.0.2.1/24", "dev", "eth0")
  ip("link", "set", "eth0", "up")
  addLink("eth1", "198.51.100.1/24")
  // A cable gets its carrier a moment after both ends are up.
  yield* eventually("both devices run", () => isRunning("eth0") && isRunning("eth1"))
  return yield* LinuxPeer.make(theirs, indexOf(theirs, "eth0"))
})

const addLink = (device: string, address: string): void => {
  ip("link", "add", device, "type", "veth", "peer", "name", `${device}-peer`)
  ip("link", "set", `${device}-peer`, "up")
  ip("address", "add", address, "dev", device)
  ip("link", "set", device, "up")
}

const isRunning = (device: string): boolean =>
  JSON.parse(ip("-json", "link", "show", "dev", device))[0].operstate === "UP"

interface Shown {
  readonly addr_info: ReadonlyArray<{
    readonly family: string
    readonly local: string
    readonly prefixlen: number
  }>
}

/** Every device has one of its own. */
const isLinkLocal = (address: string): boolean => address.startsWith("fe80:")

const addressesOf = (device: string): ReadonlyArray<string> => {
  const shown: ReadonlyArray<Shown> = JSON.parse(ip("-json", "address", "show", "dev", device) || "[]")
  return shown.flatMap(({ addr_info: list }) =>
    list.filter(({ local }) => !isLinkLocal(local)).map(({ local, prefixlen }) => `${local}/${prefixlen}`)
  )
}

/** How long a wait lasts; the kernel answers within milliseconds, a loaded machine does not. */
const waitMillisMax = 5_000
const stepMillis = 2

const eventually = Effect.fnUntraced(function* (what: string, check: () => boolean) {
  for (let waited = 0; waited < waitMillisMax; waited += stepMillis) {
    if (check()) return
    yield* Effect.sleep(stepMillis)
  }
  return yield* Effect.die(new Error(`it does not come true that ${what}`))
})

const harness = (peer: LinuxPeer.LinuxPeer) =>
  ({
    peer,
    addLink,
    deleteLink: (device) => void ip("link", "delete", device),
    setUp: (device, up) => void ip("link", "set", device, up ? "up" : "down"),
    addAddress: (device, address) =>
      void ip("address", "add", address, "dev", device, ...(address.includes(":") ? ["nodad"] : [])),
    deleteAddress: (device, address) => void ip("address", "delete", address, "dev", device),
    addresses: addressesOf,
    eventually,
    pass: (millis) => Effect.sleep(millis)
  }) satisfies Harness

const run: RunLinux = (test) =>
  Effect.gen(function* () {
    const peer = yield* makeNetwork
    yield* test(harness(peer)).pipe(Effect.scoped, Effect.provide(LinuxHost.layer))
  }).pipe(Effect.scoped)

const addressesNumbered = (count: number): ReadonlyArray<VirtualAddress> =>
  Array.from({ length: count }, (_, index) => ({
    address: `10.0.${Math.floor(index / 250)}.${(index % 250) + 1}` as Ipv4Address,
    prefixLength: 32,
    interface: eth0,
    scope: 0,
    advertised: true,
    tracked: true
  }))

/** As many as a takeover of a large router has. */
const manyCount = 1_000

const serve = Effect.map(
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = createServer((socket) => socket.on("error", () => {}).resume())
      server.listen(0, ownLoopback)
      await once(server, "listening")
      return server
    }),
    (server) => Effect.sync(() => void server.close())
  ),
  (server) => (server.address() as AddressInfo).port
)

const ownLoopback = "127.0.0.1" as Ipv4Address
/** Nobody listens there, and the kernel gives it to nobody. */
const deadPort = 1

const probeOf = (address: Ipv4Address, port: number): Probe => ({
  _tag: "Tcp",
  connection: { address, port }
})

/** The silent server is an address of nobody on a segment: no answer to ARP for seconds. */
const runProber: RunProber = (test) =>
  Effect.gen(function* () {
    yield* makeNetwork
    yield* test({
      good: probeOf(ownLoopback, yield* serve),
      refused: probeOf(ownLoopback, deadPort),
      silent: probeOf("192.0.2.99" as Ipv4Address, 80),
      now: () => MonotonicClock.now() as Instant,
      eventually,
      pass: (millis) => Effect.sleep(millis)
    }).pipe(Effect.scoped, Effect.provide(Prober.layer({ security: false })))
  }).pipe(Effect.scoped)

/** How long something may take that happens while this thread does nothing else. */
const atOnceMicrosMax = 1_000_000

describe("AdvertTransport: what has arrived", () => {
  it.live.each([segmentIpv4, segmentIpv6])("over $family is told as soon as it is asked for", (segment) =>
    run(({ addAddress, peer }) =>
      Effect.gen(function* () {
        if (segment.family === "Ipv6") addAddress("eth0", segment.ownPrefix)
        const heard: Array<number> = []
        const channel = yield* (yield* AdvertTransport).open({
          interface: eth0,
          index: indexHere("eth0"),
          family: segment.family,
          authenticated: false,
          hears: "All",
          groups: [segment.group],
          onReceived: (batch) => void heard.push(batch.length),
          onOverrun: () => {}
        })

        const payload = Uint8Array.of(0x31, 51, 100, 1, 0, 100, 0xab, 0xcd)
        peer.send({ source: segment.peerAddress, destination: segment.group, payload })
        // The event loop has no turn meanwhile.
        const until = MonotonicClock.now() + atOnceMicrosMax
        while (heard.length === 0 && MonotonicClock.now() < until) channel.receive()

        assert.deepStrictEqual(heard, [1])
      })
    )
  )
})

describe("linux", () => {
  it.live("a takeover tells the first addresses while the kernel adds the others", () =>
    run(() =>
      Effect.gen(function* () {
        const parts: Array<{ readonly size: number; readonly heldThen: number }> = []
        const levels = yield* (yield* AddressPlane).open((event) => {
          if (event._tag === "AddressesHeld")
            parts.push({ size: event.addresses.length, heldThen: addressesOf("eth0").length - 1 })
        })

        levels.set("web", {
          owned: true,
          addresses: addressesNumbered(manyCount),
          accept: true,
          routes: [],
          rules: [],
          keepForeign: false
        })
        yield* eventually("all are held", () => addressesOf("eth0").length === 1 + manyCount)
        yield* eventually("all are told", () => parts.reduce((sum, { size }) => sum + size, 0) === manyCount)

        const [first] = parts
        assert.strictEqual(first?.heldThen, first?.size)
        assert.isAtMost(first?.heldThen ?? manyCount, manyCount / 10)
      })
    )
  )

  wakeTimerContract(run)
  linkWatchContract(run)
  advertTransportContract(run)
  addressPlaneContract(run)
  announcerContract(run)
  linuxFrames(run)
  proberContract(runProber)
})
