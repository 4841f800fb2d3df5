/**
 * One host of the pure tier: a virtual router's reducer, the kernel under it, and the plainest interpreter of its
 * actions.
 *
 * What happens to the host becomes events, as the shell of `engine` would have it: a process that stands still finds
 * adverts waiting before it finds that a timer ran out, and what the kernel answers arrives a little later.
 *
 * @since 0.1.0
 */
import type { Link } from "@holdfast/engine/LinkWatch"
import type { Action } from "@holdfast/vrrp/Action"
import type { Event, LinkState, TimerName } from "@holdfast/vrrp/Event"
import type { Instant } from "@holdfast/wire/Instant"
import type { InterfaceName, Parameters, VirtualAddress } from "@holdfast/vrrp/Parameters"
import * as VirtualRouter from "@holdfast/vrrp/VirtualRouter"
import { type IpAddress, isIpv6 } from "@holdfast/wire/Address"
import type { Advertisement, MalformedReason } from "@holdfast/wire/Advertisement"
import type { LinkChange } from "./Command.ts"
import type { Random } from "./Random.ts"
import * as VirtualKernel from "./VirtualKernel.ts"
import type { VirtualLan } from "./VirtualLan.ts"
import type { Task, World } from "./World.ts"

/**
 * An advert on the segment: what a decoder would make of its bytes.
 *
 * @category models
 * @since 0.1.0
 */
export interface AdvertFrame {
  readonly source: IpAddress
  readonly destination: IpAddress
  readonly hopLimit: number
  readonly content: Advertisement | MalformedReason
}

/**
 * One event and what came of it, for whoever checks or writes it down.
 *
 * @category models
 * @since 0.1.0
 */
export interface Stepped {
  readonly node: VirtualNode
  readonly before: VirtualRouter.VirtualRouter
  readonly event: Event
  readonly step: VirtualRouter.Step
}

/**
 * One host.
 *
 * @category models
 * @since 0.1.0
 */
export interface VirtualNode {
  readonly name: string
  readonly address: IpAddress
  readonly kernel: VirtualKernel.VirtualKernel
  /** The virtual router; nothing while the power is off. */
  readonly state: () => VirtualRouter.VirtualRouter | undefined
  /** The deadline of each armed timer. */
  readonly armed: () => ReadonlyMap<TimerName, Instant>
  /** The level that was last asked for, and the addresses of it that were reported as held. */
  readonly ownership: () => { readonly asked: boolean; readonly held: ReadonlySet<IpAddress> }
  readonly isFrozen: () => boolean
  readonly start: () => void
  readonly stop: () => void
  readonly reconfigure: (parameters: Parameters) => void
  /** Power goes: no farewell, no addresses, no state. */
  readonly crash: () => void
  /** Power comes back: a router that has just been started. */
  readonly boot: (parameters: Parameters) => void
  /** The process stands still until a point of time. */
  readonly freeze: (until: Instant) => void
  readonly changeLink: (device: string, change: LinkChange) => void
  /** Another program removes the virtual addresses. */
  readonly steal: () => void
  /** An expiry that was under way when its timer was moved. */
  readonly expire: (timer: TimerName) => void
}

/**
 * What a host stands in.
 *
 * @category models
 * @since 0.1.0
 */
export interface Surroundings {
  readonly world: World
  readonly lan: VirtualLan<AdvertFrame>
  /** How long this kernel takes to answer. */
  readonly random: Random
  readonly onStepped: (stepped: Stepped) => void
}

