/**
 * Directors for tests, each with one sync group that has a member on every network: a discrete-event loop in which
 * networks are cut, devices fail, and directors are killed and started.
 */
import type { Event, LinkState } from "@holdfast/vrrp/Event"
import type { State } from "@holdfast/vrrp/State"
import * as SyncGroup from "@holdfast/vrrp/SyncGroup"
import * as VirtualRouter from "@holdfast/vrrp/VirtualRouter"
import type { Instant } from "@holdfast/wire/Instant"
import type { Ipv4Address } from "@holdfast/wire/Address"
import * as Schema from "effect/Schema"
import { down, eth0, heard, linkChanged, parameters, second, started, stopped } from "./Fixture.ts"

const place = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 }))

export const Disturbance = Schema.Struct({
  after: Schema.Literals([0, 1, 500_000, second, 4 * second, 9 * second]),
  director: place,
  network: place,
  kind: Schema.Literals(["LinkDown", "LinkUp", "Cut", "Join", "Kill", "Stop", "Start"])
})

export interface Director {
  readonly index: number
  members: ReadonlyArray<State>
  isAlive: boolean
  /** Whether it hears and is heard, by network. */
  readonly isCut: Array<boolean>
}

export interface GroupWorld {
  readonly directors: ReadonlyArray<Director>
  readonly disturb: (disturbance: typeof Disturbance.Type) => void
  readonly heal: () => void
  readonly run: (micros: number, observe?: () => void) => void
}

interface Entry {
  readonly at: number
  readonly run: () => void
}

/** A director sends some adverts a second on each network. */
const eventCountMax = 10_000
const latency = 1_000

export const make = (
  priorities: ReadonlyArray<number>,
  networkCount: number,
  preempt: boolean
): GroupWorld => {
  let now = 0
  const queue: Array<Entry> = []
  const networks = Array.from({ length: networkCount }, (_, network) => network)

  const schedule = (at: number, run: () => void): void => {
    const index = queue.findLastIndex((entry) => entry.at <= at)
    queue.splice(index + 1, 0, { at, run })
  }

  const fresh = (priority: number): ReadonlyArray<State> => {
    const members = networks.map((network) =>
      VirtualRouter.make(parameters({ name: `n${network}`, priority, preempt }))
    )
    return SyncGroup.settle(members, now as Instant).members
  }

  const directors = priorities.map((priority, index): Director => ({
    index,
    members: fresh(priority),
    isAlive: true,
    isCut: networks.map(() => false)
  }))

  const step = (director: Director, network: number, event: Event): void => {
    if (!director.isAlive) return
    const next = SyncGroup.step(director.members, network, event)
    director.members = next.members
    for (const [network, actions] of next.actions.entries())
      for (const action of actions) {
        if (action._tag === "SendAdvert") transmit(director, network, action.priority)
        if (action._tag !== "ArmTimer") continue
        const { deadline, timer } = action
        schedule(deadline, () => step(director, network, { _tag: "TimerExpired", at: now as Instant, timer }))
      }
  }

  const sourceOf = ({ index }: Director): Ipv4Address => `10.0.0.${10 + index}` as Ipv4Address

  const transmit = (sender: Director, network: number, priority: number): void => {
    if (sender.isCut[network] === true) return
    for (const receiver of directors) {
      if (receiver === sender) continue
      schedule(now + latency, () => {
        if (receiver.isCut[network] === false)
          step(receiver, network, heard(now, priority, { source: sourceOf(sender) }))
      })
    }
  }

  const setLink = (director: Director, network: number, isUp: boolean): void => {
    const link: LinkState = isUp ? { _tag: "Up", address: sourceOf(director) } : down
    step(director, network, linkChanged(now, eth0, link))
  }

  const begin = (director: Director): void => {
    director.isAlive = true
    for (const network of networks) setLink(director, network, true)
    for (const network of networks) step(director, network, started(now))
  }

  const disturb = ({ kind, ...at }: typeof Disturbance.Type): void => {
    const director = directors[at.director % directors.length]!
    const network = at.network % networkCount
    switch (kind) {
      case "LinkDown":
      case "LinkUp":
        return setLink(director, network, kind === "LinkUp")
      case "Cut":
      case "Join":
        director.isCut[network] = kind === "Cut"
        return
      case "Stop":
        for (const network of networks) step(director, network, stopped(now))
        return
      case "Kill":
        director.isAlive = false
        director.members = fresh(priorities[director.index]!)
        return
      case "Start":
        return begin(director)
    }
  }

  for (const director of directors) begin(director)

  return {
    directors,
    disturb,
    heal: () => {
      for (const director of directors) {
        director.isCut.fill(false)
        begin(director)
      }
    },
    run: (micros, observe = () => {}) => {
      const until = now + micros
      let eventCount = 0
      while (queue.length > 0 && queue[0]!.at <= until) {
        if (++eventCount > eventCountMax) throw new Error("the directors answer one another without end")
        const entry = queue.shift()!
        now = entry.at
        entry.run()
        observe()
      }
      now = until
    }
  }
}
