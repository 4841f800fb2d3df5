/**
 * The routes and rules of all levels, held in this kernel and watched.
 *
 * **Details** while nobody has asked for a route or a rule, nothing here costs anything: no socket listens.
 *
 * @since 0.1.0
 */
import type { Ownership } from "@holdfast/engine/AddressPlane"
import type { Request } from "@holdfast/netlink/Request"
import * as NetlinkClient from "@holdfast/netlink/NetlinkClient"
import type { NetlinkError } from "@holdfast/netlink/NetlinkError"
import * as NetlinkTransport from "@holdfast/netlink/NetlinkTransport"
import type { NetworkChange } from "@holdfast/netlink/NetworkChange"
import * as Route from "@holdfast/netlink/Route"
import * as Rule from "@holdfast/netlink/Rule"
import * as NetlinkFilter from "@holdfast/raw-socket/NetlinkFilter"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as AddressTable from "./AddressTable.ts"
import type { KernelNetwork } from "./KernelNetwork.ts"
import * as RouteHolder from "./RouteHolder.ts"
import * as RouteTable from "./RouteTable.ts"
import * as RuleHolder from "./RuleHolder.ts"
import * as RuleTable from "./RuleTable.ts"

/**
 * Routes and rules of levels.
 *
 * - `withdraw`: takes away what no owned level wants, of those held and of `changed`: rules first.
 * - `provide`: adds what owned levels want: routes first.
 * - `failuresOf`: why routes and rules of a level are not held.
 * - `heed`: takes note of what the kernel tells; returns whether `repair` has something to do.
 * - `repair`: puts back what is wanted and missing.
 * - `compare`: reads what the kernel has.
 * - `sweep`: takes away what has our mark and is in no level.
 *
 * @category models
 * @since 0.1.0
 */
export interface Routing {
  readonly withdraw: (levels: Levels, changed: Levels) => Effect.Effect<void>
  readonly provide: (levels: Levels) => Effect.Effect<void>
  readonly failuresOf: (level: Ownership) => ReadonlyArray<string>
  readonly heed: (changes: ReadonlyArray<NetworkChange>) => boolean
  readonly repair: (levels: Levels) => Effect.Effect<void>
  readonly compare: Effect.Effect<void, NetlinkError>
  /** What unmakes all routes and rules that are held. */
  readonly removals: () => ReadonlyArray<Request>
  readonly sweep: (levels: Levels) => Effect.Effect<void, NetlinkError>
}

type Levels = ReadonlyArray<Ownership>

