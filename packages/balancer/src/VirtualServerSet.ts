/**
 * The plan of a reload: which virtual servers go on, change, join and leave. Decides; never acts.
 *
 * **Details** a virtual server is the same if its name is. What is equal by value comes out as the object that runs, down to
 * the single real server: what refers to it stays, and nobody compares it again.
 *
 * @since 0.1.0
 */
import type { RealServer, VirtualServer } from "./Parameters.ts"
import * as PlainData from "./PlainData.ts"

/**
 * A virtual server before and after. Real servers and addresses of `to` that are equal to those of `from` are those objects.
 *
 * @category models
 * @since 0.1.0
 */
export interface Change {
  readonly from: VirtualServer
  readonly to: VirtualServer
}

/**
 * What a reload does.
 *
 * - `kept`: nothing changed; these are the objects that run.
 * - `changed`: the running virtual server takes the new parameters (`Reconfigured`).
 * - `added`, `removed`.
 * - `virtualServers`: all that are wanted, in their order, as the objects that run from now on.
 *
 * @category models
 * @since 0.1.0
 */
export interface Plan {
  readonly virtualServers: ReadonlyArray<VirtualServer>
  readonly kept: ReadonlyArray<VirtualServer>
  readonly changed: ReadonlyArray<Change>
  readonly added: ReadonlyArray<VirtualServer>
  readonly removed: ReadonlyArray<VirtualServer>
}

/**
 * Returns how to come from the running virtual servers to the wanted ones. Names are unique in each list.
 *
 * @category queries
 * @since 0.1.0
 */
export const diff = (running: ReadonlyArray<VirtualServer>, wanted: ReadonlyArray<VirtualServer>): Plan => {
  // Most files change in few places: what stands where it stood is told by identity, and no table is made of it.
  const isUnmoved = (index: number): boolean => running[index] === wanted[index]
  const leaving = new Map(
    running.flatMap((from, index) => (isUnmoved(index) ? none : [[from.name, from] as const]))
  )
  const kept: Array<VirtualServer> = []
  const changed: Array<Change> = []
  const added: Array<VirtualServer> = []
  const virtualServers = wanted.map((entry, index) => {
    if (isUnmoved(index)) {
      kept.push(entry)
      return entry
    }
    const from = leaving.get(entry.name)
    leaving.delete(entry.name)
    if (from === undefined) {
      added.push(entry)
      return entry
    }
    const to = share(from, entry)
    if (PlainData.equals(from, to)) {
      kept.push(from)
      return from
    }
    changed.push({ from, to })
    return to
  })
  return { virtualServers, kept, changed, added, removed: [...leaving.values()] }
}

const none: ReadonlyArray<readonly [string, VirtualServer]> = []

/** Takes from the running one whatever is equal, so that each real server is compared once. */
const share = (from: VirtualServer, to: VirtualServer): VirtualServer => {
  if (from === to) return from
  const places = new Map(from.realServers.map((server) => [server.key, server]))
  const realServers = to.realServers.map((server): RealServer => {
    const before = places.get(server.key)
    return before !== undefined && PlainData.equals(before, server) ? before : server
  })
  const addresses =
    from.addresses.length === to.addresses.length
      ? to.addresses.map((address, index) => {
          const before = from.addresses[index]
          return before !== undefined && PlainData.equals(before, address) ? before : address
        })
      : to.addresses
  return { ...to, addresses, realServers }
}
