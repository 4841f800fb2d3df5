/**
 * Holds routes in this kernel: what is held is what the last call wanted, as far as the kernel agrees.
 *
 * **Details**
 * - A route is added with NLM_F_EXCL, so that the answer tells whether it was there. If it was, and is of our protocol, it
 *   is replaced: a killed run left it. A route of somebody else with the same destination and metric stays, and is a failure.
 * - The kernel drops IPv4 routes without a word when their device goes down or their source address goes. So after such a
 *   change every held route is added again: that succeeds only for one that was gone.
 *
 * @since 0.1.0
 */
import type { NetlinkClient } from "@holdfast/netlink/NetlinkClient"
import type { NetlinkError } from "@holdfast/netlink/NetlinkError"
import type { NetworkState } from "@holdfast/netlink/NetworkState"
import type { Request } from "@holdfast/netlink/Request"
import * as Route from "@holdfast/netlink/Route"
import type { VirtualRoute } from "@holdfast/vrrp/VirtualRoute"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as RouteTable from "./RouteTable.ts"

/**
 * Routes by their keys.
 *
 * @category models
 * @since 0.1.0
 */
export type Routes = ReadonlyMap<string, VirtualRoute>

/**
 * A holder.
 *
 * - `withdraw`: takes away what is held and not wanted, and of `given` what a killed run may have left.
 * - `provide`: adds what is wanted and not held.
 * - `failures`: why routes that were wanted last are not held, by their keys.
 * - `doubt`: the kernel may have dropped any; `forget`: it has dropped this one, which was held.
 * - `verify`: asserts what is doubted, and adds what is missing.
 * - `compare`: reads what the kernel has, and forgets what it has not.
 * - `sweep`: takes away all routes with our mark but those of `named`.
 *
 * @category models
 * @since 0.1.0
 */
export interface RouteHolder {
  readonly withdraw: (wanted: Routes, given: Iterable<VirtualRoute>) => Effect.Effect<void>
  readonly provide: (wanted: Routes) => Effect.Effect<void>
  readonly failures: ReadonlyMap<string, string>
  readonly lacksSome: (wanted: Routes) => boolean
  readonly doubt: () => void
  readonly forget: (key: string) => boolean
  readonly verify: (wanted: Routes) => Effect.Effect<void>
  readonly compare: Effect.Effect<void, NetlinkError>
  /** What unmakes all that is held. */
  readonly removals: () => ReadonlyArray<Request>
  readonly sweep: (named: ReadonlySet<string>) => Effect.Effect<void, NetlinkError>
}

