/**
 * A simulated network that carries out commands: hosts on one segment, in one `World`.
 *
 * The same commands give the same run, to the microsecond, on every machine.
 *
 * @since 0.1.0
 */
import { type Instant, type Micros } from "@holdfast/wire/Instant"
import {
  defaults,
  type InterfaceName,
  type Parameters,
  type Priority,
  type VirtualAddress,
  type Vrid
} from "@holdfast/vrrp/Parameters"
import type { Ipv4Address } from "@holdfast/wire/Address"
import { groupVrrp } from "@holdfast/wire/Ipv4"
import { type Command, type ForgedOptions, routerDefaults, type RouterOptions } from "./Command.ts"
import * as Random from "./Random.ts"
import * as VirtualLan from "./VirtualLan.ts"
import * as VirtualNode from "./VirtualNode.ts"
import * as World from "./World.ts"

/**
 * Whoever watches a run.
 *
 * @category models
 * @since 0.1.0
 */
export interface Observer {
  readonly onCommand?: (at: Instant, command: Command) => void
  readonly onStepped?: (stepped: VirtualNode.Stepped) => void
}

/**
 * One host with the options of its router.
 *
 * @category models
 * @since 0.1.0
 */
export interface Member {
  readonly node: VirtualNode.VirtualNode
  options: RouterOptions
}

/**
 * A simulated network.
 *
 * @category models
 * @since 0.1.0
 */
export interface Simulation {
  readonly now: () => Instant
  readonly members: ReadonlyMap<string, Member>
  readonly lan: VirtualLan.VirtualLan<VirtualNode.AdvertFrame>
  readonly execute: (command: Command) => void
  readonly observe: (observer: Observer) => void
  /** What made the run impossible to go on, if anything did: more events in one instant than any rule explains. */
  readonly isStuck: () => boolean
}

