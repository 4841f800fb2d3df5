/**
 * `VirtualDevices` on rtnetlink: macvlan devices of mode private, as one level.
 *
 * **Details** settings of a virtual device, and why
 * - `arp_ignore` = 1: it answers for its own addresses only, not for the parent's with the virtual MAC address.
 * - `arp_announce` = 2: its questions name its own addresses only.
 * - `accept_local` = 1: packets of this machine's other addresses may come back in, as those of another router on it.
 * - `rp_filter` = 0: the way back to a client of an address of /32 is the parent, not the device.
 * - `promote_secondaries` = 1: the others stay when the first address of a subnet is taken away.
 * - No link-local address of its own (address generation `none`): it would be the same on every director, and answer for
 *   itself. Adverts have the parent's as their source.
 * - `disable_ipv6` = 1 where it holds IPv4 only; otherwise `accept_ra` = 0: routers are the parent's business.
 *
 * Its group, and its VRF, are the parent's. The settings of the parent are in `ParentSettings`.
 *
 * @since 0.1.0
 */
import { type DeviceFailure, VirtualDevices } from "@holdfast/engine/VirtualDevices"
import * as Link from "@holdfast/netlink/Link"
import * as NetlinkClient from "@holdfast/netlink/NetlinkClient"
import * as NetlinkTransport from "@holdfast/netlink/NetlinkTransport"
import type { NetworkState } from "@holdfast/netlink/NetworkState"
import * as NfTables from "@holdfast/netlink/NfTables"
import type { Request } from "@holdfast/netlink/Request"
import type { VirtualDevice } from "@holdfast/vrrp/SharedParameters"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import { KernelNetwork } from "../KernelNetwork.ts"
import { LastWill } from "../will/LastWill.ts"
import * as DeviceTable from "./DeviceTable.ts"
import * as ListenerReports from "./ListenerReports.ts"
import { type Need, ParentSettings } from "./ParentSettings.ts"
import * as Sysctls from "./Sysctls.ts"

/**
 * The port in the network namespace of the thread that builds the layer.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<VirtualDevices, never, KernelNetwork | ParentSettings> = Layer.effect(
  VirtualDevices,
  Effect.gen(function* () {
    const network = yield* KernelNetwork
    const settings = yield* ParentSettings
    const will = yield* LastWill
    return VirtualDevices.of({
      open: (onFailure) =>
        open(onFailure).pipe(
          Effect.provideService(KernelNetwork, network),
          Effect.provideService(ParentSettings, settings),
          Effect.provideService(LastWill, will)
        )
    })
  })
)

const open = Effect.fnUntraced(function* (onFailure: (failure: DeviceFailure) => void) {
  const network = yield* KernelNetwork
  const parentSettings = yield* ParentSettings
  const will = yield* LastWill
  const replaceReports = yield* reports
  const working = yield* Semaphore.make(1)
  const rings = yield* Queue.sliding<void>(1)
  /** Devices that were given their settings by this process, by index. */
  const configured = new Set<number>()
  let wanted: ReadonlyArray<VirtualDevice> = []
  let claimed: ReadonlyMap<number, Need> = new Map()
  let told = new Set<string>()

  const settle = Effect.gen(function* () {
    const plan = DeviceTable.plan(wanted, yield* readLinks(network))
    const placed = [...plan.create, ...plan.adopt]
    const needs = new Map(placed.map(({ parent }): [number, Need] => [parent.index, "Carries"]))
    const before = yield* parentSettings.claim("virtual-devices", new Map([...claimed, ...needs]))
    const unreported = yield* replaceReports(
      new Map(placed.map(({ device, parent }) => [device.name, parent.index])),
      plan.remove.length > 0
    )
    const ours = [...plan.create, ...plan.adopt.filter(({ isOurs }) => isOurs)]
    will.write("devices", removalsOf(ours.map(({ device }) => device.name)))
    const refusals = [
      ...(yield* remove(network.client, plan.remove)),
      ...(yield* create(network.client, plan.create)),
      ...(yield* adopt(network.client, plan.adopt, configured))
    ]
    claimed = needs
    yield* parentSettings.claim("virtual-devices", needs)
    const first = placed[0]?.device
    const common = first === undefined ? [] : [...before, ...unreported].map(failureOf(first))
    return { failures: [...common, ...plan.failures, ...refusals], isRefused: refusals.length > 0 }
  })

  /** Tells of each failure once while it lasts; those of `set` are its answer. */
  const note = (failures: ReadonlyArray<DeviceFailure>): ReadonlyArray<DeviceFailure> => {
    const news = failures.filter(({ message }) => !told.has(message))
    told = new Set(failures.map(({ message }) => message))
    return news
  }
  const set = (devices: ReadonlyArray<VirtualDevice>) =>
    working.withPermit(
      Effect.suspend(() => {
        wanted = devices
        return Effect.map(settle, ({ failures }) => {
          note(failures)
          return failures
        })
      })
    )
  const repair = Effect.gen(function* () {
    yield* Queue.take(rings)
    const { failures, isRefused } = yield* working.withPermit(settle)
    for (const failure of note(failures)) onFailure(failure)
    // A device that cannot be made may come and go in the attempt, which is told as a change.
    if (isRefused) yield* Effect.sleep(retryInterval)
  })

  yield* Effect.addFinalizer(() => set([]))
  yield* Effect.acquireRelease(
    Effect.sync(() =>
      network.onChanges((changes) => {
        if (!changes.some(DeviceTable.concernsLinks)) return
        const plan = DeviceTable.plan(wanted, network.state())
        const isKnown = plan.failures.every(({ message }) => told.has(message))
        if (!isKnown || !isSettled(plan)) Queue.offerUnsafe(rings, undefined)
      })
    ),
    (unsubscribe) => Effect.sync(unsubscribe)
  )
  yield* Effect.forkScoped(Effect.forever(repair))
  const look = Effect.sync(() => wanted.length > 0 && Queue.offerUnsafe(rings, undefined))
  yield* look.pipe(Effect.delay(compareInterval), Effect.forever, Effect.forkScoped)
  return { set }
})

