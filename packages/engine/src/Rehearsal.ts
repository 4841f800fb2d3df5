/**
 * A failover that nobody sees, run some times in the first seconds of an engine.
 *
 * A Backup that takes over does for the first time what must not take long: step, encode, collect, announce. Code that
 * runs for the first time is interpreted, and some is not even compiled. So a router that exists nowhere goes through
 * the same functions before, over edges that lead nowhere.
 *
 * @see docs/decisions/0013-rehearse-the-failover.md
 * @since 0.1.0
 */
import type { Instant } from "@holdfast/wire/Instant"
import { defaults, type InterfaceName, type Parameters, type Vrid } from "@holdfast/vrrp/Parameters"
import type { Ipv4Address, MacAddress } from "@holdfast/wire/Address"
import * as Advertisement from "@holdfast/wire/Advertisement"
import { groupVrrp } from "@holdfast/wire/Ipv4"
import type { OutgoingAdvert } from "./AdvertTransport.ts"
import * as Delivery from "./Delivery.ts"
import { describe } from "./EngineEvent.ts"
import type { Links } from "./LinkWatch.ts"
import * as Outbox from "./Outbox.ts"
import * as RunningRouter from "./RunningRouter.ts"
import * as Statistics from "./Statistics.ts"
import * as TimerHeap from "./TimerHeap.ts"

/**
 * Goes through sending adverts without sending them.
 *
 * @category models
 * @since 0.1.0
 */
export type Send = (device: InterfaceName, adverts: ReadonlyArray<OutgoingAdvert>) => void

/**
 * Rehearses on the engine's own heap, so that its wake-ups are rehearsed too, and ends by itself.
 *
 * @category main
 * @since 0.1.0
 */
export const schedule = (heap: TimerHeap.TimerHeap, from: Instant, send: Send): void => {
  let left = rehearsals
  const slot = heap.slot((now) => {
    for (const version of versions) failover(version, send)
    left -= 1
    if (left > 0) heap.arm(slot, (now + pauseMicros) as Instant)
  })
  heap.arm(slot, (from + pauseMicros) as Instant)
}

/**
 * Where a takeover is gone through that is about to happen.
 *
 * - `receive`: is the last that is done before it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Approach {
  readonly deadline: Instant
  readonly now: () => Instant
  readonly receive: () => void
  readonly send: Send
}

/**
 * Goes through the takeover that a Backup is about to do, from the state in which it is and at the time at which it will
 * be, as often as there is time for it: what is compiled for other numbers must be compiled again.
 *
 * @category main
 * @since 0.1.0
 */
export const takeover = (
  backup: RunningRouter.RunningRouter,
  { deadline, now, receive, send }: Approach
): void => {
  let needed = firstMicrosMax
  for (let count = 0; count < takeoversMax && deadline - now() >= needed; count++) {
    const { outbox, router } = stage(backup.state().parameters, send)
    router.resume(backup.state())
    router.step({ _tag: "TimerExpired", at: deadline, timer: "MasterDown" })
    outbox.flush()
    receive()
    needed = nextMicrosMax
  }
}

/** Takes one router from start over Master to Backup and to its end. */
const failover = (version: Version, send: Send): void => {
  const { heap, outbox, router } = stage({ ...parameters, version }, send)
  let now = 1_000_000 as Instant
  const pass = (): void => {
    heap.expire(now)
    outbox.flush()
    now = heap.next() ?? now
  }
  const hear = (priority: number): void => {
    const payload = Advertisement.encode(advertisement(version, priority), {
      source: peer,
      destination: groupVrrp
    })
    const received = { source: peer, destination: groupVrrp, hopLimit: 255, payload }
    router.hear(Delivery.make(device, "Ipv4", received, judge), now, 1)
    pass()
  }

  router.tellLinks(now)
  router.step({ _tag: "Started", at: now })
  pass()
  hear(priorityHigher)
  for (let wake = 0; wake < wakes && RunningRouter.roleOf(router) !== "Master"; wake++) pass()
  router.step({ _tag: "AddressesHeld", at: now, addresses: [virtual] })
  router.step({ _tag: "OwnershipChanged", at: now, owned: true, failures: [] })
  for (let wake = 0; wake < wakes; wake++) pass()
  hear(priorityHigher)
  hear(0)
  for (let wake = 0; wake < wakes; wake++) pass()
  router.step({ _tag: "Stopped", at: now })
  pass()
  router.close()
}

/** A router whose edges lead nowhere. */
const stage = (parameters: Parameters, send: Send) => {
  const heap = TimerHeap.make()
  const sent: Array<unknown> = []
  const outbox = Outbox.make({
    send,
    setOwnership: (_, ownership) => void sent.push(ownership),
    announce: (burst) => void sent.push(burst)
  })
  const router = RunningRouter.make(
    parameters,
    {
      heap,
      leadOf: () => undefined,
      outbox,
      clockMicros: () => 0,
      publish: (event) => void sent.push(describe(event)),
      links: () => links,
      serves: () => true
    },
    Statistics.make()
  )
  return { heap, outbox, router }
}

const device = "rehearsal" as InterfaceName
const own = "192.0.2.1" as Ipv4Address // RFC 5737: addresses that are nobody's
const peer = "192.0.2.2" as Ipv4Address
const virtual = "192.0.2.3" as Ipv4Address
const priorityHigher = 200

const links: Links = new Map([
  [
    device,
    {
      name: device,
      index: 1,
      mac: "02:00:00:00:00:01" as MacAddress,
      mtu: 1500,
      up: true,
      addresses: [{ address: own, prefixLength: 24, secondary: false, scope: 0, tentative: false }]
    }
  ]
])

const parameters: Parameters = {
  ...defaults,
  name: "rehearsal",
  interface: device,
  vrid: 1 as Vrid,
  addresses: [
    { address: virtual, prefixLength: 32, interface: device, scope: 0, advertised: true, tracked: true }
  ]
}

type Version = Parameters["version"]
const versions: ReadonlyArray<Version> = [2, 3]

const advertisement = (version: Version, priority: number): Advertisement.Advertisement => {
  const common = {
    vrid: parameters.vrid,
    priority,
    advertIntervalMicros: parameters.advertInterval,
    addresses: [virtual]
  }
  return version === 2
    ? { version, ...common, authenticationType: 0 }
    : { version, ...common, checksum: "PseudoHeader" }
}

const judge: Delivery.Judge = { authenticationOf: () => undefined, clockMicros: () => 0 }

/** Enough wake-ups for a master-down interval or the second burst. */
const wakes = 8

/** What the first and the next takeovers of a router take, that are gone through: measured as up to 0.6 and 0.1 ms. */
const firstMicrosMax = 700
const nextMicrosMax = 200
/**
 * Measured: a takeover took 0.33 ms from its deadline without one, 0.20 with one and 0.12 with twelve; with a hundred, code is
 * compiled anew in the last moment and the spread is wide.
 */
const takeoversMax = 12

/** Measured: more of them make the first takeover no faster. */
const rehearsals = 100

/** Each takes a tenth of a millisecond, the first few; all are over before a Backup may be Master. */
const pauseMicros = 20_000
