/**
 * Random lives of a sync group for tests: members that start, stop, hear, fail, join and leave, and what holds after each
 * step.
 */
import { assert } from "@effect/vitest"
import type { Action } from "@holdfast/vrrp/Action"
import type { Event, TimerName } from "@holdfast/vrrp/Event"
import * as Health from "@holdfast/vrrp/Health"
import type { State } from "@holdfast/vrrp/State"
import * as SyncGroup from "@holdfast/vrrp/SyncGroup"
import * as VirtualRouter from "@holdfast/vrrp/VirtualRouter"
import type { Instant } from "@holdfast/wire/Instant"
import * as Schema from "effect/Schema"
import {
  down,
  eth0,
  heard,
  higherAddress,
  linkChanged,
  lowerAddress,
  missing,
  parameters,
  reconfigured,
  second,
  started,
  stopped,
  up
} from "./Fixture.ts"

export const Member = Schema.Struct({
  priority: Schema.Literals([1, 100, 200, 254, 255]),
  preempt: Schema.Boolean,
  version: Schema.Literals([2, 3]),
  weight: Schema.Literals([0, 50, -200])
})

const index = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3 }))

export const Command = Schema.TaggedUnion({
  Wait: { micros: Schema.Literals([1, 500_000, second, 3 * second, 4 * second]) },
  Start: { index },
  Stop: { index },
  Hear: { index, priority: Schema.Literals([0, 1, 100, 254, 255]), isHigher: Schema.Boolean },
  Link: { index, link: Schema.Literals(["Up", "Down", "Missing"]) },
  Observe: { index, observation: Schema.Literals(["Unknown", "Up", "Down"]) },
  Stall: { index },
  Priority: { index, priority: Schema.Literals([1, 150, 255]) },
  Leave: { index },
  Join: { member: Member }
})

interface Running {
  state: State
  readonly timers: Map<TimerName, number>
  isOwned: boolean
}

export const run = (
  given: ReadonlyArray<typeof Member.Type>,
  commands: ReadonlyArray<typeof Command.Type>
) => {
  let now = 0
  let count = 0
  let members: Array<Running> = []
  const states = (): ReadonlyArray<State> => members.map(({ state }) => state)

  const take = (next: SyncGroup.Step): void => {
    members.forEach((member, place) => {
      carryOut(member, next.actions[place]!)
      member.state = next.members[place]!
    })
    check(members, now)
  }
  const step = (place: number, event: Event): void => take(SyncGroup.step(states(), place, event))
  const settle = (): void => take(SyncGroup.settle(states(), now as Instant))

  const runUntil = (until: number): void => {
    for (;;) {
      const due = members
        .flatMap((member, place) => [...member.timers].map(([timer, at]) => ({ at, place, timer })))
        .filter(({ at }) => at <= until)
        .toSorted((left, right) => left.at - right.at)[0]
      if (due === undefined) break
      now = Math.max(now, due.at)
      step(due.place, { _tag: "TimerExpired", at: now as Instant, timer: due.timer })
    }
    now = until
  }

  const join = ({ weight, ...member }: typeof Member.Type): void => {
    const trackers = [{ subject: { _tag: "Script", name: "s" }, weight, reverse: false } as const]
    const state = VirtualRouter.make(parameters({ ...member, name: `r${count++}`, trackers }))
    const linked = VirtualRouter.step(state, linkChanged(now, eth0, up)).state
    const seen = VirtualRouter.step(linked, observed(now, "Up")).state
    members.push({ state: seen, timers: new Map(), isOwned: false })
  }

  const carryOutCommand = (command: typeof Command.Type): void => {
    if (command._tag === "Wait") return runUntil(now + command.micros)
    if (command._tag === "Join") {
      if (members.length === 4) return
      join(command.member)
      settle()
      return step(members.length - 1, started(now))
    }
    const place = command.index % members.length
    switch (command._tag) {
      case "Start":
        return step(place, started(now))
      case "Stop":
        return step(place, stopped(now))
      case "Hear":
        return step(place, heard(now, command.priority, soundFields(members[place]!.state, command.isHigher)))
      case "Link":
        return step(place, linkChanged(now, eth0, { Up: up, Down: down, Missing: missing }[command.link]))
      case "Observe":
        return step(place, observed(now, command.observation))
      case "Stall":
        now += 5 * second
        return step(place, { _tag: "TimerExpired", at: now as Instant, timer: "Advert" })
      case "Priority":
        return step(place, {
          ...reconfigured(now, {}),
          parameters: {
            ...members[place]!.state.parameters,
            priority: command.priority
          } as State["parameters"]
        } as Event)
      case "Leave": {
        if (members.length === 1) return
        const [left] = members.splice(place, 1)
        const alone = VirtualRouter.step(left!.state, { _tag: "Grouped", at: now as Instant, grouped: false })
        assert.isUndefined(alone.state.group)
        return settle()
      }
    }
  }

  given.forEach(join)
  settle()
  members.forEach((_, place) => step(place, started(now)))
  for (const command of commands) carryOutCommand(command)

  // Nothing is wrong from here on, and nobody else speaks: the group is Master as soon as the longest patience ends.
  members.forEach((_, place) => step(place, linkChanged(now, eth0, up)))
  members.forEach((_, place) => step(place, observed(now, "Up")))
  members.forEach((_, place) => step(place, started(now)))
  runUntil(now + 10 * second)
  assert.strictEqual(SyncGroup.roleOf(states()), "Master", "who hears nobody is Master in the end")
}

const observed = (at: number, observation: "Unknown" | "Up" | "Down"): Event => ({
  _tag: "Observed",
  at: at as Instant,
  subject: "Script s",
  observation: { _tag: observation }
})

const soundFields = ({ parameters: { version } }: State, isHigher: boolean) => ({
  version,
  source: isHigher ? higherAddress : lowerAddress
})

const carryOut = (member: Running, actions: ReadonlyArray<Action>): void => {
  let role = member.state.role._tag
  for (const action of actions) {
    if (action._tag === "ArmTimer") member.timers.set(action.timer, action.deadline)
    if (action._tag === "DisarmTimer") assert.isTrue(member.timers.delete(action.timer))
    if (action._tag === "SetAddressOwnership") member.isOwned = action.owned
    if (action._tag !== "PublishTransition") continue
    assert.strictEqual(action.from, role, "transitions are a chain")
    role = action.to
  }
}

const check = (members: ReadonlyArray<Running>, now: number): void => {
  const running = members.map(({ state }) => state).filter(({ role }) => role._tag !== "Init")
  for (const name of ["Master", "Fault"] as const) {
    const count = running.filter(({ role }) => role._tag === name).length
    assert.isTrue(count === 0 || count === running.length, `all ${name} or none, at ${now}`)
  }
  const hasFault = running.some((state) => Health.ownFaults(state).length > 0)
  assert.strictEqual(
    running.some(({ role }) => role._tag === "Fault"),
    hasFault,
    "Fault if and only if a member has one"
  )
  for (const { isOwned, state, timers } of members) {
    assert.deepStrictEqual(Object.fromEntries(timers), { ...VirtualRouter.deadlines(state) })
    assert.strictEqual(isOwned, state.role._tag === "Master", "owned if and only if Master")
    const priority = Health.priorityOf(state)
    assert.isTrue(priority >= 1 && (priority <= 254 || state.parameters.priority === 255))
  }
}
