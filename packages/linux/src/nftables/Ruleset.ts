/**
 * Reads services back from the kernel, and believes them only when their rules are what we would write.
 *
 * **Details**
 * - The settings come from the comments of the rules; from these the rules are made again and compared with those that
 *   are there. A service whose rules differ, by whose hand ever, is `broken`: there, with no server that could be relied on.
 * - Sets without a name cannot change once a rule uses them. Their comment says what we put in, so they need not be read.
 * - Where the chains or rules that lead to the services differ, all services are broken.
 *
 * @since 0.1.0
 */
import { keyOf } from "@holdfast/balancer/Service"
import type * as Service from "@holdfast/balancer/Service"
import * as NfTables from "@holdfast/netlink/NfTables"
import * as Expression from "@holdfast/netlink/NfTablesExpression"
import * as Dispatch from "./Dispatch.ts"
import * as Layout from "./Layout.ts"
import * as ServiceRules from "./ServiceRules.ts"
import * as Settings from "./Settings.ts"

/**
 * What the kernel has of our table.
 *
 * @category models
 * @since 0.1.0
 */
export interface Ruleset {
  readonly table: NfTables.Table | undefined
  /** Those of `Dispatch.chains`. */
  readonly chains: ReadonlyArray<NfTables.Chain>
  /** By chain. */
  readonly rules: ReadonlyMap<string, ReadonlyArray<NfTables.Rule>>
  /** By name. */
  readonly sets: ReadonlyMap<string, NfTables.Set>
  /** Of the maps of services, by the map's name. */
  readonly elements: ReadonlyMap<string, ReadonlyArray<NfTables.Element>>
}

/**
 * A service as it is in the kernel.
 *
 * - `counts`: what went to each server, by its key.
 *
 * @category models
 * @since 0.1.0
 */
export interface Found {
  readonly service: Service.Service
  readonly counts: ReadonlyMap<string, ServiceRules.Count>
}

/**
 * Whether the chains and rules that lead to the services are ours.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isDispatching = (ruleset: Ruleset): boolean => {
  if (ruleset.table === undefined) return false
  if ((ruleset.table.flags & NfTables.NFT_TABLE_F_DORMANT) !== 0) return false
  return Dispatch.chains.every((chain) => {
    const found = ruleset.chains.find(({ name }) => name === chain.name)
    const expected = Dispatch.rules.filter((rule) => rule.chain === chain.name)
    return (
      found !== undefined &&
      canonical(found.hook) === canonical(chain.hook) &&
      areSame(expected, ruleset.rules.get(chain.name) ?? [], undefined, ruleset.sets)
    )
  })
}

/**
 * Returns the addresses of which there is an entry, whatever it leads to.
 *
 * @category getters
 * @since 0.1.0
 */
export const addressesOf = (ruleset: Ruleset): ReadonlyArray<Service.ServiceAddress> => {
  const addresses = new Map<string, Service.ServiceAddress>()
  for (const [map, elements] of ruleset.elements) {
    for (const { key } of elements) {
      const address = Dispatch.addressOf(map, key)
      if (address !== undefined) addresses.set(ServiceRules.chainOf(address), address)
    }
  }
  return Array.from(addresses.values())
}

/**
 * Looks services up.
 *
 * - `find`: the service of an address, when all of it is there and ours.
 * - `presentKeys`: which keys of an entry are there, wherever they lead.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reader {
  readonly find: (address: Service.ServiceAddress) => Found | undefined
  readonly presentKeys: (entry: Dispatch.Entry) => ReadonlyArray<Uint8Array>
}

/** @category constructors @since 0.1.0 */
export const reader = (ruleset: Ruleset): Reader => {
  const targets = targetsOf(ruleset)
  const isReachable = isDispatching(ruleset)
  return {
    find: (address) => {
      const chain = ServiceRules.chainOf(address)
      const { map, keys } = Dispatch.entryOf(address)
      const isEntered = keys.every((key) => targets.get(map)?.get(Layout.hexOf(key)) === chain)
      if (!isReachable || !isEntered) return undefined
      const rules = ruleset.rules.get(chain) ?? []
      const service = serviceOf(address, rules)
      if (service === undefined) return undefined
      const expected = ServiceRules.make(service)
      const chains = [expected, ...expected.servers]
      const isOurs = chains.every((one) =>
        areSame(one.rules, ruleset.rules.get(one.chain) ?? [], expected.slots, ruleset.sets)
      )
      return isOurs ? { service, counts: countsOf(service, ruleset.rules) } : undefined
    },
    presentKeys: ({ map, keys }) => keys.filter((key) => targets.get(map)?.has(Layout.hexOf(key)) === true)
  }
}

/**
 * What a service counts as whose entry is there and whose rules are not ours: it has no server, and a scheduler that
 * hardly anybody asks for, so that it differs from what it shall be.
 *
 * @category constructors
 * @since 0.1.0
 */
