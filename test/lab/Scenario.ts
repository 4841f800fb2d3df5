/**
 * The six scenarios: what their administrator does by hand beside the files, and what they look like from outside.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Child from "./Child.ts"
import type { Director, Scenario } from "./Configuration.ts"
import * as Namespace from "./Namespace.ts"
import * as Topology from "./Topology.ts"

/**
 * What is seen of a scenario.
 *
 * @category models
 * @since 0.1.0
 */
export interface Appearance {
  /** The card whose wire the adverts pass. */
  readonly advertCard: "eth0" | "eth1"
  readonly areAdvertsUnicast: boolean
  /** The address the adverts come from, when it is not the card's own. */
  readonly advertMac?: string
  /** The device that the clients' address is on. */
  readonly device: "eth1" | "uvmac"
  /** The address the clients reach the service by, when it is not the one of the Master's card. */
  readonly serviceMac?: string
}

/**
 * Returns the card of a director that its adverts pass, and its address.
 *
 * @category getters
 * @since 0.1.0
 */
export const advertPort = (scenario: Scenario, director: Director): Topology.Port =>
  Topology.port(director, appearances[scenario].advertCard)

/**
 * Returns the hardware address that clients are to believe in while a director is Master.
 *
 * @category getters
 * @since 0.1.0
 */
export const serviceMac = (scenario: Scenario, master: Director): string =>
  appearances[scenario].serviceMac ?? Topology.port(master, "eth1").mac

/**
 * Does what the administrator does before the daemons start.
 *
 * In scenario 6 that is one more card on the clients' side, with one hardware address on both directors.
 *
 * @category actions
 * @since 0.1.0
 */
export const prepare = (
  topology: Topology.Topology,
  scenario: Scenario
): Effect.Effect<void, Child.CommandFailed> =>
  Effect.gen(function* () {
    if (scenario !== "6-macvlan") return
    for (const director of [topology.LD1, topology.LD2]) {
      yield* Topology.ip(director, [
        `link add link eth1 address ${handMadeMac} name uvmac type macvlan mode private`,
        "link set uvmac up"
      ])
      yield* Namespace.tune(director, { "ipv4/conf/uvmac/arp_ignore": 1, "ipv4/conf/uvmac/rp_filter": 0 })
    }
  })

/** RFC 9568 section 7.3, of virtual router 82. */
const virtualMac = "00:00:5e:00:01:52"
const handMadeMac = "0a:75:57:30:4e:a9"

/**
 * @category constants
 * @since 0.1.0
 */
export const appearances: Readonly<Record<Scenario, Appearance>> = {
  "a-basic": { advertCard: "eth0", areAdvertsUnicast: false, device: "eth1" },
  "b-unicast": { advertCard: "eth0", areAdvertsUnicast: true, device: "eth1" },
  "c-vmac-multicast": {
    advertCard: "eth1",
    areAdvertsUnicast: false,
    advertMac: virtualMac,
    device: "uvmac",
    serviceMac: virtualMac
  },
  "d-vmac-unicast": {
    advertCard: "eth1",
    areAdvertsUnicast: true,
    device: "uvmac",
    serviceMac: virtualMac
  },
  "5-vmac-xmit-base": {
    advertCard: "eth1",
    areAdvertsUnicast: false,
    device: "uvmac",
    serviceMac: virtualMac
  },
  "6-macvlan": { advertCard: "eth0", areAdvertsUnicast: true, device: "uvmac", serviceMac: handMadeMac }
}
