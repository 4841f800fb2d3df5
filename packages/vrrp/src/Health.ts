/**
 * Whether a virtual router can run, as far as its devices are concerned.
 *
 * @since 0.1.0
 */
import type { IpAddress } from "@holdfast/wire/Address"
import type { Fault } from "./Action.ts"
import type { LinkState } from "./Event.ts"
import type { InterfaceName } from "./Parameters.ts"
import type { State } from "./State.ts"

/**
 * Returns everything that keeps the router from running; nothing when it can.
 *
 * The router's own device counts unless `trackPrimary` is false, and so does every other device that carries a tracked
 * address. Without a source address no advert can be sent, whatever is tracked.
 *
 * @category queries
 * @since 0.1.0
 */
export const faults = (state: State): ReadonlyArray<Fault> => {
  const { parameters } = state
  const own = parameters.trackPrimary ? linkFaults(state, parameters.interface) : []
  return [
    ...own,
    ...(own.length === 0 && sourceAddress(state) === undefined
      ? [{ _tag: "NoSourceAddress", interface: parameters.interface } as const]
      : []),
    ...addressDevices(state).flatMap((name) => linkFaults(state, name))
  ]
}

/**
 * Returns the source address of adverts: the configured one, or else the primary address of the router's device.
 *
 * @category queries
 * @since 0.1.0
 */
export const sourceAddress = ({ links, parameters }: State): IpAddress | undefined => {
  if (parameters.sourceAddress !== undefined) return parameters.sourceAddress
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

const addressDevices = ({ parameters }: State): ReadonlyArray<InterfaceName> => [
  ...new Set(
    parameters.addresses
      .filter((address) => address.tracked && address.interface !== parameters.interface)
      .map((address) => address.interface)
  )
]

const linkOf = (state: State, name: InterfaceName): LinkState => state.links.get(name) ?? missing

const missing: LinkState = { _tag: "Missing" }
