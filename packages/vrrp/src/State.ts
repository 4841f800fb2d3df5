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
 * The highest sequence number that was accepted from a sender: what it sends from now on is above it.
 *
 * @category models
 * @since 0.1.0
 */
export const Mark = Schema.Struct({ source: Address.IpAddress, sequence: Schema.BigInt })

/**
 * @category models
 * @since 0.1.0
 */
export type Mark = typeof Mark.Type

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
  lastHeard: Schema.optionalKey(Speaker),
  /** The last sequence number of senders that proved who they are, the latest first. */
  marks: Schema.optionalKey(Schema.Array(Mark))
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
 * Returns the state with other parameters. Sequence numbers of another kind of authentication say nothing.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withParameters = (state: State, parameters: Parameters): State => {
  if (parameters.authentication?._tag === state.parameters.authentication?._tag)
    return { ...state, parameters }
  const { marks: _, ...unmarked } = state
  return { ...unmarked, parameters }
}

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
 * Returns the state with what is known of a tracked subject. What is unknown is forgotten, so that the map is never larger
 * than the list of what is tracked.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withObservation = (state: State, subject: string, observation: Observation): State => {
  const observations = new Map(state.observations)
  if (observation._tag === "Unknown") observations.delete(subject)
  else observations.set(subject, observation)
  return { ...state, observations }
}

/**
 * Returns the state in a group, or out of it; who is in one already knows of its members what it knew.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withGroup = (state: State, grouped: boolean): State => {
  const { group, ...alone } = state
  return grouped ? { ...state, group: group ?? { faultyMembers: [] } } : alone
}

/**
 * Returns the state with the members of its group that are in Fault by themselves; nothing to know without a group.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withFaultyMembers = (state: State, faultyMembers: ReadonlyArray<string>): State =>
  state.group === undefined ? state : { ...state, group: { faultyMembers } }

/**
 * Returns the state with the sequence number of an accepted sender. Senders beyond a bound are forgotten, the one heard
 * longest ago first.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withMark = (state: State, mark: Mark): State => {
  const others = (state.marks ?? []).filter(({ source }) => source !== mark.source)
  return { ...state, marks: [mark, ...others.slice(0, marksMax - 1)] }
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
export const withoutSpeaker = (state: State): State => {
  const { lastHeard: _, ...unheard } = state
  return unheard
}

/** Routers of one virtual router that prove who they are; only holders of a key can fill the list. */
const marksMax = 16