/**
 * Makes a network without hosts. A router named in a command that does not exist is left alone, so that any part of a
 * scenario is one too.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): Simulation => {
  const world = World.make()
  const observers: Array<Observer> = []
  const members = new Map<string, Member>()
  let random = Random.make(1, streamOfKernels)
  let lan = VirtualLan.make<VirtualNode.AdvertFrame>(world, Random.make(1, streamOfLan))
  let instantOfLast = 0 as Instant
  let stepsOfInstant = 0

  const onStepped = (stepped: VirtualNode.Stepped): void => {
    stepsOfInstant = stepped.event.at === instantOfLast ? stepsOfInstant + 1 : 0
    instantOfLast = stepped.event.at
    for (const observer of observers) observer.onStepped?.(stepped)
  }

  const add = (name: string, options: RouterOptions): void => {
    if (members.has(name)) return
    const surroundings = { world, lan, random, onStepped }
    const node = VirtualNode.make(surroundings, name, members.size + 1, parametersOf(name, options))
    members.set(name, { node, options })
    node.start()
  }

  const forge = (options: ForgedOptions): void =>
    lan.send(stranger, {
      source: addressOfStranger,
      destination: groupVrrp,
      hopLimit: options.hopLimit ?? 255,
      content: options.malformed ?? {
        version: 2,
        vrid,
        priority: options.priority ?? 100,
        advertIntervalMicros: options.interval ?? routerDefaults.interval,
        authenticationType: options.authentication ?? 0,
        addresses: [addressVirtual]
      }
    })

  const run = (micros: number): void => {
    const end = (world.now() + micros) as Instant
    // Task by task, so that a router that arms a timer for now again and again cannot hold the run for ever.
    for (let at = world.nextAt(); at !== undefined && at <= end; at = world.nextAt()) {
      if (stepsOfInstant > stepsOfInstantMax) return
      world.runUntil(at)
    }
    world.runUntil(end)
  }

  const ofMember = (name: string, act: (member: Member) => void): void => {
    const member = members.get(name)
    if (member !== undefined) act(member)
  }

  const carryOut = (command: Command): void => {
    switch (command._tag) {
      case "Seed":
        random = Random.make(command.seed, streamOfKernels)
        lan = VirtualLan.make(world, Random.make(command.seed, streamOfLan))
        return
      case "Network":
        return lan.setConditions(conditionsOf(lan.conditions(), command.options))
      case "Add":
        return add(command.router, { ...routerDefaults, ...command.options })
      case "Set":
        return ofMember(command.router, (member) => {
          member.options = { ...member.options, ...command.options }
          member.node.reconfigure(parametersOf(command.router, member.options))
        })
      case "Start":
        return ofMember(command.router, ({ node }) => node.start())
      case "Stop":
        return ofMember(command.router, ({ node }) => node.stop())
      case "Crash":
        return ofMember(command.router, ({ node }) => node.crash())
      case "Boot":
        return ofMember(command.router, ({ node, options }) => {
          if (node.state() === undefined) node.boot(parametersOf(command.router, options))
        })
      case "Steal":
        return ofMember(command.router, ({ node }) => node.steal())
      case "Freeze":
        return ofMember(command.router, ({ node }) => node.freeze((world.now() + command.micros) as Instant))
      case "Clog":
        return lan.clog(command.router, (world.now() + command.micros) as Instant)
      case "Link":
        return ofMember(command.router, ({ node }) => node.changeLink(command.device, command.change))
      case "Cut":
        return lan.partition(command.islands)
      case "Block":
        return lan.block(command.from, command.to)
      case "Heal":
        return lan.heal()
      case "Forge":
        return forge(command.options)
      case "Expire":
        return ofMember(command.router, ({ node }) => node.expire(command.timer))
      case "Run":
        return run(command.micros)
    }
  }

  return {
    now: world.now,
    members,
    get lan() {
      return lan
    },
    execute: (command) => {
      for (const observer of observers) observer.onCommand?.(world.now(), command)
      carryOut(command)
    },
    observe: (observer) => {
      observers.push(observer)
    },
    isStuck: () => stepsOfInstant > stepsOfInstantMax
  }
}

const parametersOf = (name: string, options: RouterOptions): Parameters => ({
  ...defaults,
  name,
  interface: "eth0" as InterfaceName,
  vrid,
  priority: options.priority as Priority,
  advertInterval: options.interval as Micros,
  preempt: options.preempt,
  preemptDelay: options.preemptDelay as Micros,
  addresses: [
    virtualAddress("eth0", addressVirtual),
    ...(options.tracked ? [virtualAddress("eth1", addressTracked)] : [])
  ],
  announcement: { ...defaults.announcement, refreshInterval: options.refresh as Micros },
  answerLowerPriority: options.answerLower,
  answerHigherPriority: options.answerHigher
})

const virtualAddress = (device: string, address: Ipv4Address): VirtualAddress => ({
  address,
  prefixLength: 32,
  interface: device as InterfaceName,
  scope: 0,
  advertised: device === "eth0",
  tracked: true
})

const conditionsOf = (
  before: VirtualLan.Conditions,
  options: (Command & { readonly _tag: "Network" })["options"]
): VirtualLan.Conditions => ({
  latencyMicros: options.latency ?? before.latencyMicros,
  jitterMicros: options.jitter ?? before.jitterMicros,
  lossRate: options.loss ?? before.lossRate,
  burstRate: options.burst ?? before.burstRate,
  burstLengthMax: burstLengthMax,
  duplicationRate: options.duplicate ?? before.duplicationRate,
  reorderRate: options.reorder ?? before.reorderRate,
  reorderMicros: reorderMicros
})

/** Documentation addresses (RFC 5737); hosts have 192.0.2.1 and up. */
const addressVirtual = "192.0.2.100" as Ipv4Address
const addressTracked = "203.0.113.100" as Ipv4Address
const addressOfStranger = "192.0.2.200" as Ipv4Address
const stranger = "stranger"

const vrid = 51 as Vrid

/** More adverts than this in a row are lost by an outage, not by a burst: it is as many as a Backup forgives. */
const burstLengthMax = 2

/** Held-back frames are overtaken by the next advert of another router, not by a whole interval. */
const reorderMicros = 50_000

/** A handful of routers answer each other a handful of times; a thousand times ten is a loop. */
const stepsOfInstantMax = 10_000

const streamOfLan = 1
const streamOfKernels = 2