/**
 * Makes what holds them. `onLost` is called when some may be gone.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  network: KernelNetwork["Service"],
  onLost: () => void
): Effect.fn.Return<Routing, never, Scope.Scope> {
  const routes = RouteHolder.make(network.client, network.state)
  const rules = RuleHolder.make(network.client)
  const scope = yield* Effect.scope
  let isUsed = false
  let rulesDoubted = false

  const isSomeRefused = (): boolean => routes.failures.size + rules.failures.size > 0
  const doubtAll = (): void => {
    routes.doubt()
    rulesDoubted = true
    onLost()
  }
  const watchOnce = yield* Effect.cached(
    watch({
      ignoredPort: network.client.portId,
      onLoss: doubtAll,
      onRouteAdded: () => {
        if (isSomeRefused()) onLost()
      },
      onRouteRemoved: (route) => {
        if (routes.forget(RouteTable.keyOfPresent(route)) || isSomeRefused()) onLost()
      },
      onRuleRemoved: () => {
        rulesDoubted = true
        onLost()
      }
    }).pipe(Scope.provide(scope))
  )

  const withdraw = Effect.fnUntraced(function* (levels: Levels, changed: Levels) {
    if (!isUsed && !changed.some(({ routes: list, rules: other }) => list.length + other.length > 0)) return
    isUsed = true
    const given = changed.filter(({ owned }) => !owned)
    yield* rules.withdraw(
      wantedRules(levels),
      given.flatMap((level) => level.rules)
    )
    yield* routes.withdraw(
      wantedRoutes(levels),
      given.flatMap((level) => level.routes)
    )
  })

  const provide = Effect.fnUntraced(function* (levels: Levels) {
    if (!isUsed) return
    yield* watchOnce
    yield* routes.provide(wantedRoutes(levels))
    yield* rules.provide(wantedRules(levels))
  })

  const heed = (changes: ReadonlyArray<NetworkChange>): boolean => {
    if (!isUsed) return false
    const isDoubted = changes.some(mayTakeRoutes)
    if (isDoubted) routes.doubt()
    return isDoubted || isSomeRefused()
  }

  const repair = Effect.fnUntraced(function* (levels: Levels) {
    if (!isUsed) return
    yield* routes.verify(wantedRoutes(levels))
    if (rulesDoubted) yield* Effect.ignore(rules.compare, { log: "Warn" })
    rulesDoubted = false
    yield* rules.provide(wantedRules(levels))
  })

  return {
    withdraw,
    provide,
    failuresOf: ({ routes: list, rules: other }) =>
      [
        ...list.map((route) => routes.failures.get(RouteTable.keyOf(route))),
        ...other.map((rule) => rules.failures.get(RuleTable.keyOf(rule)))
      ].filter((failure) => failure !== undefined),
    heed,
    repair,
    compare: Effect.andThen(routes.compare, rules.compare),
    removals: () => [...rules.removals(), ...routes.removals()],
    sweep: Effect.fnUntraced(function* (levels) {
      yield* rules.sweep(levels.flatMap((level) => level.rules))
      yield* routes.sweep(new Set(levels.flatMap((level) => level.routes).map(RouteTable.keyOf)))
    })
  }
})

const wantedRoutes = (levels: Levels): RouteHolder.Routes =>
  new Map(
    levels.flatMap(({ owned, routes }) =>
      owned ? routes.map((route) => [RouteTable.keyOf(route), route]) : []
    )
  )

const wantedRules = (levels: Levels): RuleHolder.Rules =>
  new Map(
    levels.flatMap(({ owned, rules }) => (owned ? rules.map((rule) => [RuleTable.keyOf(rule), rule]) : []))
  )

/** Addresses that this program adds take no route away. */
const mayTakeRoutes = (change: NetworkChange): boolean =>
  change._tag !== "AddressChanged" || change.address.protocol !== AddressTable.protocolMark

/** Without it a route that somebody deletes is missed until the next comparison; so a failure is told, and no more. */
const watch = (options: {
  readonly ignoredPort: number
  readonly onLoss: () => void
  readonly onRouteAdded: () => void
  readonly onRouteRemoved: (route: Route.Route) => void
  readonly onRuleRemoved: () => void
}): Effect.Effect<void, never, Scope.Scope> =>
  NetlinkClient.make({
    open: NetlinkTransport.kernel({
      groups: [
        Route.RTNLGRP_IPV4_ROUTE,
        Route.RTNLGRP_IPV6_ROUTE,
        Rule.RTNLGRP_IPV4_RULE,
        Rule.RTNLGRP_IPV6_RULE
      ],
      filter: NetlinkFilter.ignoringPort(options.ignoredPort)
    }),
    onNotifications: (messages) => {
      for (const message of messages) {
        if (message.type === Rule.RTM_DELRULE) options.onRuleRemoved()
        else if (message.type === Route.RTM_NEWROUTE) options.onRouteAdded()
        else if (message.type === Route.RTM_DELROUTE) {
          const route = Route.decode(message)
          if (route !== undefined) options.onRouteRemoved(route)
        }
      }
    },
    onLoss: options.onLoss
  }).pipe(
    Effect.asVoid,
    Effect.catch((error) => Effect.logWarning(`routes cannot be watched: ${error.message}`))
  )
