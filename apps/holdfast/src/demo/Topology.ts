/**
 * The demo's network: five machines and two switches in network namespaces, made by netlink and gone with the scope.
 *
 * **Details**
 * ```
 *            192.168.3.0/24 (front)
 *   client .10 ---+--- LD1 .181   LD2 .182        virtual address 192.168.3.117
 *                 |     |          |
 *                       |          |
 *                      LD1 .101   LD2 .102        virtual address 172.168.0.7
 *            172.168.0.0/24 (back)
 *                       |          |
 *                      LS1 .1     LS2 .2          gateway 172.168.0.7
 * ```
 * The directors pass packets on between the two networks.
 *
 * A namespace has no name and is held by its descriptor: nothing of it can be left behind.
 *
 * @since 0.1.0
 */
import { readFileSync, writeFileSync } from "node:fs"
import * as InterfaceAddress from "@holdfast/netlink/InterfaceAddress"
import * as Link from "@holdfast/netlink/Link"
import * as NetlinkClient from "@holdfast/netlink/NetlinkClient"
import type { NetlinkError } from "@holdfast/netlink/NetlinkError"
import * as NetlinkTransport from "@holdfast/netlink/NetlinkTransport"
import * as Route from "@holdfast/netlink/Route"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import type { SocketError } from "@holdfast/raw-socket/SocketError"
import { Ipv4Address, MacAddress } from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { DemoFailed } from "./DemoFailed.ts"

/**
 * The two switches.
 *
 * @category models
 * @since 0.1.0
 */
export interface Switches {
  readonly client: NetlinkClient.NetlinkClient["Service"]
  readonly indexes: Record<Switch, number>
}

/**
 * A switch by the network it carries.
 *
 * @category models
 * @since 0.1.0
 */
export type Switch = "front" | "back"

/**
 * A machine to plug in: its ports, and its way to other networks when it has one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Machine {
  readonly name: string
  readonly ports: ReadonlyArray<Port>
  readonly gateway?: Ipv4Address
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Port {
  readonly device: string
  readonly on: Switch
  readonly address: Ipv4Address
  readonly mac: MacAddress
}

/** The addresses that the directors share, by network. @category constants @since 0.1.0 */
export const virtualAddress = {
  front: Ipv4Address.make("192.168.3.117"),
  back: Ipv4Address.make("172.168.0.7")
}

const port = (device: string, on: Switch, address: string, mac: string): Port => ({
  device,
  on,
  address: Ipv4Address.make(address),
  mac: MacAddress.make(mac)
})

/** The machines. @category constants @since 0.1.0 */
export const machines = {
  client: { name: "client", ports: [port("eth1", "front", "192.168.3.10", "02:00:00:00:03:0a")] },
  LD1: {
    name: "LD1",
    ports: [
      port("eth0", "back", "172.168.0.101", "02:00:00:00:00:65"),
      port("eth1", "front", "192.168.3.181", "02:00:00:00:03:b5")
    ]
  },
  LD2: {
    name: "LD2",
    ports: [
      port("eth0", "back", "172.168.0.102", "02:00:00:00:00:66"),
      port("eth1", "front", "192.168.3.182", "02:00:00:00:03:b6")
    ]
  },
  LS1: {
    name: "LS1",
    ports: [port("eth0", "back", "172.168.0.1", "02:00:00:00:00:01")],
    gateway: virtualAddress.back
  },
  LS2: {
    name: "LS2",
    ports: [port("eth0", "back", "172.168.0.2", "02:00:00:00:00:02")],
    gateway: virtualAddress.back
  }
} satisfies Record<string, Machine>

/**
 * Makes the switches.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeSwitches: Effect.Effect<Switches, SocketError | NetlinkError, Scope.Scope> = Effect.gen(
  function* () {
    const namespace = yield* NetworkNamespace.make
    const client = yield* clientIn(namespace)
    const make = (name: Switch) =>
      Effect.andThen(client.request(Link.createBridge({ name, up: true })), indexOf(client, name))
    return { client, indexes: { front: yield* make("front"), back: yield* make("back") } }
  }
)

/**
 * Plugs a machine in, with its addresses and without any that it had before. When the scope closes its cables are gone,
 * as when it loses power: the last port's first. A machine that passes packets on has its way to the client last, so that
 * nobody hears from it that its other network is unreachable: a machine without power says nothing.
 *
 * @category constructors
 * @since 0.1.0
 */
export const plugIn = Effect.fnUntraced(function* (
  switches: Switches,
  machine: Machine
): Effect.fn.Return<NetworkNamespace.NetworkNamespace, SocketError | NetlinkError, Scope.Scope> {
  const namespace = yield* NetworkNamespace.make
  const client = yield* clientIn(namespace)
  for (const port of machine.ports) {
    yield* plugInCable(switches, namespace, `${machine.name}-${port.device}`, port)
    const linkIndex = yield* indexOf(client, port.device)
    yield* client.request(
      InterfaceAddress.add({ linkIndex, address: port.address, prefixLength: prefixLength })
    )
    yield* client.request(Link.change(linkIndex, { up: true }))
  }
  if (machine.gateway !== undefined) {
    yield* client.request(Route.add({ destination: anyAddress, prefixLength: 0, gateway: machine.gateway }))
  }
  return namespace
})

/**
 * Lets a machine pass on packets that are not for it.
 *
 * @category commands
 * @since 0.1.0
 */
export const forwardPackets = (
  namespace: NetworkNamespace.NetworkNamespace
): Effect.Effect<void, DemoFailed> =>
  Effect.try({
    try: () =>
      NetworkNamespace.within(namespace, () => {
        // Where settings are read-only, as in many containers, it may be so already.
        if (readFileSync(forwardingSetting, "utf8").trim() !== "1") writeFileSync(forwardingSetting, "1")
      }),
    catch: (error) => new DemoFailed({ message: `cannot forward packets: ${String(error)}` })
  })

/** A cable is a veth pair: one end is a port of the switch, the other the machine's device. */
const plugInCable = (
  switches: Switches,
  namespace: NetworkNamespace.NetworkNamespace,
  switchPort: string,
  port: Port
) =>
  Effect.acquireRelease(
    Effect.andThen(
      switches.client.request(
        Link.createVeth(
          { name: switchPort, masterIndex: switches.indexes[port.on], up: true },
          { name: port.device, mac: port.mac, namespaceFd: namespace.fd }
        )
      ),
      indexOf(switches.client, switchPort)
    ),
    (index) => Effect.ignore(switches.client.request(Link.remove(index)))
  )

const clientIn = (namespace: NetworkNamespace.NetworkNamespace) =>
  NetworkNamespace.provide(namespace)(NetlinkClient.make({ open: NetlinkTransport.kernel() }))

const indexOf = (client: NetlinkClient.NetlinkClient["Service"], name: string) =>
  Effect.map(client.get(Link.get(name)), (link) => link.index)

/** Both networks are /24. */
const prefixLength = 24
/** Of the network namespace of whoever opens it (ip-sysctl). */
const forwardingSetting = "/proc/sys/net/ipv4/ip_forward"
const anyAddress = Ipv4Address.make("0.0.0.0")
