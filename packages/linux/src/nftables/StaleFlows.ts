/**
 * Makes the kernel forget the flows of UDP to servers that were removed.
 *
 * A client that goes on sending from one port stays in one flow, and would send to the removed server as long as it goes
 * on. Connections of TCP and SCTP are left: their ends know when they are over.
 *
 * @since 0.1.0
 */
import type * as Service from "@holdfast/balancer/Service"
import * as Conntrack from "@holdfast/netlink/Conntrack"
import type * as NetlinkClient from "@holdfast/netlink/NetlinkClient"
import * as Effect from "effect/Effect"
import * as Layout from "./Layout.ts"
import type { Change } from "./ServiceEdits.ts"

/**
 * Forgets them. Reads the whole table of connections of a family, once for each call that removes a server of UDP.
 *
 * What cannot be forgotten is told in the log: the services are as they shall be all the same.
 *
 * @category actions
 * @since 0.1.0
 */
export const forget = Effect.fn("StaleFlows.forget")(
  function* (client: NetlinkClient.NetlinkClient["Service"], changes: ReadonlyArray<Change>) {
    const removals = changes.flatMap(removalsOf)
    for (const family of new Set(removals.map((removal) => Layout.familyOf(removal.service)))) {
      const ofFamily = removals.filter((removal) => Layout.familyOf(removal.service) === family)
      const flows = yield* client.dump(
        Conntrack.list(family === "inet" ? Conntrack.AF_INET : Conntrack.AF_INET6)
      )
      const stale = flows.filter((flow) => ofFamily.some((removal) => isOf(flow, removal)))
      // One that ended meanwhile is not found, which is what was wanted.
      yield* client.requestAll(stale.map(Conntrack.remove))
    }
  },
  (effect) =>
    Effect.catch(effect, (error) =>
      Effect.logWarning("flows of UDP to removed servers go on: they cannot be listed", error.message)
    )
)

interface Removal {
  readonly service: Service.ServiceAddress
  readonly destination: Service.Destination
}

const removalsOf = ({ address, after, before }: Change): ReadonlyArray<Removal> =>
  address._tag === "Endpoint" && address.protocol !== "UDP"
    ? []
    : Array.from(before?.destinations.values() ?? [])
        .filter(({ key }) => after?.destinations.has(key) !== true)
        .map((destination) => ({ service: address, destination }))

const isOf = (
  { answerSource, destination: asked, protocol }: Conntrack.Flow,
  { destination, service }: Removal
): boolean => {
  if (protocol !== Layout.protocols.UDP) return false
  const isAnswered =
    answerSource.address === destination.address &&
    (destination.port === 0 || answerSource.port === destination.port)
  // What goes to the server itself is nobody's service.
  if (service._tag === "FirewallMark") return isAnswered && asked.address !== destination.address
  return (
    isAnswered && asked.address === service.address && (service.port === 0 || asked.port === service.port)
  )
}
