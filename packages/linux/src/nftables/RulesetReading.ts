/**
 * Asks the kernel for our table: all of it, or what belongs to some services.
 *
 * @since 0.1.0
 */
import type * as Service from "@holdfast/balancer/Service"
import type * as NetlinkClient from "@holdfast/netlink/NetlinkClient"
import type { NetlinkError } from "@holdfast/netlink/NetlinkError"
import * as NetlinkErrors from "@holdfast/netlink/NetlinkError"
import type * as NfTables from "@holdfast/netlink/NfTables"
import * as NfTablesQuery from "@holdfast/netlink/NfTablesQuery"
import type { Query } from "@holdfast/netlink/Request"
import * as Effect from "effect/Effect"
import * as Dispatch from "./Dispatch.ts"
import * as Layout from "./Layout.ts"
import * as Ruleset from "./Ruleset.ts"
import * as ServiceRules from "./ServiceRules.ts"

type Client = NetlinkClient.NetlinkClient["Service"]

/**
 * What was read, and the generation that it belongs to.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reading {
  readonly generation: number
  readonly ruleset: Ruleset.Ruleset
}

/**
 * Reads all services, or some of them, as of one moment.
 *
 * @category constructors
 * @since 0.1.0
 */
export const read = Effect.fn("RulesetReading.read")(function* (
  client: Client,
  addresses?: ReadonlyArray<Service.ServiceAddress>
): Effect.fn.Return<Reading, NetlinkError> {
  const isFew = addresses !== undefined && addresses.length <= addressesFewMax
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const generation = yield* client.get(NfTablesQuery.generation())
    const ruleset = yield* isFew ? readSome(client, addresses) : readAll(client)
    if ((yield* client.get(NfTablesQuery.generation())) === generation) return { generation, ruleset }
  }
  return yield* NetlinkErrors.make(NfTablesQuery.generation(), "DumpInterrupted")
})

const readAll = Effect.fnUntraced(function* (client: Client) {
  const rules = yield* whatIsThere(client.dump(NfTablesQuery.rules(Layout.table)), [])
  const sets = yield* whatIsThere(client.dump(NfTablesQuery.sets(Layout.table)), [])
  const elements = new Map<string, ReadonlyArray<NfTables.Element>>()
  for (const { name } of Dispatch.maps) elements.set(name, yield* elementsOf(client, name))
  return {
    ...(yield* readFrame(client)),
    rules: Map.groupBy(rules, ({ chain }) => chain),
    sets: new Map(sets.map((set) => [set.name, set])),
    elements
  } satisfies Ruleset.Ruleset
})

const readSome = Effect.fnUntraced(function* (
  client: Client,
  addresses: ReadonlyArray<Service.ServiceAddress>
) {
  const rules = new Map<string, ReadonlyArray<NfTables.Rule>>()
  const sets = new Map<string, NfTables.Set>()
  const elements = new Map<string, Array<NfTables.Element>>()
  const readChain = Effect.fnUntraced(function* (name: string) {
    const found = yield* whatIsThere(client.dump(NfTablesQuery.rules(Layout.table, name)), [])
    const ofChain = found.filter(({ chain }) => chain === name)
    rules.set(name, ofChain)
    return ofChain
  })
  for (const { name } of Dispatch.chains) yield* readChain(name)
  for (const address of addresses) {
    const ofService = yield* readChain(ServiceRules.chainOf(address))
    for (const destination of Ruleset.destinationsOf(ofService)) {
      yield* readChain(ServiceRules.serverChainOf(address, destination))
    }
  }
  for (const name of new Set(Array.from(rules.values()).flat().flatMap(Ruleset.namesOfSets))) {
    const set = yield* find(client, NfTablesQuery.set(Layout.table, name))
    if (set !== undefined) sets.set(name, set)
  }
  for (const { map, keys } of addresses.map(Dispatch.entryOf)) {
    const found = elements.get(map) ?? []
    for (const key of keys) {
      found.push(...((yield* find(client, NfTablesQuery.element(Layout.table, map, key))) ?? []))
    }
    elements.set(map, found)
  }
  return { ...(yield* readFrame(client)), rules, sets, elements } satisfies Ruleset.Ruleset
})

const readFrame = Effect.fnUntraced(function* (client: Client) {
  const chains: Array<NfTables.Chain> = []
  for (const { name } of Dispatch.chains) {
    const chain = yield* find(client, NfTablesQuery.chain(Layout.table, name))
    if (chain !== undefined) chains.push(chain)
  }
  return { table: yield* find(client, NfTablesQuery.table(Layout.table)), chains }
})

/**
 * Returns the elements of a set; none when there is no such set.
 *
 * @category getters
 * @since 0.1.0
 */
export const elementsOf = (
  client: Client,
  set: string
): Effect.Effect<ReadonlyArray<NfTables.Element>, NetlinkError> =>
  Effect.map(whatIsThere(client.dump(NfTablesQuery.elements(Layout.table, set)), []), (answers) =>
    answers.flat()
  )

const find = <A>(client: Client, query: Query<A>): Effect.Effect<A | undefined, NetlinkError> =>
  whatIsThere(client.get(query), undefined)

/** What is not there is no error: our table may be gone, as after `nft flush ruleset`. */
const whatIsThere = <A, B>(
  effect: Effect.Effect<A, NetlinkError>,
  otherwise: B
): Effect.Effect<A | B, NetlinkError> =>
  Effect.catch(effect, (error) =>
    error.reason === "NotFound" ? Effect.succeed(otherwise) : Effect.fail(error)
  )

/** For more, reading the whole table is cheaper: a service takes some ten questions. */
const addressesFewMax = 16

/** Reading takes milliseconds; who changes rules without a pause for so long has to be waited for by the caller. */
const attemptsMax = 8
