/**
 * Whether a virtual router can run: its devices, its peers, its trackers and the members of its group; and with what
 * priority.
 *
 * **Invariants**
 * 1. The faults are derived from what is known now, all of them each time: one that ends does not hide another.
 * 2. What is not known is not healthy, as long as the router does not run (`TrackerOutcome`).
 *
 * @since 0.1.0
 */
import type { IpAddress } from "@holdfast/wire/Address"
import type { Fault } from "./Action.ts"
import type { LinkState } from "./Event.ts"
import type { InterfaceName, Parameters } from "./Parameters.ts"
import type { State } from "./State.ts"
import * as TrackerOutcome from "./TrackerOutcome.ts"

/**
 * Returns everything that keeps the router from running; nothing when it can.
 *
 * @category queries
 * @since 0.1.0
 */
export const faults = (state: State): ReadonlyArray<Fault> => {
  const own = ownFaults(state)
  const { group } = state
  if (group === undefined || group.faultyMembers.length === 0) return own
  return [...own, ...group.faultyMembers.map((member): Fault => ({ _tag: "GroupMember", member }))]
}

/**
 * Returns what keeps the router itself from running, whatever the members of its group say.
 *
 * The router's own device counts unless `trackPrimary` is false, and so does every other device that carries a tracked
 * address, route or rule. Without a source address no advert can be sent, whatever is tracked.
 *
 * @category queries
 * @since 0.1.0
 */
export const ownFaults = (state: State): ReadonlyArray<Fault> => {
  const { parameters } = state
  const own = parameters.trackPrimary ? linkFaults(state, parameters.interface) : []
  return [
    ...own,
    ...(own.length === 0 && sourceAddress(state) === undefined
      ? [{ _tag: "NoSourceAddress", interface: parameters.interface } as const]
      : []),
    ...neededDevices(state).flatMap((name) => linkFaults(state, name)),
    ...(isAlone(parameters) ? [{ _tag: "NoPeers" } as const] : []),
    ...TrackerOutcome.trackerFaults(state)
  ]
}

/**
 * Returns the priority that the router runs with.
 *
 * @category queries
 * @since 0.1.0
 */
export const priorityOf = TrackerOutcome.effectivePriority

/**
 * Returns the source address of adverts: the configured one, or else the primary address of the router's device. One that
 * is tracked is that of the device, and absent where the device does not have it.
 *
 * @category queries
 * @since 0.1.0
 */
export const sourceAddress = ({ links, parameters }: State): IpAddress | undefined => {
  if (parameters.sourceAddress !== undefined && !parameters.trackSource) return parameters.sourceAddress
  const link = links.get(parameters.interface)
  return link === undefined || link._tag === "Missing" ? undefined : link.address
}

/**
 * Returns whether an advert can leave now: the router's own device is up and there is a source address.
 *
 * @category queries
 * @since 0.1.0
 */
export const canSend = (state: State): boolean =>
  linkOf(state, state.parameters.interface)._tag === "Up" && sourceAddress(state) !== undefined

const linkFaults = (state: State, name: InterfaceName): ReadonlyArray<Fault> => {
  switch (linkOf(state, name)._tag) {
    case "Missing":
      return [{ _tag: "InterfaceMissing", interface: name }]
    case "Down":
      return [{ _tag: "InterfaceDown", interface: name }]
    case "Up":
      return []
  }
}

const isAlone = ({ faultWithoutPeers, transport }: Parameters): boolean =>
  faultWithoutPeers && transport._tag === "Unicast" && transport.peers.length === 0

/** Other devices that have to be up, each once. The router's own is among them only if a tracker names it. */
const neededDevices = (state: State): ReadonlyArray<InterfaceName> => {
  const { addresses, interface: own, routes, rules, trackPrimary } = state.parameters
  const carriers = [
    ...addresses.flatMap((entry) => (entry.tracked ? [entry.interface] : [])),
    ...routes.flatMap(({ nextHops, tracked }) => (tracked ? nextHops.map((hop) => hop.interface) : [])),
    ...rules.flatMap((rule) => (rule.tracked ? [rule.inputInterface, rule.outputInterface] : []))
  ]
  const needed = new Set([
    ...carriers.filter((name) => name !== undefined && name !== own),
    ...TrackerOutcome.trackedDevices(state).filter((name) => name !== own || !trackPrimary)
  ])
  return [...needed].filter((name) => name !== undefined)
}

const linkOf = (state: State, name: InterfaceName): LinkState => state.links.get(name) ?? missing

const missing: LinkState = { _tag: "Missing" }
