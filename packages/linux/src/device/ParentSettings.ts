/**
 * IPv4 settings of the devices that carry virtual ones, changed while somebody needs them and put back afterwards.
 *
 * **Details** what is set, and why
 * - `arp_announce` = 2: a question of the kernel's own for a neighbour names an address of the device that it leaves by.
 *   Otherwise it names the virtual address where it answers from that, with the parent's own MAC address, and neighbours
 *   believe it. 1 does not help: the virtual address is of the parent's subnet.
 * - `arp_ignore` = 1: the parent does not answer for addresses of the virtual devices. 2 and 8 are stricter, and stay.
 * - `arp_filter` = 1: it answers only where it would be the way back, too.
 * - `rp_filter` = 2 where it was 1: the way back to a neighbour may be a virtual device of the same subnet.
 * - `all.rp_filter` = 1 would hold for the virtual devices, too, which have no way back of their own: it is pushed down to
 *   each device (and to the default for new ones), and then zero.
 *
 * A value that somebody else wrote meanwhile is left alone.
 *
 * @see Documentation/networking/ip-sysctl.rst of Linux; docs/decisions/0027
 * @since 0.1.0
 */
import * as Link from "@holdfast/netlink/Link"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import { KernelNetwork } from "../KernelNetwork.ts"
import { LastWill } from "../will/LastWill.ts"
import * as Sysctls from "./Sysctls.ts"

/**
 * What a device is needed for.
 *
 * - `Carries`: virtual devices of this program.
 * - `Guards`: somebody else's macvlan that holds a virtual address; only ARP is told to keep the addresses apart.
 *
 * @category models
 * @since 0.1.0
 */
export type Need = "Carries" | "Guards"

/**
 * Sets and puts back.
 *
 * - `claim`: replaces what the claimant needs, by the index of the device. Returns what failed.
 *
 * @category services
 * @since 0.1.0
 */
export class ParentSettings extends Context.Service<
  ParentSettings,
  {
    readonly claim: (
      claimant: string,
      needs: ReadonlyMap<number, Need>
    ) => Effect.Effect<ReadonlyArray<string>>
  }
>()("@holdfast/linux/device/ParentSettings") {
  /**
   * In the network namespace of the thread that builds the layer. Everything is put back when its scope closes.
   *
   * @since 0.1.0
   */
  static readonly layer: Layer.Layer<ParentSettings, never, KernelNetwork> = Layer.effect(
    ParentSettings,
    Effect.suspend(() => make)
  )
}

/** What was changed of one device. */
interface Changed {
  readonly need: Need
  readonly former: Partial<Link.Ipv4Settings>
  readonly ours: Partial<Link.Ipv4Settings>
}

const make = Effect.gen(function* () {
  const { client, state } = yield* KernelNetwork
  const will = yield* LastWill
  const sysctls = Sysctls.make()
  const claims = new Map<string, ReadonlyMap<number, Need>>()
  const changed = new Map<number, Changed>()
  const working = yield* Semaphore.make(1)

  /** What of a device is gone with the device. */
  const restore = Effect.fnUntraced(function* (index: number) {
    const { former = {}, ours = {} } = changed.get(index) ?? {}
    changed.delete(index)
    const present = yield* client.get(Link.getIpv4Settings(index))
    const back = pick(former, (name) => present[name] === ours[name])
    if (Object.keys(back).length > 0) yield* client.request(Link.change(index, { ipv4Settings: back }))
  })

  const change = Effect.fnUntraced(function* (index: number, need: Need) {
    const present = yield* client.get(Link.getIpv4Settings(index))
    const ours = pick(settingsFor(need, present), (name, value) => present[name] !== value)
    if (Object.keys(ours).length > 0) yield* client.request(Link.change(index, { ipv4Settings: ours }))
    changed.set(index, { need, ours, former: pick(present, (name) => ours[name] !== undefined) })
  })

  const settle = Effect.gen(function* () {
    const needs = unite(claims.values())
    const failures: Array<string> = []
    const carries = [...needs.values()].includes("Carries")
    if (carries) failures.push(...pushDown(sysctls, state().links.values()))
    for (const [index, { need }] of changed)
      if (needs.get(index) !== need) yield* Effect.ignore(restore(index))
    for (const [index, need] of needs) {
      if (changed.has(index)) continue
      const outcome = yield* Effect.result(change(index, need))
      if (Result.isFailure(outcome) && outcome.failure.reason !== "LinkNotFound")
        failures.push(outcome.failure.message)
    }
    if (!carries) restoreDown(sysctls)
    will.write(
      "parents",
      [...changed].map(([index, { former }]) => Link.change(index, { ipv4Settings: former }))
    )
    return failures
  })

  const claim = (claimant: string, needs: ReadonlyMap<number, Need>) =>
    working.withPermit(
      Effect.suspend(() => {
        if (needs.size > 0) claims.set(claimant, needs)
        else claims.delete(claimant)
        return settle
      })
    )
  yield* Effect.addFinalizer(() =>
    working.withPermit(
      Effect.suspend(() => {
        claims.clear()
        return settle
      })
    )
  )
  return ParentSettings.of({ claim })
})

const settingsFor = (need: Need, present: Link.Ipv4Settings): Partial<Link.Ipv4Settings> => ({
  arpAnnounce: 2,
  arpIgnore: [1, 2, 8].includes(present.arpIgnore) ? present.arpIgnore : 1,
  ...(need === "Carries" ? { arpFilter: 1, rpFilter: present.rpFilter === 1 ? 2 : present.rpFilter } : {})
})

const unite = (claims: Iterable<ReadonlyMap<number, Need>>): ReadonlyMap<number, Need> => {
  const needs = new Map<number, Need>()
  for (const claim of claims)
    for (const [index, need] of claim) if (needs.get(index) !== "Carries") needs.set(index, need)
  return needs
}

/** The kernel takes the higher one of a device's value and that of `all`: nothing changes for the devices that are there. */
const pushDown = (sysctls: Sysctls.Sysctls, links: Iterable<Link.Link>): ReadonlyArray<string> => {
  if (Sysctls.read(reversePath("all")) !== strict) return []
  const names = [...links].filter((link) => link.kind !== "macvlan").map(({ name }) => name)
  const paths = ["default", ...names].map(reversePath)
  const failures = paths
    .filter((path) => Sysctls.read(path) === 0)
    .map((path) => sysctls.change(path, strict))
  return [...failures, sysctls.change(reversePath("all"), 0)].filter((failure) => failure !== undefined)
}

/** The strict value for all comes first: there is no moment in which a device has none. */
const restoreDown = (sysctls: Sysctls.Sysctls): void => {
  sysctls.restore(reversePath("all"))
  sysctls.restore()
}

const reversePath = (name: string): string => `ipv4/conf/${name}/rp_filter`
const strict = 1

const pick = (
  settings: Partial<Link.Ipv4Settings>,
  isWanted: (name: keyof Link.Ipv4Settings, value: number) => boolean
): Partial<Link.Ipv4Settings> =>
  Object.fromEntries(
    Object.entries(settings).filter(([name, value]) => isWanted(name as keyof Link.Ipv4Settings, value))
  )
