/**
 * From the groups and the trackers of a file to what its virtual routers look at, and which of them go together.
 *
 * **Details** members of a group need the same priority at any time, so a tracker of a member that would change only its own
 * is treated as keepalived does, unless the group says `sync_group_tracking_weight`: a device becomes a reason for Fault,
 * and so does a file that takes its weight from its section; any other subject with a weight is not tracked. What the group
 * itself tracks changes the priority of all.
 *
 * **Gotchas** keepalived 2.2 lets the weight of a process count, against its manual.
 *
 * @since 0.1.0
 */
import { type Parameters, priorityOwner } from "@holdfast/vrrp/Parameters"
import type * as Shared from "@holdfast/vrrp/SharedParameters"
import { keyOf, type Tracker } from "@holdfast/vrrp/Tracker"
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import * as NamedSection from "./NamedSection.ts"
import type { SyncGroup } from "./SyncGroup.ts"
import * as TrackerLine from "./TrackerLine.ts"
import type { InstanceRouters } from "./VirtualRouters.ts"
import type { VrrpInstance } from "./VrrpInstance.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Compiled {
  readonly groups: ReadonlyArray<Shared.SyncGroup>
  /** All virtual routers, with their trackers. */
  readonly routers: ReadonlyArray<Parameters>
}

/**
 * Compiles groups and trackers. The routers of one instance are a group of their own if the file has none for them.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile = (
  groups: ReadonlyArray<SyncGroup>,
  instances: ReadonlyArray<InstanceRouters>,
  definitions: TrackerLine.Definitions,
  report: Report
): Compiled => {
  const named = new Map(instances.map((entry) => [entry.instance.name.text, entry]))
  const memberships = new Map<string, Membership>()
  const compiled = [...NamedSection.byName("vrrp_sync_group", groups, report).values()].flatMap((group) =>
    compileGroup(group, named, memberships, definitions, report)
  )
  const pairs = instances
    .filter(({ instance, routers }) => routers.length > 1 && !memberships.has(instance.name.text))
    .flatMap(({ instance, routers }) => groupOf(instance.name.text, "Instance", routers))
  return {
    groups: [...compiled, ...pairs],
    routers: instances.flatMap(({ instance, routers }) => {
      const membership = memberships.get(instance.name.text)
      const trackers = trackersOf(instance, routers, membership, definitions, report)
      return routers.map((router) => ({ ...router, trackers }))
    })
  }
}

/** The group of an instance, and what that group tracks. */
interface Membership {
  readonly word: Word
  readonly group: SyncGroup
  readonly trackers: ReadonlyArray<TrackerLine.Found>
}

const compileGroup = (
  group: SyncGroup,
  instances: ReadonlyMap<string, InstanceRouters>,
  memberships: Map<string, Membership>,
  definitions: TrackerLine.Definitions,
  report: Report
): ReadonlyArray<Shared.SyncGroup> => {
  const { name, settings } = group
  const trackers = TrackerLine.compile(settings.values, definitions, report)
  const members = group.members.flatMap((word) => {
    const member = NamedSection.find("vrrp_instance", word, instances, report)
    const membership = memberships.get(word.text)
    if (membership !== undefined) reportSecond(word, group, membership, report)
    if (member === undefined || membership !== undefined) return []
    memberships.set(word.text, { word, group, trackers })
    return [member]
  })
  if (group.members.length === 0)
    report.error(name.span, `vrrp_sync_group ${name.text} has no members`, "add group { … }, or remove it")
  else if (group.members.length === 1)
    report.warning(
      name.span,
      `vrrp_sync_group ${name.text} has one member only`,
      "add the others, or remove it"
    )
  reportOwners(group, members, report)
  return groupOf(
    name.text,
    "Group",
    members.flatMap(({ routers }) => routers)
  )
}

const groupOf = (
  name: string,
  kind: Shared.SyncGroup["kind"],
  routers: ReadonlyArray<Parameters>
): ReadonlyArray<Shared.SyncGroup> => {
  const [first, ...rest] = routers.map((router) => router.name)
  return first === undefined ? [] : [{ name, kind, members: [first, ...rest] }]
}

const reportSecond = (word: Word, group: SyncGroup, { group: first }: Membership, report: Report): void => {
  if (first === group) report.warning(word.span, `${word.text} is listed twice`, "remove one of them")
  else {
    const message = `${word.text} is already in vrrp_sync_group ${first.name.text}`
    report.error(word.span, message, "an instance is in one group at most")
  }
}

const reportOwners = ({ name }: SyncGroup, members: ReadonlyArray<InstanceRouters>, report: Report): void => {
  const owners = members.filter(({ routers }) => routers.some(({ priority }) => priority === priorityOwner))
  if (owners.length === 0 || owners.length === members.length) return
  const message = `vrrp_sync_group ${name.text} mixes address owners (priority 255) with other routers`
  report.warning(name.span, message, "give all members a priority below 255, or all 255")
}

const trackersOf = (
  instance: VrrpInstance,
  routers: ReadonlyArray<Parameters>,
  membership: Membership | undefined,
  definitions: TrackerLine.Definitions,
  report: Report
): ReadonlyArray<Tracker> => {
  const device = routers[0]?.interface
  const found = TrackerLine.compile(instance.settings.values, definitions, report).filter(({ line }) => {
    const own = line.kind === "Interface" && line.name.text === device
    if (own) report.warning(line.name.span, `${device} is the instance's own interface`, "remove it")
    return !own
  })
  if (routers.some(({ priority }) => priority === priorityOwner))
    return [...found, ...(membership?.trackers ?? [])].flatMap(fixedPriority(report))
  if (membership === undefined) return found.map(({ tracker }) => tracker)
  const shared = membership.trackers.map(({ tracker }) => tracker)
  const keys = new Set(shared.map(({ subject }) => keyOf(subject)))
  const own = found.filter(({ line, tracker }) => {
    const twice = keys.has(keyOf(tracker.subject))
    if (twice) {
      const message = `${line.name.text} is also tracked by vrrp_sync_group ${membership.group.name.text}`
      report.warning(line.name.span, message, "remove this line; that of the group counts")
    }
    return !twice
  })
  const { global_tracking, sync_group_tracking_weight } = membership.group.settings.values
  const weighs = global_tracking !== undefined || sync_group_tracking_weight !== undefined
  return [...(weighs ? own.map(({ tracker }) => tracker) : own.flatMap(unweighted(report))), ...shared]
}

/** The address owner has priority 255 whatever is up or down. */
const fixedPriority =
  (report: Report) =>
  ({ line, tracker }: TrackerLine.Found): ReadonlyArray<Tracker> => {
    if (tracker.weight === 0) return [tracker]
    const message = `${line.name.text} is not tracked with a weight by the address owner (priority 255)`
    report.warning(line.name.span, message, "write weight 0 for a reason for Fault, or remove the line")
    return []
  }

/** What is left of a member's tracker where its weight must not count. */
const unweighted =
  (report: Report) =>
  ({ line, tracker }: TrackerLine.Found): ReadonlyArray<Tracker> => {
    if (tracker.weight === 0) return [tracker]
    const dropped = line.kind !== "Interface" && (line.kind !== "File" || line.weight !== undefined)
    const outcome = dropped ? "it is not tracked" : "it is a reason for Fault when down"
    report.warning(
      line.name.span,
      `${line.name.text} has a weight, which does not count for a member of a group: ${outcome}`,
      "track it in the group, write weight 0, or sync_group_tracking_weight in the group"
    )
    return dropped ? [] : [{ ...tracker, weight: 0 }]
  }