/** As the kernel has them now: the watch may be a moment behind what was just done. */
const readLinks = ({ client, state }: KernelNetwork["Service"]): Effect.Effect<NetworkState> =>
  Effect.map(
    Effect.orElseSucceed(client.dump(Link.list()), () => [...state().links.values()]),
    (links) => ({ ...state(), links: new Map(links.map((link) => [link.index, link])) })
  )

const isSettled = ({ adopt: found, create: missing, remove: surplus }: DeviceTable.Plan): boolean =>
  surplus.length === 0 && missing.length === 0 && found.every(DeviceTable.isSettled)

type Client = NetlinkClient.NetlinkClient["Service"]

const remove = Effect.fnUntraced(function* (client: Client, links: ReadonlyArray<Link.Link>) {
  if (links.length === 0) return []
  const outcomes = yield* client.requestAll(removalsOf(links.map(({ name }) => name)))
  const failures = outcomes
    .filter(Result.isFailure)
    .filter(({ failure }) => failure.reason !== "LinkNotFound")
  return failures.map(({ failure }) => ({
    name: links[0]!.name as DeviceFailure["name"],
    message: failure.message
  }))
})

/** By name: a last will must be written before a device is there. */
const removalsOf = (names: ReadonlyArray<string>): ReadonlyArray<Request> =>
  names.length === 0
    ? []
    : [
        ...names.map((name) => Link.changeByName(name, { group: groupRemoved })),
        Link.removeGroup(groupRemoved)
      ]

/** A number that nobody else has chosen: "hold" in ASCII. */
const groupRemoved = 0x686f_6c64

/**
 * Makes devices and marks them in one datagram: whenever this process is killed, what it made bears its mark. They come up
 * when their settings hold.
 */
const create = Effect.fnUntraced(function* (client: Client, missing: DeviceTable.Plan["create"]) {
  const failures: Array<DeviceFailure> = []
  for (let start = 0; start < missing.length; start += devicesPerPart) {
    const part = missing.slice(start, start + devicesPerPart)
    const outcomes = yield* client.requestAll(part.flatMap(creation))
    const made = part.filter((_, index) => Result.isSuccess(outcomes[index * 2]!))
    const devices = part.flatMap(({ device }) => [device, device])
    failures.push(...failuresOf(devices, outcomes).filter(isFirstOfDevice))
    failures.push(...made.flatMap(({ device }) => tuneIpv6(device)))
    const ups = made.map(({ device }) => Link.changeByName(device.name, { up: true }))
    failures.push(
      ...failuresOf(
        made.map(({ device }) => device),
        yield* client.requestAll(ups)
      )
    )
  }
  return failures
})

const creation = ({ device, masterIndex, parent }: DeviceTable.Placed): ReadonlyArray<Request> => [
  Link.createMacvlan({
    name: device.name,
    mac: device.mac,
    parentIndex: parent.index,
    mode: "private",
    group: parent.group,
    masterIndex
  }),
  Link.changeByName(device.name, {
    alias: DeviceTable.aliasMark,
    ipv6Generation: "none",
    ipv4Settings: deviceSettings
  })
]

