/**
 * Two directors on one Ethernet, with IPv4 and IPv6: what a pair needs, and no more.
 *
 * ```
 *   LD1 eth0  172.168.0.101  2001:db8::65  fe80::65  --+-- br0 --+--  LD2 eth0  172.168.0.102  2001:db8::66  fe80::66
 * ```
 *
 * The bridge is in a namespace of its own, where a capture sees every frame once, and where frames are sent by hand.
 *
 * @since 0.1.0
 */
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Capture from "./Capture.ts"
import type { CommandFailed } from "./Child.ts"
import type { Director } from "./Configuration.ts"
import type * as Frame from "./Frame.ts"
import type { Journal } from "./Journal.ts"
import * as Namespace from "./Namespace.ts"
import * as Topology from "./Topology.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Segment extends Readonly<Record<Director, Namespace.Namespace>> {
  /** Where the bridge `br0` is. */
  readonly wire: Namespace.Namespace
  /** Adverts, ARP and neighbour advertisements on it. */
  readonly frames: Journal<Frame.Frame>
}

/**
 * The addresses of a director's card.
 *
 * @category models
 * @since 0.1.0
 */
export interface Addresses {
  readonly ipv4: string
  readonly ipv6: string
  readonly linkLocal: string
  readonly mac: string
}

/**
 * The cards, both named `eth0`.
 *
 * @category constants
 * @since 0.1.0
 */
export const card: Readonly<Record<Director, Addresses>> = {
  LD1: {
    ipv4: "172.168.0.101",
    ipv6: "2001:db8::65",
    linkLocal: "fe80::65",
    mac: Topology.port("LD1", "eth0").mac
  },
  LD2: {
    ipv4: "172.168.0.102",
    ipv6: "2001:db8::66",
    linkLocal: "fe80::66",
    mac: Topology.port("LD2", "eth0").mac
  }
}

/**
 * Builds the network and captures its bridge.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<Segment, CommandFailed, Scope.Scope> = Effect.gen(function* () {
  const wire = yield* Namespace.make("wire")
  const directors = { LD1: yield* Namespace.make("LD1"), LD2: yield* Namespace.make("LD2") }
  yield* Namespace.tune(wire, { "ipv6/conf/all/disable_ipv6": 1, "ipv6/conf/default/disable_ipv6": 1 })
  yield* Topology.ip(wire, [
    "link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
    "link set br0 up"
  ])
  for (const [name, director] of Object.entries(directors) as ReadonlyArray<
    [Director, Namespace.Namespace]
  >) {
    // No wait for a duplicate, no address that nobody configured.
    yield* Namespace.tune(director, { "ipv6/conf/all/accept_dad": 0, "ipv6/conf/default/accept_dad": 0 })
    yield* Topology.ip(wire, [
      `link add ${name} type veth peer name eth0 address ${card[name].mac} netns ${NetworkNamespace.pathOf(director)}`,
      `link set ${name} master br0 up`
    ])
    yield* Namespace.tune(director, { "ipv6/conf/eth0/addr_gen_mode": noAddress })
    yield* Topology.ip(director, [
      "link set lo up",
      `addr add ${card[name].ipv4}/24 brd + dev eth0`,
      `addr add ${card[name].linkLocal}/64 dev eth0 nodad`,
      `addr add ${card[name].ipv6}/64 dev eth0 nodad`,
      "link set eth0 up"
    ])
  }
  return { wire, ...directors, frames: yield* Capture.start(wire, "br0", filter) }
})

// IN6_ADDR_GEN_MODE_NONE of linux/if_link.h.
const noAddress = 1
// 51 is the authentication header of IP, 136 a neighbour advertisement.
const filter = "ip proto 112 or ip proto 51 or ip6 proto 112 or arp or (icmp6 and ip6[40] = 136)"
