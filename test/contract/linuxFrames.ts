/**
 * What the ports of Linux put on the wire, frame by frame, and what no simulated segment knows: authentication headers,
 * virtual MAC devices, real time.
 */
import { AdvertTransport, type ChannelOptions, type ReceivedAdvert } from "@holdfast/engine/AdvertTransport"
import { Announcer } from "@holdfast/engine/Announcer"
import { LinkWatch } from "@holdfast/engine/LinkWatch"
import * as MonotonicClock from "@holdfast/raw-socket/MonotonicClock"
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import * as Address from "@holdfast/wire/Address"
import * as Ethernet from "@holdfast/wire/Ethernet"
import type { Micros } from "@holdfast/wire/Instant"
import * as Ipv6 from "@holdfast/wire/Ipv6"
import * as NeighbourDiscovery from "@holdfast/wire/NeighbourDiscovery"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import {
  eth0,
  group,
  type Harness,
  ownAddress,
  peerAddress,
  type Ports,
  type Segment,
  segmentIpv4,
  segmentIpv6
} from "./Harness.ts"
import { type LinuxPeer, packetOf } from "./LinuxPeer.ts"

export type RunLinux = (
  test: (harness: Harness & { readonly peer: LinuxPeer }) => Effect.Effect<void, unknown, Ports | Scope.Scope>
) => Effect.Effect<void, unknown>

const linkOf = Effect.fnUntraced(function* (device: InterfaceName) {
  let found = { index: 0, mac: "" as string }
  const watch = yield* LinkWatch
  yield* Effect.scoped(
    watch.subscribe((links) => {
      found = links.get(device) ?? found
    })
  )
  return found
})

const open = Effect.fnUntraced(function* (segment: Segment, options: Partial<ChannelOptions> = {}) {
  const received: Array<ReceivedAdvert> = []
  const device = options.interface ?? eth0
  const channel = yield* (yield* AdvertTransport).open({
    interface: device,
    index: (yield* linkOf(device)).index,
    family: segment.family,
    authenticated: false,
    hears: "All",
    groups: [segment.group],
    onReceived: (batch) => {
      for (const advert of batch) {
        const header = advert.header?.slice()
        const copy = { ...advert, payload: advert.payload.slice() }
        received.push(header === undefined ? copy : { ...copy, header })
      }
    },
    onOverrun: () => {},
    ...options
  })
  return { channel, received }
})

/** An authentication header of 24 bytes (RFC 2402 section 2; RFC 2403) and an advert behind it. */
const coveredOf = (vrid: number): Uint8Array => {
  const bytes = new Uint8Array(24 + 20)
  bytes.set([112, 4])
  bytes.set([0x21, vrid, 100], 24)
  return bytes
}
const plainOf = (vrid: number) => Uint8Array.of(0x21, vrid, 100, 0, 0, 1, 0, 0)

const sourceMacOf = (frame: Uint8Array): string => Address.macFromBytes(frame, 6)
const packetIn = (frame: Uint8Array): Uint8Array => frame.subarray(Ethernet.headerLength)
const virtualDevice = "vrrp.7" as InterfaceName
const virtualMac = "00:00:5e:00:01:07" as Address.MacAddress
const otherVirtualMac = "00:00:5e:00:01:08" as Address.MacAddress
const peerMac = "02:00:00:00:00:09" as Address.MacAddress

/** Makes it and waits until the adapters know it. */
const addVirtualDevice = Effect.fnUntraced(function* ({ eventually }: Pick<Harness, "eventually">) {
  let isUp = false
  const watch = yield* LinkWatch
  yield* watch.subscribe((links) => {
    isUp = links.get(virtualDevice)?.up ?? false
  })
  const words = ["link", "add", "link", "eth0", "vrrp.7", "address", virtualMac]
  execFileSync("ip", [...words, "type", "macvlan", "mode", "private"])
  execFileSync("ip", ["link", "set", "vrrp.7", "addrgenmode", "none", "up"])
  yield* eventually("the virtual device runs", () => isUp)
})

const one = (address: string, device = eth0) => ({
  interface: device,
  address: address as Address.IpAddress
})