/**
 * Makes a host whose number gives it its addresses, with a router that has not been started.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  { lan, onStepped, random, world }: Surroundings,
  name: string,
  number: number,
  parameters: Parameters
): VirtualNode => {
  const devices = [
    { name: deviceOfAdverts, addresses: [`192.0.2.${number}/24`] },
    { name: deviceTracked, addresses: [`203.0.113.${number}/24`] }
  ]
  const kernel = VirtualKernel.make(number, devices)
  const armed = new Map<TimerName, { readonly deadline: Instant; readonly task: Task }>()
  /** Every address that was ever asked for: those that left the list are to be taken away. */
  const known = new Map<IpAddress, VirtualAddress>()
  /** The addresses of the level that were reported as held. */
  const held = new Set<IpAddress>()
  const inbox: Array<(at: Instant) => Event> = []
  let state: VirtualRouter.VirtualRouter | undefined
  let told = new Map<InterfaceName, LinkState>()
  let frozenUntil = 0 as Instant
  let asked = false
  let applied = false
  let applying: Task | undefined
  let answerIsDue = false

  const isFrozen = (): boolean => world.now() < frozenUntil

  /** Hands an event over as soon as the process runs. */
  const deliver = (event: (at: Instant) => Event): void => {
    if (isFrozen()) inbox.push(event)
    else step(event(world.now()))
  }

  const step = (event: Event): void => {
    if (state === undefined) return
    const before = state
    const next = VirtualRouter.step(before, event)
    state = next.state
    for (const action of next.actions) interpret(next.state, action)
    onStepped({ node, before, event, step: next })
  }

  const interpret = (after: VirtualRouter.VirtualRouter, action: Action): void => {
    switch (action._tag) {
      case "SendAdvert":
        return send(after.parameters, action.priority)
      case "SetAddressOwnership":
        asked = action.owned
        keepHeld(action.owned ? after.parameters.addresses : [])
        answerIsDue = true
        for (const address of after.parameters.addresses) known.set(address.address, address)
        return apply()
      case "ArmTimer":
        return arm(action.timer, action.deadline)
      case "DisarmTimer":
        return disarm(action.timer)
      case "AnnounceAddresses":
      case "PublishTransition":
      case "PublishMismatch":
      case "PublishPriority":
      case "PublishLowerHeard":
      case "PublishRival":
      case "PublishRivalGone":
      case "CountDrop":
      case "Count":
        return
    }
  }

  const send = (parameters: Parameters, priority: number): void => {
    const device = kernel.links().get(parameters.interface)
    if (device === undefined || !device.up || parameters.transport._tag === "Unicast") return
    lan.send(name, {
      source: `192.0.2.${number}` as IpAddress,
      destination: parameters.transport.group,
      hopLimit: 255,
      content: advertisement(parameters, priority)
    })
  }

  const disarm = (timer: TimerName): void => {
    const entry = armed.get(timer)
    if (entry !== undefined) world.cancel(entry.task)
    armed.delete(timer)
  }

  const arm = (timer: TimerName, deadline: Instant, wakeAt = deadline): void => {
    disarm(timer)
    armed.set(timer, { deadline, task: world.schedule(wakeAt, () => wake(timer, deadline)) })
  }

  const wake = (timer: TimerName, deadline: Instant): void => {
    // A process that stands still is woken late, after what it has not read yet.
    if (isFrozen()) arm(timer, deadline, frozenUntil)
    else step({ _tag: "TimerExpired", at: world.now(), timer })
  }

  const apply = (): void => {
    applying ??= world.schedule((world.now() + random.integer(0, kernelMicrosMax)) as Instant, () => {
      applying = undefined
      const added = repair()
      const found = listed().filter((address) => kernel.holds(address) && !held.has(address))
      // One event for each, so that a router meets levels that are held in part.
      for (const address of new Set([...added, ...found])) {
        held.add(address)
        deliver((at) => ({ _tag: "AddressesHeld", at, addresses: [address] }))
      }
      if (!answerIsDue) return
      answerIsDue = false
      const owned = asked
      applied = owned
      deliver((at) => ({ _tag: "OwnershipChanged", at, owned, failures: [] }))
    })
  }

  const keepHeld = (addresses: ReadonlyArray<VirtualAddress>): void => {
    const kept = new Set(addresses.map(({ address }) => address))
    for (const address of held) if (!kept.has(address)) held.delete(address)
  }

  const listed = (): ReadonlyArray<IpAddress> =>
    asked ? (state?.parameters.addresses ?? []).map(({ address }) => address) : []

  /** Makes the kernel's addresses those of the level; returns those that were missing. */
  const repair = (): ReadonlyArray<IpAddress> => {
    const missing: Array<IpAddress> = []
    const wanted = new Set(listed())
    for (const { address, interface: device, prefixLength, scope } of known.values()) {
      if (!wanted.has(address)) kernel.deleteAddress(device, address)
      else if (
        kernel.addAddress(device, { address, prefixLength, secondary: false, scope, tentative: false }) ===
        undefined
      )
        missing.push(address)
    }
    return missing
  }

  const tellLinks = (): void => {
    for (const { name: device } of devices) {
      const link = linkStateOf(kernel.links().get(device as InterfaceName))
      const before = told.get(device as InterfaceName)
      if (before !== undefined && sameLink(before, link)) continue
      told.set(device as InterfaceName, link)
      deliver((at) => ({ _tag: "InterfaceChanged", at, interface: device as InterfaceName, link }))
    }
    if (
      state !== undefined &&
      asked &&
      applied &&
      state.parameters.addresses.some(({ address }) => !kernel.holds(address))
    )
      apply()
  }
  kernel.watch(tellLinks)

  const hear = (frame: AdvertFrame): void => {
    if (kernel.links().get(deviceOfAdverts as InterfaceName)?.up !== true) return
    const { content, destination, hopLimit, source } = frame
    deliver((at) =>
      typeof content === "string"
        ? { _tag: "MalformedReceived", at, source, destination, hopLimit, reason: content }
        : { _tag: "AdvertReceived", at, source, destination, hopLimit, advertisement: content }
    )
  }

  const boot = (booted: Parameters): void => {
    state = VirtualRouter.make(booted)
    told = new Map()
    lan.attach(name, (_, frame) => hear(frame))
    tellLinks()
  }

  const node: VirtualNode = {
    name,
    address: `192.0.2.${number}` as IpAddress,
    kernel,
    state: () => state,
    armed: () => new Map([...armed].map(([timer, { deadline }]) => [timer, deadline])),
    ownership: () => ({ asked, held }),
    isFrozen,
    start: () => deliver((at) => ({ _tag: "Started", at })),
    stop: () => deliver((at) => ({ _tag: "Stopped", at })),
    reconfigure: (changed) => deliver((at) => ({ _tag: "Reconfigured", at, parameters: changed })),
    crash: () => {
      for (const timer of armed.keys()) disarm(timer)
      if (applying !== undefined) world.cancel(applying)
      applying = undefined
      inbox.length = 0
      asked = false
      applied = false
      held.clear()
      answerIsDue = false
      frozenUntil = world.now()
      repair()
      state = undefined
      lan.attach(name, () => {})
    },
    boot: (booted) => {
      boot(booted)
      node.start()
    },
    freeze: (until) => {
      if (state === undefined || until <= frozenUntil) return
      frozenUntil = until
      world.schedule(until, () => {
        if (isFrozen()) return
        for (const event of inbox.splice(0)) step(event(world.now()))
      })
    },
    changeLink: (device, change) => {
      const options = devices.find((known) => known.name === device)
      if (options === undefined) return
      if (change === "delete") kernel.deleteLink(device)
      else if (change === "down" || change === "up") kernel.setUp(device, change === "up")
      else if (!kernel.links().has(device as InterfaceName)) kernel.addLink(options)
    },
    steal: () => {
      for (const { address, interface: device } of state?.parameters.addresses ?? [])
        kernel.deleteAddress(device, address)
    },
    expire: (timer) => deliver((at) => ({ _tag: "TimerExpired", at, timer }))
  }
  boot(parameters)
  return node
}

