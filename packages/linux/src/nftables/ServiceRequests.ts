/**
 * The requests that bring a service from what the kernel has to what it shall have, as part of one transaction.
 *
 * @since 0.1.0
 */
import type * as Service from "@holdfast/balancer/Service"
import * as NfTables from "@holdfast/netlink/NfTables"
import * as Expression from "@holdfast/netlink/NfTablesExpression"
import type { Request } from "@holdfast/netlink/Request"
import * as Dispatch from "./Dispatch.ts"
import * as Layout from "./Layout.ts"
import type { Change } from "./ServiceEdits.ts"
import * as ServiceRules from "./ServiceRules.ts"

/**
 * What the requests start from.
 *
 * - `presentKeys`: keys of the service's entry that are there, wherever they lead.
 * - `counts`: what was counted of each server, by its key.
 * - `setId`: the number of a new set, unique in the transaction.
 *
 * @category models
 * @since 0.1.0
 */
export interface Origin {
  readonly presentKeys: ReadonlyArray<Uint8Array>
  readonly counts: ReadonlyMap<string, ServiceRules.Count>
  readonly setId: number
}

/**
 * Returns the requests of one change, in order: the chain of the service lets go of what it uses, then its servers are
 * removed and made, then it takes hold of them.
 *
 * The chains of servers that stay are left alone, and go on counting.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (change: Change, origin: Origin): ReadonlyArray<Request> => {
  const { after, before } = change
  if (after === undefined) return remove(change.address, before, origin.presentKeys)
  const rules = ServiceRules.make(after, origin.setId, origin.counts)
  const isKept = hasSamePersistence(before, after)
  const made = Array.from(after.destinations.keys(), (key, index) =>
    isKept && before?.destinations.has(key) === true ? [] : makeServer(rules.servers[index]!)
  )
  const { slots } = rules
  return [
    NfTables.newChain({ table: Layout.table, name: rules.chain }),
    NfTables.flushChain(Layout.table, rules.chain),
    ...(before === undefined ? [] : removeServers(before, after)),
    ...made.flat(),
    ...(slots === undefined
      ? []
      : [NfTables.newSet(slots.set), ...NfTables.newElements(slots.set, slots.elements)]),
    ...rules.rules.map(NfTables.newRule),
    ...(before === undefined ? enter(change.address, rules.chain, origin.presentKeys) : [])
  ]
}

const hasSamePersistence = (before: Service.Service | undefined, after: Service.Service): boolean =>
  before?.persistence?.timeoutSeconds === after.persistence?.timeoutSeconds &&
  before?.persistence?.granularity === after.persistence?.granularity

/** Of a broken service what is left may be anything: its chain is made first, so that it can be deleted. */
const remove = (
  address: Service.ServiceAddress,
  before: Service.Service | undefined,
  presentKeys: ReadonlyArray<Uint8Array>
): ReadonlyArray<Request> => {
  if (before === undefined && presentKeys.length === 0) return []
  const chain = ServiceRules.chainOf(address)
  return [
    ...NfTables.deleteElements(
      { table: Layout.table, name: Dispatch.entryOf(address).map },
      presentKeys.map((key) => ({ key }))
    ),
    NfTables.newChain({ table: Layout.table, name: chain }),
    NfTables.flushChain(Layout.table, chain),
    NfTables.deleteChain(Layout.table, chain),
    ...(before === undefined ? [] : removeServers(before, undefined))
  ]
}

/** Removes the servers that are not in the service any more, and the memory of those that stay when it has none any more. */
const removeServers = (
  before: Service.Service,
  after: Service.Service | undefined
): ReadonlyArray<Request> => {
  const requests: Array<Request> = []
  for (const destination of before.destinations.values()) {
    const chain = ServiceRules.serverChainOf(before.address, destination)
    const isGone = after?.destinations.has(destination.key) !== true
    const forgets = before.persistence !== undefined && (isGone || after?.persistence === undefined)
    if (isGone || forgets) requests.push(NfTables.flushChain(Layout.table, chain))
    if (isGone) requests.push(NfTables.deleteChain(Layout.table, chain))
    if (forgets) {
      const { name } = ServiceRules.clientsOf(before.address, destination)
      requests.push(NfTables.deleteSet(Layout.table, name))
    }
  }
  return requests
}

const makeServer = ({ chain, clients, rules }: ServiceRules.ServerRules): ReadonlyArray<Request> => [
  NfTables.newChain({ table: Layout.table, name: chain }),
  NfTables.flushChain(Layout.table, chain),
  ...(clients === undefined ? [] : [NfTables.newSet(clients)]),
  ...rules.map(NfTables.newRule)
]

/** A key that is there leads elsewhere: somebody else wrote it. */
const enter = (
  address: Service.ServiceAddress,
  chain: string,
  presentKeys: ReadonlyArray<Uint8Array>
): ReadonlyArray<Request> => {
  const { keys, map } = Dispatch.entryOf(address)
  const set = { table: Layout.table, name: map }
  const verdict = { code: Expression.NFT_GOTO, chain }
  return [
    ...NfTables.deleteElements(
      set,
      presentKeys.map((key) => ({ key }))
    ),
    ...NfTables.newElements(
      set,
      keys.map((key) => ({ key, verdict }))
    )
  ]
}
