/**
 * Two network namespaces joined by one cable (a veth pair), for system tests.
 */
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as Address from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"

/** One end of the cable: its device is `eth0`, with one address of each family. */
export interface End {
  readonly namespace: NetworkNamespace.NetworkNamespace
  readonly interfaceName: string
  readonly interfaceIndex: number
  readonly address: Address.Ipv4Address
  readonly address6: Address.Ipv6Address
}

/** Makes the two ends, up and addressed; they are gone when the scope closes. */
export const make = Effect.gen(function* () {
  const left = yield* NetworkNamespace.make
  const right = yield* NetworkNamespace.make
  const peer = ["peer", "name", "eth0", "netns", NetworkNamespace.pathOf(right)]
  ip(left, "link", "add", "eth0", "type", "veth", ...peer)
  return {
    left: connect(left, "192.0.2.1", "fd00::1"),
    right: connect(right, "192.0.2.2", "fd00::2")
  }
})

/** Runs `ip` inside a namespace and returns what it prints. */
export const ip = (namespace: NetworkNamespace.NetworkNamespace, ...words: ReadonlyArray<string>): string =>
  NetworkNamespace.within(namespace, () => execFileSync("ip", words, { encoding: "utf8" }))

const connect = (namespace: NetworkNamespace.NetworkNamespace, address: string, address6: string): End => {
  ip(namespace, "address", "add", `${address}/24`, "dev", "eth0")
  ip(namespace, "address", "add", `${address6}/64`, "dev", "eth0", "nodad")
  ip(namespace, "link", "set", "eth0", "up")
  return {
    namespace,
    interfaceName: "eth0",
    interfaceIndex: indexOf(namespace, "eth0"),
    address: Address.Ipv4Address.make(address),
    address6: Address.Ipv6Address.make(address6)
  }
}

/** The index of a device inside a namespace. */
export const indexOf = (namespace: NetworkNamespace.NetworkNamespace, device: string): number =>
  JSON.parse(ip(namespace, "-json", "link", "show", "dev", device))[0].ifindex