/** Where a device was not made, nothing else of it is news. */
const isFirstOfDevice = (
  { name }: DeviceFailure,
  index: number,
  all: ReadonlyArray<DeviceFailure>
): boolean => all.findIndex((other) => other.name === name) === index

/** One that somebody else made is given the settings, too, without which it could not do its work, and nothing else. */
const adopt = Effect.fnUntraced(function* (
  client: Client,
  found: DeviceTable.Plan["adopt"],
  configured: Set<number>
) {
  const due = found.filter((one) => !configured.has(one.link.index) || !DeviceTable.isSettled(one))
  const requests = due.map(({ isOurs, link, masterIndex, parent }) =>
    Link.change(link.index, {
      ipv6Generation: "none",
      ipv4Settings: deviceSettings,
      ...(isOurs ? { group: parent.group, masterIndex: masterIndex ?? 0 } : {})
    })
  )
  const devices = due.map(({ device }) => device)
  const failures = failuresOf(devices, yield* client.requestAll(requests))
  failures.push(
    ...due.filter(({ link }) => !configured.has(link.index)).flatMap(({ device }) => tuneIpv6(device))
  )
  const down = due.filter(({ link }) => !Link.isUp(link))
  const ups = down.map(({ link }) => Link.change(link.index, { up: true }))
  failures.push(
    ...failuresOf(
      down.map(({ device }) => device),
      yield* client.requestAll(ups)
    )
  )
  for (const { link } of due) configured.add(link.index)
  return failures
})

const deviceSettings = {
  arpIgnore: 1,
  arpAnnounce: 2,
  acceptLocal: 1,
  rpFilter: 0,
  promoteSecondaries: 1
}

/** The kernel takes these by file only. One without IPv6 has no such files, and needs none. */
const tuneIpv6 = (device: VirtualDevice): ReadonlyArray<DeviceFailure> => {
  const holdsIpv6 = device.families.includes("Ipv6")
  const [name, value] = holdsIpv6 ? (["accept_ra", 0] as const) : (["disable_ipv6", 1] as const)
  const path = `ipv6/conf/${device.name}/${name}`
  const present = Sysctls.read(path)
  if (present === undefined || present === value) return []
  const failure = Sysctls.write(path, value)
  return failure === undefined ? [] : [failureOf(device)(failure)]
}

/** Replaces the rules for reports whenever the devices are others, or left by a killed run; says what failed. */
const reports = Effect.gen(function* () {
  const will = yield* LastWill
  const client = yield* Effect.result(
    NetlinkClient.make({ open: NetlinkTransport.kernel({ family: NfTables.NETLINK_NETFILTER }) })
  )
  let present: string | undefined
  const attempt = (parents: ReadonlyMap<string, number>, duplicate: boolean) =>
    Result.isFailure(client)
      ? Effect.succeed([client.failure.message])
      : Effect.map(
          client.success.transaction(ListenerReports.replace(parents, { duplicate })),
          (rejections) => rejections.map(({ error }) => error.message)
        )
  return Effect.fnUntraced(function* (parents: ReadonlyMap<string, number>, isLeft: boolean) {
    const text = JSON.stringify([...parents])
    // Nobody's kernel loads nf_tables for nothing.
    if (text === present || (parents.size === 0 && present === undefined && !isLeft)) return []
    let rejections = yield* attempt(parents, true)
    if (rejections.length > 0) rejections = yield* attempt(parents, false)
    present = text
    will.write("reports", parents.size === 0 ? [] : ListenerReports.removalTransaction(), "netfilter")
    return rejections.length === 0
      ? []
      : [`IGMP and MLD reports may leave with the virtual MAC address: ${rejections[0]}`]
  })
})

const failureOf =
  ({ name }: VirtualDevice) =>
  (message: string): DeviceFailure => ({ name, message })

const failuresOf = (
  devices: ReadonlyArray<{ readonly name: string }>,
  outcomes: ReadonlyArray<NetlinkClient.Outcome>
): Array<DeviceFailure> =>
  outcomes.flatMap((outcome, index) =>
    Result.isSuccess(outcome)
      ? []
      : [{ name: devices[index]!.name as DeviceFailure["name"], message: outcome.failure.message }]
  )

/** Two requests each: a datagram holds a hundred. */
const devicesPerPart = 50

const retryInterval = "1 second"

/** What the kernel refused may be possible now, and a notification may have been lost. */
const compareInterval = "30 seconds"
