/**
 * What trackers make of a virtual router: its effective priority, and reasons for Fault.
 *
 * **Details** of a subject that is not known to be up or down nothing follows for the priority. Without weight it keeps a
 * router from beginning to run, since what is not known to be well is not well; but it does not stop one that runs: a
 * reload that names a new script would cost the address until its first result.
 *
 * **Gotchas** the clamp is of the sum, not of its parts: what a tracker adds above 254 is there when another one takes it
 * away. An owner has no other priority than 255 (RFC 9568 section 6.1).
 *
 * @since 0.1.0
 */
import type { Fault } from "./Action.ts"
import type { LinkState } from "./Event.ts"
import { type InterfaceName, priorityOwner } from "./Parameters.ts"
import type { State } from "./State.ts"
import * as Tracker from "./Tracker.ts"

/**
 * Returns the priority that a router runs with: that of its parameters, and what its trackers add and take away.
 *
 * @category queries
 * @since 0.1.0
 */
export const effectivePriority = (state: State): number => {
  const { priority, trackers } = state.parameters
  if (priority === priorityOwner || trackers.length === 0) return priority
  let sum: number = priority
  for (const tracker of trackers) sum += contribution(tracker, observe(state, tracker.subject))
  return Math.min(priorityMax, Math.max(priorityMin, sum))
}

/**
 * Returns the faults of trackers, in the order of their lines. Devices without weight are left out: `Health` has them.
 *
 * @category queries
 * @since 0.1.0
 */
export const trackerFaults = (state: State): ReadonlyArray<Fault> =>
  state.parameters.trackers.flatMap((tracker): ReadonlyArray<Fault> => {
    const observation = observe(state, tracker.subject)
    const { reverse, subject, weight } = tracker
    if (weight !== 0)
      return observation._tag === "Value" && contribution(tracker, observation) <= contributionTooLow
        ? [{ _tag: "TrackerTooLow", subject }]
        : []
    if (isDeviceFault(tracker)) return []
    if (observation._tag === "Unknown") return runs(state) ? [] : [{ _tag: "TrackerUnknown", subject }]
    return isUp(observation) === reverse ? [{ _tag: "TrackerDown", subject }] : []
  })

/**
 * Returns the devices that have to be up because a tracker without weight names them.
 *
 * @category queries
 * @since 0.1.0
 */
export const trackedDevices = ({ parameters }: State): ReadonlyArray<InterfaceName> =>
  parameters.trackers.flatMap((tracker) =>
    tracker.subject._tag === "Interface" && isDeviceFault(tracker) ? [tracker.subject.interface] : []
  )

const runs = ({ role }: State): boolean => role._tag === "Master" || role._tag === "Backup"

const isDeviceFault = ({ reverse, subject, weight }: Tracker.Tracker): boolean =>
  subject._tag === "Interface" && weight === 0 && !reverse

/** `reverse` changes the sign; it does not move the change to the other side. */
const contribution = ({ reverse, weight }: Tracker.Tracker, observation: Tracker.Observation): number => {
  const signed = reverse ? -weight : weight
  switch (observation._tag) {
    case "Unknown":
      return 0
    case "Up":
      return weight > 0 ? signed : 0
    case "Down":
      return weight < 0 ? signed : 0
    case "Value":
      return observation.value * signed
  }
}

/** A file without weight is well while it says 0. */
const isUp = (observation: Tracker.Observation): boolean =>
  observation._tag === "Value" ? observation.value === 0 : observation._tag === "Up"

const observe = (state: State, subject: Tracker.Subject): Tracker.Observation =>
  subject._tag === "Interface"
    ? ofLink(state.links.get(subject.interface))
    : (state.observations.get(Tracker.keyOf(subject)) ?? unknown)

const ofLink = (link: LinkState | undefined): Tracker.Observation => (link?._tag === "Up" ? up : down)

const unknown: Tracker.Observation = { _tag: "Unknown" }
const up: Tracker.Observation = { _tag: "Up" }
const down: Tracker.Observation = { _tag: "Down" }

const priorityMin = 1
const priorityMax = 254 // RFC 3768 5.3.4: 255 is the owner's
const contributionTooLow = -254 // keepalived.conf(5), track_file
