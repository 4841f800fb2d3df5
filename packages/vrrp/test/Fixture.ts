/**
 * Parameters, events and a driver for tests: one virtual router on eth0 at 10.0.0.100, priority 100, adverts each second.
 */
import type { Action, TransitionCause } from "@holdfast/vrrp/Action"
import type { Event, LinkState, Seal, TimerName } from "@holdfast/vrrp/Event"
import type { Instant, Micros } from "@holdfast/wire/Instant"
import {
  defaults,
  type InterfaceName,
  type Parameters,
  type Peer,
  type Priority,
  type Version,
  type VirtualAddress,
  type Vrid
} from "@holdfast/vrrp/Parameters"
import * as VirtualRouter from "@holdfast/vrrp/VirtualRouter"
import type { IpAddress, Ipv4Address } from "@holdfast/wire/Address"
import type { Advertisement, MalformedReason } from "@holdfast/wire/Advertisement"

export const second = 1_000_000
export const eth0 = "eth0" as InterfaceName
export const eth1 = "eth1" as InterfaceName
export const group = "224.0.0.18" as Ipv4Address
export const ownAddress = "10.0.0.100" as Ipv4Address
export const higherAddress = "10.0.0.101" as Ipv4Address
/** Higher as text, lower as a number. */
export const lowerAddress = "10.0.0.99" as Ipv4Address
export const virtualAddress = "10.0.0.1" as Ipv4Address

/** 3 s + 156/256 s. */
export const masterDown = 3_609_375
/** 156/256 s. */
export const skew = 609_375

export const address = (overrides: Partial<VirtualAddress> = {}): VirtualAddress => ({
  address: virtualAddress,
  prefixLength: 32,
  interface: eth0,
  scope: 0,
  advertised: true,
  tracked: true,
  ...overrides
})

export interface Overrides extends Partial<
  Omit<Parameters, "priority" | "vrid" | "advertInterval" | "preemptDelay" | "announcement">
> {
  readonly priority?: number
  readonly vrid?: number
  readonly advertInterval?: number
  readonly preemptDelay?: number
  readonly announcement?: { readonly [Field in keyof Parameters["announcement"]]?: number }
}

export const parameters = (overrides: Overrides = {}): Parameters => ({
  ...defaults,
  name: "VI_1",
  interface: eth0,
  addresses: [address()],
  ...overrides,
  vrid: (overrides.vrid ?? 82) as Vrid,
  priority: (overrides.priority ?? 100) as Priority,
  advertInterval: (overrides.advertInterval ?? second) as Micros,
  preemptDelay: (overrides.preemptDelay ?? 0) as Micros,
  announcement: { ...defaults.announcement, ...overrides.announcement } as Parameters["announcement"]
})

/** Adverts that go to and come from these peers. */
export const unicast = (...addresses: ReadonlyArray<IpAddress>): Parameters["transport"] => ({
  _tag: "Unicast",
  peers: addresses.map((address): Peer => ({ address })),
  hopLimit: 255
})

export const up: LinkState = { _tag: "Up", address: ownAddress }
export const down: LinkState = { _tag: "Down", address: ownAddress }
export const missing: LinkState = { _tag: "Missing" }

export const started = (at: number): Event => ({ _tag: "Started", at: at as Instant })
export const stopped = (at: number): Event => ({ _tag: "Stopped", at: at as Instant })
export const expired = (timer: TimerName, at: number): Event => ({
  _tag: "TimerExpired",
  at: at as Instant,
  timer
})
export const owned = (at: number, failures: ReadonlyArray<string> = []): Event => ({
  _tag: "OwnershipChanged",
  at: at as Instant,
  owned: true,
  failures
})
export const disowned = (at: number): Event => ({
  _tag: "OwnershipChanged",
  at: at as Instant,
  owned: false,
  failures: []
})
export const held = (at: number, ...addresses: ReadonlyArray<IpAddress>): Event => ({
  _tag: "AddressesHeld",
  at: at as Instant,
  addresses
})
export const reconfigured = (at: number, overrides: Overrides): Event => ({
  _tag: "Reconfigured",
  at: at as Instant,
  parameters: parameters(overrides)
})
export const linkChanged = (at: number, name: InterfaceName, link: LinkState): Event => ({
  _tag: "InterfaceChanged",
  at: at as Instant,
  interface: name,
  link
})

export interface Datagram {
  readonly source?: IpAddress
  readonly destination?: IpAddress
  readonly hopLimit?: number
  readonly seal?: Seal
  readonly version?: Version
  readonly vrid?: number
  readonly advertIntervalMicros?: number
  readonly authenticationType?: number
  readonly authenticationData?: string
  readonly checksum?: "PseudoHeader" | "Plain"
  readonly addresses?: ReadonlyArray<IpAddress>
}

