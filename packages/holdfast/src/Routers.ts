/**
 * From the options of a program to what the engine is asked for.
 *
 * **Example** (Two addresses)
 *
 * ```ts
 * const { routers, shared } = yield* Routers.decode([
 *   {
 *     name: "web", interface: "eth0", vrid: 51, priority: 150,
 *     addresses: ["192.0.2.10/24", { address: "198.51.100.10", interface: "eth1" }]
 *   }
 * ])
 * yield* engine.apply(routers, shared)
 * ```
 *
 * @since 0.1.0
 */
import * as VirtualDevices from "@holdfast/config/VirtualDevices"
import { type Parameters, placeOf } from "@holdfast/vrrp/Parameters"
import * as Shared from "@holdfast/vrrp/SharedParameters"
import * as Effect from "effect/Effect"
import type { GroupOptions, RouterOptions, SharedOptions } from "./RouterOptions.ts"
import { RouterOptionsError } from "./RouterOptions.ts"
import * as RouterParameters from "./RouterParameters.ts"

/**
 * What `Engine.apply` takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Routers {
  readonly routers: ReadonlyArray<Parameters>
  readonly shared: Shared.SharedParameters
}

/**
 * Checks the options and fills in the defaults.
 *
 * @category constructors
 * @since 0.1.0
 */
export const decode = (
  options: ReadonlyArray<RouterOptions>,
  { groups = [] }: SharedOptions = {}
): Effect.Effect<Routers, RouterOptionsError> =>
  Effect.gen(function* () {
    const devices = VirtualDevices.make({
      taken: options.flatMap(namesTaken),
      prefix: devicePrefix,
      addressPrefix: devicePrefix
    })
    const pairs = yield* Effect.forEach(options, (one) => RouterParameters.decode(one, devices))
    const routers = pairs.flat()
    yield* refuseDoubles(routers)
    const named = new Map(pairs.map((pair) => [pair[0].name, pair.map(({ name }) => name)]))
    const given = yield* joinGroups(groups, named)
    const grouped = new Set(given.flatMap(({ members }) => members))
    const instances = [...named]
      .filter(([name, members]) => members.length > 1 && !grouped.has(name))
      .flatMap(([name, members]) => groupOf(name, "Instance", members))
    return { routers, shared: { ...Shared.none, groups: [...given, ...instances], devices: devices.all() } }
  })

/** Names that a virtual MAC device cannot get by default. */
const namesTaken = ({ interface: device, virtualMac }: RouterOptions): ReadonlyArray<string> =>
  typeof virtualMac === "object" && virtualMac.name !== undefined ? [device, virtualMac.name] : [device]

const refuseDoubles = (routers: ReadonlyArray<Parameters>): Effect.Effect<void, RouterOptionsError> => {
  const names = new Set<string>()
  const places = new Map<string, string>()
  for (const router of routers) {
    const { interface: device, name, vrid } = router
    const place = placeOf(router)
    const other = places.get(place)
    if (names.has(name)) return fail(name, `there are two routers ${name}`)
    if (other !== undefined) return fail(name, `vrid ${vrid} on ${device} is already that of ${other}`)
    names.add(name)
    places.set(place, name)
  }
  return Effect.void
}

const joinGroups = (
  groups: ReadonlyArray<GroupOptions>,
  named: ReadonlyMap<string, ReadonlyArray<string>>
): Effect.Effect<ReadonlyArray<Shared.SyncGroup>, RouterOptionsError> => {
  const names = new Set<string>()
  const joined = new Set<string>()
  const result: Array<Shared.SyncGroup> = []
  for (const { members, name } of groups) {
    if (names.has(name)) return fail(name, `there are two groups ${name}`)
    if (members.length === 0) return fail(name, "members names no router")
    for (const member of members) {
      if (!named.has(member)) return fail(name, `members: there is no router ${member}`)
      if (joined.has(member)) return fail(name, `members: ${member} is in a group already`)
      joined.add(member)
    }
    names.add(name)
    result.push(
      ...groupOf(
        name,
        "Group",
        members.flatMap((member) => named.get(member)!)
      )
    )
  }
  return Effect.succeed(result)
}

const groupOf = (
  name: string,
  kind: Shared.SyncGroup["kind"],
  [first, ...rest]: ReadonlyArray<string>
): ReadonlyArray<Shared.SyncGroup> => (first === undefined ? [] : [{ name, kind, members: [first, ...rest] }])

const fail = (router: string, message: string): Effect.Effect<never, RouterOptionsError> =>
  Effect.fail(new RouterOptionsError({ router, message: `${router}: ${message}` }))

/** keepalived's, so that a device is called as an operator expects it. */
const devicePrefix = "vrrp"