/** @category constructors @since 0.1.0 */
export const make = (client: NetlinkClient["Service"], state: () => NetworkState): RouteHolder => {
  const held = new Map<string, VirtualRoute>()
  const failures = new Map<string, string>()
  /** Lines whose traces of a killed run are gone. */
  const cleaned = new WeakSet<VirtualRoute>()
  let doubted = false

  const withdraw = Effect.fnUntraced(function* (wanted: Routes, given: Iterable<VirtualRoute>) {
    const surplus = new Map<string, VirtualRoute>()
    for (const route of given) {
      if (!cleaned.has(route)) surplus.set(RouteTable.keyOf(route), route)
      cleaned.add(route)
    }
    for (const [key, route] of held) surplus.set(key, route)
    for (const key of wanted.keys()) surplus.delete(key)
    for (const key of failures.keys()) if (!wanted.has(key)) failures.delete(key)
    for (const key of surplus.keys()) held.delete(key)
    yield* removeAll(
      client,
      [...surplus.values()].map((route) => RouteTable.keyFields(route))
    )
  })

  const attempt = Effect.fnUntraced(function* (
    routes: ReadonlyArray<VirtualRoute>,
    requestOf: (route: Route.NewRoute) => Request
  ) {
    const ready: Array<readonly [VirtualRoute, Request]> = []
    for (const route of routes) {
      const asked = RouteTable.newRoute(route, state())
      if (typeof asked === "string") note(route, describeStranded(route, asked))
      else ready.push([route, requestOf(asked)])
    }
    const outcomes = ready.length === 0 ? [] : yield* client.requestAll(ready.map(([, request]) => request))
    return ready.map(([route], index) => [route, outcomes[index]!] as const)
  })

  const note = (route: VirtualRoute, failure: string | undefined): void => {
    const key = RouteTable.keyOf(route)
    if (failure === undefined) {
      held.set(key, route)
      failures.delete(key)
    } else {
      held.delete(key)
      failures.set(key, failure)
    }
  }

  const provide = Effect.fnUntraced(function* (wanted: Routes) {
    const missing = [...wanted].filter(([key]) => !held.has(key)).map(([, route]) => route)
    const changed = [...wanted].filter(
      ([key, route]) => held.has(key) && !RouteTable.isSame(route, held.get(key)!)
    )
    const found: Array<VirtualRoute> = changed.map(([, route]) => route)
    for (const [route, outcome] of yield* attempt(missing, Route.add)) {
      if (Result.isSuccess(outcome)) note(route, undefined)
      else if (outcome.failure.reason !== "AlreadyExists") note(route, outcome.failure.message)
      else found.push(route)
    }
    if (found.length === 0) return
    const present = yield* Effect.orElseSucceed(presentOf(client, found), () => new Set<string>())
    const ours = found.filter((route) => present.has(RouteTable.keyOf(route)))
    for (const route of found) if (!ours.includes(route)) note(route, describeClash(route))
    for (const [route, outcome] of yield* attempt(ours, Route.replace))
      note(route, Result.isSuccess(outcome) ? undefined : outcome.failure.message)
  })

  const verify = Effect.fnUntraced(function* (wanted: Routes) {
    if (doubted) {
      doubted = false
      for (const [route, outcome] of yield* attempt([...held.values()], Route.add)) {
        if (Result.isSuccess(outcome)) yield* tellHeld(route)
        else if (outcome.failure.reason !== "AlreadyExists") note(route, outcome.failure.message)
      }
    }
    const before = new Set(held.keys())
    yield* provide(wanted)
    for (const [key, route] of held) if (!before.has(key)) yield* tellHeld(route)
  })

  const compare = Effect.gen(function* () {
    if (held.size === 0) return
    const present = yield* presentOf(client, held.values())
    for (const [key, route] of held) if (!present.has(key) && route.expires === undefined) held.delete(key)
  })

  const sweep = Effect.fnUntraced(function* (named: ReadonlySet<string>) {
    const present = [
      ...(yield* client.dump(Route.listMadeBy("Ipv4", protocolMark))),
      ...(yield* client.dump(Route.listMadeBy("Ipv6", protocolMark)))
    ]
    const unnamed = present.filter((route) => !named.has(RouteTable.keyOfPresent(route)))
    yield* removeAll(client, unnamed.map(RouteTable.keyFieldsOfPresent))
  })

  return {
    withdraw,
    provide,
    failures,
    lacksSome: (wanted) => [...wanted.keys()].some((key) => !held.has(key)),
    doubt: () => {
      doubted ||= held.size > 0
    },
    forget: (key) => {
      // One that expires is not to be put back.
      return held.get(key)?.expires === undefined && held.delete(key)
    },
    verify,
    compare,
    removals: () => Array.from(held.values(), (route) => Route.remove(RouteTable.keyFields(route))),
    sweep
  }
}

/**
 * What marks a route, or a rule, as made by this program: `ip route show proto 112`.
 *
 * @category constants
 * @since 0.1.0
 */
export const protocolMark = 112

/** What the kernel does not have is gone already; what it refuses to delete stays, and is told. */
const removeAll = Effect.fnUntraced(function* (
  client: NetlinkClient["Service"],
  keys: ReadonlyArray<RouteTable.Key>
) {
  if (keys.length === 0) return
  for (const outcome of yield* client.requestAll(keys.map(Route.remove)))
    if (Result.isFailure(outcome) && outcome.failure.reason !== "NotFound")
      yield* Effect.logWarning(outcome.failure.message)
})

/** The keys of the routes that the kernel has of the families and protocols of these. */
const presentOf = Effect.fnUntraced(function* (
  client: NetlinkClient["Service"],
  routes: Iterable<VirtualRoute>
) {
  const makers = new Map(Array.from(routes, (route) => [`${route.family} ${route.protocol}`, route]))
  const present = new Set<string>()
  for (const { family, protocol } of makers.values())
    for (const route of yield* client.dump(Route.listMadeBy(family, protocol)))
      present.add(RouteTable.keyOfPresent(route))
  return present
})

const tellHeld = (route: VirtualRoute): Effect.Effect<void> =>
  Effect.logInfo(`${RouteTable.describe(route)} is held now`)

const describeStranded = (route: VirtualRoute, device: string): string =>
  `${RouteTable.describe(route)}: interface ${device} does not exist; it is added when it appears`

const describeClash = (route: VirtualRoute): string =>
  `${RouteTable.describe(route)}: table ${route.table} has another route of this destination and metric; delete that, or give this one another metric`