const advertFrames = (run: RunLinux) => {
  it.live("sends adverts with an authentication header in the IPv4 packet that they are told to have", () =>
    run(({ eventually, peer }) =>
      Effect.gen(function* () {
        const { channel } = yield* open(segmentIpv4, { authenticated: true })
        const advert = { source: ownAddress, destination: group }
        const covered = { ...advert, payload: coveredOf(51), identification: 0x1234 }
        const far = { ...covered, destination: peerAddress, hopLimit: 9 }

        assert.isEmpty(channel.send([covered, { ...advert, payload: plainOf(52) }, far]))
        yield* eventually("the peer hears three", () => peer.frames.length === 3)

        const packets = peer.frames.map(packetIn)
        assert.deepInclude(packets, packetOf(covered))
        assert.deepInclude(packets, packetOf(far))
        assert.deepStrictEqual(
          packets.map((packet) => [packet[1], packet[9]]).toSorted((left, right) => left[1]! - right[1]!),
          [
            [0xc0, 51],
            [0xc0, 51],
            [0xc0, 112]
          ]
        )
      })
    )
  )

  it.live(
    "hears adverts with an authentication header, mutes them by VRID, and none without being told to",
    () =>
      run(({ eventually, peer }) =>
        Effect.gen(function* () {
          const plain = yield* open(segmentIpv4)
          const both = yield* open(segmentIpv4, { authenticated: true })
          both.channel.mute(new Set([52]))
          const advertOf = (vrid: number) => ({
            source: peerAddress,
            destination: group,
            payload: coveredOf(vrid),
            identification: 0x4321
          })

          for (const vrid of [51, 52, 53]) peer.send(advertOf(vrid))
          peer.send({ source: peerAddress, destination: ownAddress, payload: plainOf(54) })
          yield* eventually("three arrive", () => both.received.length === 3)

          const first = both.received.find(({ header }) => header !== undefined)
          assert.deepStrictEqual(first?.header, packetOf(advertOf(51)).subarray(0, 20))
          assert.deepStrictEqual(first?.payload, coveredOf(51))
          assert.deepInclude(first, { source: peerAddress, destination: group, hopLimit: 255 })
          assert.sameMembers(
            both.received.map(({ header, payload }) => payload[header === undefined ? 1 : 25]),
            [51, 53, 54]
          )
          assert.deepStrictEqual(
            plain.received.map(({ header, payload }) => [header, payload[1]]),
            [[undefined, 54]]
          )
        })
      )
  )

  it.live(
    "sends from the link-layer address of a virtual MAC device, over both families and with a header",
    () =>
      run(({ addAddress, eventually, peer }) =>
        Effect.gen(function* () {
          yield* addVirtualDevice({ eventually })
          addAddress("eth0", segmentIpv6.ownPrefix)
          yield* eventually("the device runs", () =>
            execFileSync("ip", ["link", "show", "vrrp.7"], { encoding: "utf8" }).includes("state UP")
          )
          const options = {
            interface: virtualDevice,
            hears: "Nothing",
            authenticated: true,
            groups: []
          } as const
          const ipv4 = yield* open(segmentIpv4, options)
          const ipv6 = yield* open(segmentIpv6, { ...options, authenticated: false })
          const advert = { source: ownAddress, destination: group }

          const refusals = [
            ...ipv4.channel.send([
              { ...advert, payload: plainOf(7) },
              { ...advert, payload: coveredOf(7), identification: 7 }
            ]),
            ...ipv6.channel.send([
              { source: segmentIpv6.ownAddress, destination: segmentIpv6.group, payload: plainOf(7) }
            ])
          ]
          yield* eventually("the peer hears three", () => peer.frames.length === 3)

          assert.isEmpty(refusals)
          assert.deepStrictEqual(peer.frames.map(sourceMacOf), Array(3).fill(virtualMac))
          assert.sameMembers(
            peer.heard.map(({ source }) => source),
            [ownAddress, ownAddress, segmentIpv6.ownAddress]
          )
        })
      )
  )

  it.live(
    "hears what a peer sends from the same virtual MAC address at the virtual device, and nowhere else",
    () =>
      run(({ eventually, peer }) =>
        Effect.gen(function* () {
          yield* addVirtualDevice({ eventually })
          for (const segment of [segmentIpv4, segmentIpv6]) {
            const authenticated = segment === segmentIpv4
            const below = yield* open(segment, { authenticated })
            const above = yield* open(segment, { interface: virtualDevice, hears: "OwnMac", authenticated })
            // A virtual device has no others' adverts to be muted.
            above.channel.mute(new Set([51]))
            const advert = { source: segment.peerAddress, destination: segment.group }

            for (const mac of [virtualMac, otherVirtualMac, peerMac]) {
              peer.sendFrom(mac, { ...advert, payload: plainOf(mac === virtualMac ? 51 : 52) })
              if (authenticated) peer.sendFrom(mac, { ...advert, payload: coveredOf(53), identification: 7 })
            }
            yield* eventually("all that was sent is heard", () => {
              const heard = [...above.received, ...below.received]
              return heard.length === (authenticated ? 6 : 3)
            })

            assert.sameMembers(
              above.received.map(({ payload }) => payload[1]),
              authenticated ? [51, 4] : [51]
            )
            assert.strictEqual(below.received.filter(({ payload }) => payload[1] === 52).length, 2)
          }
        })
      )
  )

  it.live("opens a thousand channels that only send on one socket", () =>
    run(() =>
      Effect.gen(function* () {
        const options = { hears: "Nothing", groups: [] } as const
        const { channel } = yield* open(segmentIpv4, options)
        const before = rawSockets()

        for (let count = 0; count < 1_000; count++) yield* open(segmentIpv4, options)

        assert.deepStrictEqual(rawSockets(), before)
        assert.isEmpty(channel.send([{ source: ownAddress, destination: group, payload: plainOf(1) }]))
      })
    )
  )
}

