/**
 * What a virtual router knows: its parameters, its role, the devices, and whom it heard last.
 *
 * @since 0.1.0
 */
import * as Address from "@holdfast/wire/Address"
import * as Schema from "effect/Schema"
import { LinkState } from "./Event.ts"
import { InterfaceName, Parameters } from "./Parameters.ts"
import { Role } from "./Role.ts"
import { Observation } from "./Tracker.ts"

/**
 * The sender of the last advert that was accepted: for a Backup, its Master.
 *
 * @category models
 * @since 0.1.0
 */
export const Speaker = Schema.Struct({
  source: Address.IpAddress,
  /** 0 when it left. */
  priority: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))
})

/**
 * @category models
 * @since 0.1.0
 */
export type Speaker = typeof Speaker.Type

/**
 * The state of one virtual router: plain data with a JSON form.
 *
 * @category models
 * @since 0.1.0
 */
export const State = Schema.Struct({
  parameters: Parameters,
  role: Role,
  /** What was last said of each device that exists. A device of which nothing was said is missing. */
  links: Schema.ReadonlyMap(InterfaceName, LinkState),
  /** What was last said of scripts, processes and files, by `Tracker.keyOf`. */
  observations: Schema.ReadonlyMap(Schema.String, Observation),
  /** Its sync group, as far as the router has to know it; absent when it is in none. */
  group: Schema.optionalKey(Schema.Struct({ faultyMembers: Schema.Array(Schema.String) })),
  lastHeard: Schema.optionalKey(Speaker)
})

/**
 * @category models
 * @since 0.1.0
 */
export type State = typeof State.Type

/**
 * Returns a virtual router that has not been started and knows no device.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (parameters: Parameters): State => ({
  parameters,
  role: { _tag: "Init" },
  links: new Map(),
  observations: new Map()
})

/**
 * Returns the state with a device as the kernel now has it. A missing device is forgotten, so that the map is never
 * larger than the list of devices of the host.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withLink = (state: State, name: InterfaceName, link: LinkState): State => {
  const links = new Map(state.links)
  if (link._tag === "Missing") links.delete(name)
  else links.set(name, link)
  return { ...state, links }
}

/**
 * Returns the state with the sender of an accepted advert.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withSpeaker = (state: State, source: Address.IpAddress, priority: number): State =>
  state.lastHeard?.source === source && state.lastHeard.priority === priority
    ? state
    : { ...state, lastHeard: { source, priority } }

/**
 * Returns the state without the last sender: one that was heard before a pause says nothing about now.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withoutSpeaker = ({ lastHeard: _, ...state }: State): State => state
