/**
 * The plan of a reload: which virtual routers go on, change, begin anew, join and leave.
 *
 * A router is the same if it has its name, or else its place on the network (device, family and VRID): who renames a router
 * keeps it running. Decides; never acts.
 *
 * **Gotchas** carry out what stops (`removed`, and `from` of `replaced`) before what starts: a new router may take the
 * place of one that leaves.
 *
 * @since 0.1.0
 */
import * as Equal from "effect/Equal"
import { isSame, type Parameters, placeOf, type VirtualAddress } from "./Parameters.ts"

/**
 * A router before and after.
 *
 * @category models
 * @since 0.1.0
 */
export interface Change {
  readonly from: Parameters
  readonly to: Parameters
}

/**
 * What a reload does.
 *
 * - `kept`: nothing changed.
 * - `changed`: the running router takes the new parameters (`Reconfigured`) and keeps its role.
 * - `replaced`: the router is elsewhere on the network now: the old one stops and a new one starts.
 * - `added`, `removed`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Plan {
  readonly kept: ReadonlyArray<Parameters>
  readonly changed: ReadonlyArray<Change>
  readonly replaced: ReadonlyArray<Change>
  readonly added: ReadonlyArray<Parameters>
  readonly removed: ReadonlyArray<Parameters>
}

/**
 * Returns how to come from the running routers to the wanted ones. Each running router is used once at most.
 * Names and places are unique in each list.
 *
 * **Details** an address line that goes on is the same object as before: among a thousand, what changed is found without
 * comparing each again, and what was made of the others is still known.
 *
 * @category queries
 * @since 0.1.0
 */
export const diff = (running: ReadonlyArray<Parameters>, wanted: ReadonlyArray<Parameters>): Plan => {
  const predecessors = pair(running, wanted)
  const pairs = wanted.flatMap((to): ReadonlyArray<Change> => {
    const from = predecessors.get(to)
    return from === undefined ? [] : [{ from, to: { ...to, addresses: reuse(from.addresses, to.addresses) } }]
  })
  const used = new Set(predecessors.values())
  const kept = pairs.filter(({ from, to }) => isSame(from, to))
  const isKept = new Set(kept)
  return {
    kept: kept.map(({ to }) => to),
    changed: pairs.filter((change) => !isKept.has(change) && staysInPlace(change)),
    replaced: pairs.filter((change) => !staysInPlace(change)),
    added: wanted.filter((to) => !predecessors.has(to)),
    removed: running.filter((from) => !used.has(from))
  }
}

/** Names first: only a router that nobody names any more can have been renamed. */
const pair = (
  running: ReadonlyArray<Parameters>,
  wanted: ReadonlyArray<Parameters>
): ReadonlyMap<Parameters, Parameters> => {
  const predecessors = new Map<Parameters, Parameters>()
  const used = new Set<Parameters>()
  for (const keyOf of [nameOf, placeOf]) {
    const free = new Map(running.filter((from) => !used.has(from)).map((from) => [keyOf(from), from]))
    for (const to of wanted) {
      const from = free.get(keyOf(to))
      if (from === undefined || predecessors.has(to)) continue
      free.delete(keyOf(to))
      used.add(from)
      predecessors.set(to, from)
    }
  }
  return predecessors
}

const reuse = (
  before: ReadonlyArray<VirtualAddress>,
  after: ReadonlyArray<VirtualAddress>
): ReadonlyArray<VirtualAddress> => {
  const known = new Map(before.map((entry) => [entry.address, entry]))
  const reused = after.map((entry) => {
    const same = known.get(entry.address)
    return same !== undefined && isSameLine(same, entry) ? same : entry
  })
  return reused.length === before.length && reused.every((entry, index) => entry === before[index])
    ? before
    : reused
}

/** The same as `Equal.equals`, which would first make a hash of each. */
const isSameLine = (left: VirtualAddress, right: VirtualAddress): boolean => {
  const names = Object.keys(left) as Array<keyof VirtualAddress>
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => left[name] === right[name] || Equal.equals(left[name], right[name]))
  )
}

/**
 * Whether a running router can take the parameters as it is: its sockets stay those of the same device, family, VRID and
 * group, and so does its virtual MAC device. Peers and source address are read with each advert, and the version is that of
 * the next one: none of them is a reason to leave and come back.
 */
const staysInPlace = ({ from, to }: Change): boolean =>
  placeOf(from) === placeOf(to) &&
  channelOf(from) === channelOf(to) &&
  Equal.equals(from.virtualMac, to.virtualMac)

const nameOf = (parameters: Parameters): string => parameters.name

const channelOf = ({ transport }: Parameters): string =>
  transport._tag === "Multicast" ? transport.group : transport._tag