const advertisement = (parameters: Parameters, priority: number): Advertisement => {
  const advertised = parameters.addresses.filter((entry) => entry.advertised).map(({ address }) => address)
  const common = { vrid: parameters.vrid, priority, advertIntervalMicros: parameters.advertInterval }
  return parameters.version === 2
    ? {
        version: 2,
        ...common,
        authenticationType: 0,
        addresses: advertised.flatMap((address) => (isIpv6(address) ? [] : [address]))
      }
    : { version: 3, ...common, checksum: "PseudoHeader", addresses: advertised }
}

const linkStateOf = (link: Link | undefined): LinkState => {
  if (link === undefined) return { _tag: "Missing" }
  const address = link.addresses.find((present) => !present.secondary)?.address
  return { _tag: link.up ? "Up" : "Down", ...(address === undefined ? {} : { address }) }
}

const sameLink = (left: LinkState, right: LinkState): boolean =>
  left._tag === right._tag && (left._tag === "Missing" || left.address === (right as typeof left).address)

/** The device that carries the adverts and the first virtual address. */
const deviceOfAdverts = "eth0"

/** The device of the second virtual address. */
const deviceTracked = "eth1"

/** Long enough that an answer of the kernel often meets a router in another role. */
const kernelMicrosMax = 20_000
