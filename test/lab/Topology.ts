/**
 * The network of the scenarios: two directors, two servers, a client, two bridges.
 *
 * ```
 *              192.168.3.0/24  br0
 *   client eth1 .10 ----+---- LD1 eth1 .181   LD2 eth1 .182       VIP 192.168.3.117
 *                              172.168.0.0/24  vmbr
 *   LS1 eth0 .1 --------+---- LD1 eth0 .101   LD2 eth0 .102       VIP 172.168.0.7
 *   LS2 eth0 .2 --------+
 * ```
 *
 * Cards have fixed addresses, so captures compare. The bridges are in a namespace of their own, where a capture sees
 * every frame once, in one order and by one clock.
 *
 * @since 0.1.0
 */
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Child from "./Child.ts"
import * as Namespace from "./Namespace.ts"

/**
 * @category models
 * @since 0.1.0
 */
export type NodeName = "LD1" | "LD2" | "LS1" | "LS2" | "client"

/**
 * The namespaces; `bridges` has `br0` and `vmbr`.
 *
 * @category models
 * @since 0.1.0
 */
export type Topology = Readonly<Record<NodeName | "bridges", Namespace.Namespace>>

/**
 * The service address the clients use.
 *
 * @category constants
 * @since 0.1.0
 */
export const clientVip = "192.168.3.117"

/**
 * The service address the servers use as their gateway.
 *
 * @category constants
 * @since 0.1.0
 */
export const serverVip = "172.168.0.7"

/**
 * A card: where it is plugged in and its addresses.
 *
 * @category models
 * @since 0.1.0
 */
export interface Port {
  readonly node: NodeName
  readonly name: string
  readonly bridge: "br0" | "vmbr"
  readonly address: string
  readonly mac: string
}

/** All cards. */
const ports = [
  { node: "client", name: "eth1", bridge: "br0", address: "192.168.3.10", mac: "02:00:00:00:03:0a" },
  { node: "LD1", name: "eth1", bridge: "br0", address: "192.168.3.181", mac: "02:00:00:00:03:b5" },
  { node: "LD2", name: "eth1", bridge: "br0", address: "192.168.3.182", mac: "02:00:00:00:03:b6" },
  { node: "LD1", name: "eth0", bridge: "vmbr", address: "172.168.0.101", mac: "02:00:00:00:00:65" },
  { node: "LD2", name: "eth0", bridge: "vmbr", address: "172.168.0.102", mac: "02:00:00:00:00:66" },
  { node: "LS1", name: "eth0", bridge: "vmbr", address: "172.168.0.1", mac: "02:00:00:00:00:01" },
  { node: "LS2", name: "eth0", bridge: "vmbr", address: "172.168.0.2", mac: "02:00:00:00:00:02" }
] as const satisfies ReadonlyArray<Port>

/**
 * Returns a card by its node and name.
 *
 * @category getters
 * @since 0.1.0
 */
export const port = (node: NodeName, name: string): Port => {
  const found = ports.find((each) => each.node === node && each.name === name)
  if (found === undefined) throw new Error(`${node} has no ${name}`)
  return found
}

/**
 * Builds the network.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<Topology, Child.CommandFailed, Scope.Scope> = Effect.gen(function* () {
  const topology = {
    bridges: yield* Namespace.make("bridges"),
    client: yield* Namespace.make("client"),
    LD1: yield* Namespace.make("LD1"),
    LD2: yield* Namespace.make("LD2"),
    LS1: yield* Namespace.make("LS1"),
    LS2: yield* Namespace.make("LS2")
  }
  // No duplicate-address wait, no solicitations: nothing on the wire but what is under test.
  for (const namespace of Object.values(topology)) {
    yield* Namespace.tune(namespace, { "ipv6/conf/all/disable_ipv6": 1, "ipv6/conf/default/disable_ipv6": 1 })
  }
  yield* plug(topology)
  yield* Effect.forEach(nodes, (node) => configure(topology, node), {
    concurrency: "unbounded",
    discard: true
  })
  for (const director of [topology.LD1, topology.LD2]) {
    // What the scenarios' administrator sets by hand.
    yield* Namespace.tune(director, {
      "ipv4/ip_forward": 1,
      "ipv4/conf/eth0/arp_ignore": 1,
      "ipv4/conf/eth1/arp_ignore": 1,
      "ipv4/conf/all/rp_filter": 0
    })
  }
  return topology
})

/**
 * Runs `ip` with one command a line.
 *
 * @category actions
 * @since 0.1.0
 */
export const ip = (
  namespace: Namespace.Namespace,
  lines: ReadonlyArray<string>
): Effect.Effect<string, Child.CommandFailed> =>
  Child.run(namespace, ["ip", "-batch", "-"], `${lines.join("\n")}\n`)

/**
 * Makes the cable of a card, with the near end in its node.
 *
 * @category actions
 * @since 0.1.0
 */
export const plugIn = (topology: Topology, plugged: Port): Effect.Effect<void, Child.CommandFailed> =>
  Effect.andThen(
    ip(topology.bridges, cable(topology, plugged)),
    Effect.asVoid(ip(topology[plugged.node], addressing(plugged)))
  )

const plug = (topology: Topology): Effect.Effect<string, Child.CommandFailed> =>
  ip(topology.bridges, [
    ...["br0", "vmbr"].flatMap((bridge) => [
      `link add ${bridge} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
      `link set ${bridge} up`
    ]),
    ...ports.flatMap((each) => cable(topology, each))
  ])

const cable = (topology: Topology, plugged: Port): ReadonlyArray<string> => {
  const inside = NetworkNamespace.pathOf(topology[plugged.node])
  return [
    `link add ${farEnd(plugged)} type veth peer name ${plugged.name} address ${plugged.mac} netns ${inside}`,
    `link set ${farEnd(plugged)} master ${plugged.bridge} up`
  ]
}

/**
 * Names the end of a card's cable that is in a bridge.
 *
 * @category getters
 * @since 0.1.0
 */
export const farEnd = (plugged: Port): string => `${plugged.node.toLowerCase()}-${plugged.name}`

const configure = (topology: Topology, node: NodeName): Effect.Effect<string, Child.CommandFailed> =>
  ip(topology[node], [
    "link set lo up",
    ...ports.filter((each) => each.node === node).flatMap(addressing),
    ...(node === "LS1" || node === "LS2" ? [`route add default via ${serverVip} dev eth0`] : [])
  ])

const addressing = (plugged: Port): ReadonlyArray<string> => [
  `addr add ${plugged.address}/24 brd + dev ${plugged.name}`,
  `link set ${plugged.name} up`
]

const nodes: ReadonlyArray<NodeName> = ["LD1", "LD2", "LS1", "LS2", "client"]