/** Those of IPv4 in the namespace of this thread, one a line. */
const rawSockets = (): ReadonlyArray<string> =>
  readFileSync("/proc/thread-self/net/raw", "utf8").trimEnd().split("\n")

const announcementFrames = (run: RunLinux) => {
  it.live(
    "announces an IPv6 address to all nodes, at the device that carries it, as router if it forwards",
    () =>
      run(({ eventually, peer }) =>
        Effect.gen(function* () {
          yield* addVirtualDevice({ eventually })
          writeFileSync("/proc/sys/net/ipv6/conf/eth0/forwarding", "0")
          writeFileSync("/proc/sys/net/ipv6/conf/vrrp.7/forwarding", "1")
          const announcer = yield* Announcer
          const { mac } = yield* linkOf(eth0)

          announcer.announce({ addresses: [one("fd00::100")], repeatCount: 1 })
          yield* eventually("the peer hears it", () => peer.frames.length === 1)
          yield* eventually("the virtual device is known and heard", () => {
            announcer.announce({ addresses: [one("fd00::101", virtualDevice)], repeatCount: 1 })
            return peer.announced.includes("fd00::101" as Address.IpAddress)
          })

          const [host, router] = [peer.frames[0]!, peer.frames.at(-1)!]
          assert.deepStrictEqual(advertisementIn(host), {
            router: false,
            solicited: false,
            override: true,
            target: "fd00::100",
            linkLayerAddress: mac
          })
          assert.deepInclude(advertisementIn(router), { router: true, linkLayerAddress: virtualMac })
          assert.deepStrictEqual([sourceMacOf(host), sourceMacOf(router)], [mac, virtualMac])
          assert.strictEqual(Address.macFromBytes(host), "33:33:00:00:00:01")
        })
      )
  )

  it.live("keeps the pace that it is told, until it is told another, and forgets what is cancelled", () =>
    run(({ eventually, pass, peer }) =>
      Effect.gen(function* () {
        const announcer = yield* Announcer
        const minute = 60_000_000 as Micros
        announcer.setPacings([{ arpInterval: minute, neighbourInterval: minute }])

        announcer.announce({
          addresses: [one("192.0.2.100"), one("192.0.2.101"), one("fd00::100"), one("fd00::101")],
          repeatCount: 2
        })
        yield* eventually("the peer hears the first of each kind", () => peer.announced.length === 2)
        yield* pass(50)
        assert.sameMembers(
          [...peer.announced],
          ["192.0.2.100" as Address.IpAddress, "fd00::100" as Address.IpAddress]
        )

        announcer.cancel(["fd00::100" as Address.IpAddress, "fd00::101" as Address.IpAddress])
        announcer.setPacings([])
        yield* eventually("the peer hears the others", () => peer.announced.length === 5)
        yield* pass(50)

        assert.deepStrictEqual(peer.announced.slice(2), ["192.0.2.101", "192.0.2.100", "192.0.2.101"])
      })
    )
  )

  it.live("lets no less than the interval pass between two frames", () =>
    run(({ eventually, peer }) =>
      Effect.gen(function* () {
        const announcer = yield* Announcer
        const interval = 20_000 as Micros
        announcer.setPacings([{ interfaces: [eth0], arpInterval: interval, neighbourInterval: 0 as Micros }])
        const addresses = [one("192.0.2.100"), one("192.0.2.101"), one("fd00::100")]

        const startedAt = MonotonicClock.now()
        announcer.announce({ addresses, repeatCount: 3 })
        yield* eventually("the peer hears nine", () => peer.announced.length === 9)

        assert.isAtLeast(MonotonicClock.now() - startedAt, 5 * interval)
        assert.deepStrictEqual(
          peer.announced.filter((address) => !Address.isIpv6(address)),
          Array.from({ length: 6 }, (_, index) => `192.0.2.${100 + (index % 2)}`)
        )
      })
    )
  )
}

/** As plain values: its addresses are compared with text. */
const advertisementIn = (frame: Uint8Array): Readonly<Record<string, unknown>> =>
  Result.getOrThrow(NeighbourDiscovery.decode(Result.getOrThrow(Ipv6.decode(packetIn(frame)))))

export const linuxFrames = (run: RunLinux) =>
  describe("frames", () => {
    advertFrames(run)
    announcementFrames(run)
  })