export const broken = (address: Service.ServiceAddress): Service.Service => ({
  key: keyOf(address),
  address,
  scheduler: "ovf",
  schedulerFlags: [],
  onePacket: true,
  destinations: new Map()
})

/** Of each map the chains that its keys lead to; no name where the verdict is another. */
const targetsOf = (ruleset: Ruleset): ReadonlyMap<string, ReadonlyMap<string, string>> => {
  const targets = new Map<string, Map<string, string>>()
  for (const [map, elements] of ruleset.elements) {
    const chains = new Map<string, string>()
    for (const { key, verdict } of elements) {
      chains.set(Layout.hexOf(key), verdict?.code === Expression.NFT_GOTO ? verdict.chain : "")
    }
    targets.set(map, chains)
  }
  return targets
}

const serviceOf = (
  address: Service.ServiceAddress,
  rules: ReadonlyArray<NfTables.Rule>
): Service.Service | undefined => {
  const [first, ...others] = rules
  const settings = Settings.parseService(address, first?.comment ?? "")
  if (settings === undefined) return undefined
  const destinations = new Map(destinationsOf(others).map((one) => [one.key, one]))
  // Nothing that is written here, then.
  if ([...destinations.values()].some((one) => ServiceRules.problemOf(settings, one) !== undefined)) {
    return undefined
  }
  return { ...settings, destinations }
}

const countsOf = (
  { address, destinations }: Service.Service,
  rules: Ruleset["rules"]
): ReadonlyMap<string, ServiceRules.Count> => {
  const counts = new Map<string, ServiceRules.Count>()
  for (const destination of destinations.values()) {
    const found = rules.get(ServiceRules.serverChainOf(address, destination)) ?? []
    for (const expression of found.flatMap(({ expressions }) => expressions)) {
      if (expression.name !== "counter") continue
      const { NFTA_COUNTER_BYTES: bytes = 0n, NFTA_COUNTER_PACKETS: packets = 0n } = expression.data
      counts.set(destination.key, { bytes, packets })
    }
  }
  return counts
}

/** The servers that the comments of a service's rules name. @category getters @since 0.1.0 */
export const destinationsOf = (rules: ReadonlyArray<NfTables.Rule>): ReadonlyArray<Service.Destination> =>
  rules.flatMap(({ comment }) => (comment === undefined ? [] : (Settings.parseDestination(comment) ?? [])))

/** The sets that a rule looks into. @category getters @since 0.1.0 */
export const namesOfSets = (rule: NfTables.Rule): ReadonlyArray<string> =>
  rule.expressions.flatMap((expression) =>
    expression.name === "lookup" ? [expression.data.NFTA_LOOKUP_SET ?? ""] : []
  )

const areSame = (
  expected: ReadonlyArray<NfTables.Rule>,
  found: ReadonlyArray<NfTables.Rule>,
  slots: ServiceRules.FilledSet | undefined,
  setsFound: Ruleset["sets"]
): boolean => {
  const nameExpected = (expression: Expression.Known) =>
    expression.name === "lookup" && expression.data.NFTA_LOOKUP_SET_ID !== undefined
      ? slots?.set.comment
      : undefined
  // Only a set that nobody can change is known by its comment.
  const nameFound = (expression: Expression.Known) => {
    const set =
      expression.name === "lookup" ? setsFound.get(expression.data.NFTA_LOOKUP_SET ?? "") : undefined
    return set !== undefined && (set.flags & fixed) === fixed ? set.comment : undefined
  }
  return linesOf(expected, nameExpected).join("\n") === linesOf(found, nameFound).join("\n")
}

const fixed = NfTables.NFT_SET_ANONYMOUS | NfTables.NFT_SET_CONSTANT

/** Rules as text, with anonymous sets by what is in them. */
const linesOf = (
  rules: ReadonlyArray<NfTables.Rule>,
  contentOf: (expression: Expression.Known) => string | undefined
): ReadonlyArray<string> =>
  rules.map(({ comment, expressions }) =>
    canonical([
      comment,
      expressions.map((expression) => {
        if (expression.name === "Foreign") return expression
        if (expression.name === "counter") return expression.name
        const content = contentOf(expression)
        if (expression.name !== "lookup" || content === undefined) return expression
        return {
          name: expression.name,
          data: { ...expression.data, NFTA_LOOKUP_SET: content, NFTA_LOOKUP_SET_ID: undefined }
        }
      })
    ])
  )

/**
 * Values as text, the same for the same. A zero is left out, since not all kernels show those that they take when nothing
 * is told; only the register 0 says something.
 */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (name, inner: unknown) => {
    if (typeof inner === "bigint") return `${inner}`
    if (inner === 0 && !name.endsWith("DREG")) return undefined
    if (inner instanceof Uint8Array) return Layout.hexOf(inner)
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner
    return Object.fromEntries(Object.entries(inner).toSorted(([left], [right]) => (left < right ? -1 : 1)))
  }) ?? ""
