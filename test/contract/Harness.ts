/**
 * What a contract suite needs of an adapter: a host that the test administers, and another machine on its segment.
 *
 * One suite per port runs on every adapter, so that `simulation` and `linux` cannot drift apart.
 */
import type { AddressPlane } from "@holdfast/engine/AddressPlane"
import type { AdvertTransport, OutgoingAdvert, ReceivedAdvert } from "@holdfast/engine/AdvertTransport"
import type { Announcer } from "@holdfast/engine/Announcer"
import type { LinkWatch } from "@holdfast/engine/LinkWatch"
import type { WakeTimer } from "@holdfast/engine/WakeTimer"
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { Family, IpAddress, Ipv4Address } from "@holdfast/wire/Address"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** The ports of an adapter. */
export type Ports = WakeTimer | LinkWatch | AdvertTransport | AddressPlane | Announcer

/** Another machine on the segment of `eth0`, with the addresses 192.0.2.2 and fd00::2. */
export interface Peer {
  readonly send: (advert: OutgoingAdvert) => void
  /** What it heard on the groups and on its own addresses. */
  readonly heard: ReadonlyArray<ReceivedAdvert>
  /** The addresses of the gratuitous ARPs and unsolicited neighbour advertisements that it heard, one for each frame. */
  readonly announced: ReadonlyArray<IpAddress>
}

/** A host with `eth0` (192.0.2.1/24) and `eth1` (198.51.100.1/24), both up. */
export interface Harness {
  readonly peer: Peer
  /** Makes a device that is up, with an address and its prefix. */
  readonly addLink: (device: string, address: string) => void
  readonly deleteLink: (device: string) => void
  readonly setUp: (device: string, up: boolean) => void
  readonly addAddress: (device: string, address: string) => void
  readonly deleteAddress: (device: string, address: string) => void
  /** The addresses of a device in the kernel's order, each with its prefix. */
  readonly addresses: (device: string) => ReadonlyArray<string>
  /** Waits until the check holds; a defect that names it when it does not in good time. */
  readonly eventually: (what: string, check: () => boolean) => Effect.Effect<void>
  /** Lets time pass, so that what must not happen has had its chance. */
  readonly pass: (millis: number) => Effect.Effect<void>
}

/** Runs one test on a fresh host; everything is gone at its end. */
export type Run = (
  test: (harness: Harness) => Effect.Effect<void, unknown, Ports | Scope.Scope>
) => Effect.Effect<void, unknown>

export const eth0 = "eth0" as InterfaceName
export const eth1 = "eth1" as InterfaceName
export const group = "224.0.0.18" as Ipv4Address
export const ownAddress = "192.0.2.1" as Ipv4Address
export const peerAddress = "192.0.2.2" as Ipv4Address

/** What a test of both families needs to know of one. The host has `ownAddress` on `eth0` once the test has added it. */
export interface Segment {
  readonly family: Family
  readonly group: IpAddress
  readonly ownAddress: IpAddress
  readonly ownPrefix: string
  readonly peerAddress: IpAddress
}

export const segmentIpv4: Segment = {
  family: "Ipv4",
  group,
  ownAddress,
  ownPrefix: "192.0.2.1/24",
  peerAddress
}
export const segmentIpv6: Segment = {
  family: "Ipv6",
  group: "ff02::12" as IpAddress,
  ownAddress: "fd00::1" as IpAddress,
  ownPrefix: "fd00::1/64",
  peerAddress: "fd00::2" as IpAddress
}