export const heard = (at: number, priority: number, datagram: Datagram = {}): Event => {
  const { destination = group, hopLimit = 255, seal, source = higherAddress } = datagram
  return {
    _tag: "AdvertReceived",
    at: at as Instant,
    source,
    destination,
    hopLimit,
    advertisement: advertisement(priority, datagram),
    ...(seal === undefined ? {} : { seal })
  }
}

const advertisement = (priority: number, datagram: Datagram): Advertisement => {
  const { addresses = [virtualAddress], advertIntervalMicros = second, version = 2, vrid = 82 } = datagram
  const { authenticationData, authenticationType = 0, checksum = "PseudoHeader" } = datagram
  const common = { vrid, priority, advertIntervalMicros }
  return version === 3
    ? { version, ...common, checksum, addresses }
    : {
        version,
        ...common,
        authenticationType,
        ...(authenticationData === undefined ? {} : { authenticationData }),
        addresses: addresses as ReadonlyArray<Ipv4Address>
      }
}

export const malformed = (at: number, reason: MalformedReason, hopLimit = 255): Event => ({
  _tag: "MalformedReceived",
  at: at as Instant,
  source: higherAddress,
  destination: group,
  hopLimit,
  reason
})

/** A router that is driven by hand. `step` returns the actions of that step. */
export interface Driver {
  readonly state: VirtualRouter.VirtualRouter
  readonly step: (event: Event) => ReadonlyArray<Action>
}

export const drive = (given: Parameters): Driver => {
  let state = VirtualRouter.make(given)
  return {
    get state() {
      return state
    },
    step: (event) => {
      const next = VirtualRouter.step(state, event)
      state = next.state
      return next.actions
    }
  }
}

/** A router whose device is up and that was started at 0. */
export const running = (overrides: Overrides = {}): Driver => {
  const router = drive(parameters(overrides))
  router.step(linkChanged(0, eth0, up))
  router.step(started(0))
  return router
}

/** A router that became Master at `masterDown` and holds its addresses since. */
export const master = (overrides: Overrides = {}): Driver => {
  const router = running(overrides)
  router.step(expired("MasterDown", 4 * second))
  router.step(held(4 * second, ...router.state.parameters.addresses.map((entry) => entry.address)))
  router.step(owned(4 * second))
  return router
}

/** The adverts among actions, by priority. */
export const advertsOf = (actions: ReadonlyArray<Action>): ReadonlyArray<number> =>
  actions.flatMap((action) => (action._tag === "SendAdvert" ? [action.priority] : []))

export const announcementsOf = (actions: ReadonlyArray<Action>): ReadonlyArray<number> =>
  actions.flatMap((action) => (action._tag === "AnnounceAddresses" ? [action.repeatCount] : []))

/** The addresses that are announced, in order, each once. */
export const announcedOf = (actions: ReadonlyArray<Action>): ReadonlyArray<IpAddress> =>
  actions.flatMap((action) => (action._tag === "AnnounceAddresses" ? action.addresses : []))

export const dropsOf = (actions: ReadonlyArray<Action>): ReadonlyArray<string> =>
  actions.flatMap((action) => (action._tag === "CountDrop" ? [action.reason] : []))

export const countsOf = (actions: ReadonlyArray<Action>): ReadonlyArray<string> =>
  actions.flatMap((action) => (action._tag === "Count" ? [action.counter] : []))

export const ownershipOf = (actions: ReadonlyArray<Action>): ReadonlyArray<boolean> =>
  actions.flatMap((action) => (action._tag === "SetAddressOwnership" ? [action.owned] : []))

export const causesOf = (actions: ReadonlyArray<Action>): ReadonlyArray<TransitionCause> =>
  actions.flatMap((action) => (action._tag === "PublishTransition" ? [action.cause] : []))

/** Tags of the actions that the shell carries out, in order; counters, timers and news left out. */
export const orderOf = (actions: ReadonlyArray<Action>): ReadonlyArray<string> =>
  actions.map(({ _tag }) => _tag).filter((tag) => carriedOut.has(tag))

const carriedOut: ReadonlySet<string> = new Set([
  "SendAdvert",
  "SetAddressOwnership",
  "AnnounceAddresses",
  "PublishTransition"
])

/** The actions of one kind. */
export const only = <Tag extends Action["_tag"]>(
  actions: ReadonlyArray<Action>,
  tag: Tag
): ReadonlyArray<Extract<Action, { readonly _tag: Tag }>> =>
  actions.filter((action): action is Extract<Action, { readonly _tag: Tag }> => action._tag === tag)

export const roleOf = (router: Driver): string => router.state.role._tag

export const deadlinesOf = (router: Driver): { readonly [Timer in TimerName]?: number } =>
  VirtualRouter.deadlines(router.state)
