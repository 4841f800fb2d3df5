/**
 * Scenarios for one virtual router: commands with relative times and values near the edges, the model of a shell that
 * carries them out, and the invariants that hold after every step.
 */
import { assert } from "@effect/vitest"
import type { Action } from "@holdfast/vrrp/Action"
import { type Event, type LinkState, TimerName } from "@holdfast/vrrp/Event"
import type { InterfaceName, Parameters } from "@holdfast/vrrp/Parameters"
import * as Health from "@holdfast/vrrp/Health"
import * as Timing from "@holdfast/vrrp/Timing"
import * as Tracker from "@holdfast/vrrp/Tracker"
import * as Repetition from "@holdfast/vrrp/Repetition"
import * as VirtualRouter from "@holdfast/vrrp/VirtualRouter"
import type { IpAddress, Ipv4Address } from "@holdfast/wire/Address"
import type { Instant } from "@holdfast/wire/Instant"
import { MalformedReason } from "@holdfast/wire/Advertisement"
import * as Schema from "effect/Schema"
import { authentications, header, proofOf, trailer } from "./Proof.ts"
import {
  address,
  type Datagram,
  disowned,
  eth0,
  eth1,
  expired,
  group,
  heard,
  held,
  higherAddress,
  linkChanged,
  lowerAddress,
  malformed,
  missing,
  type Overrides,
  ownAddress,
  owned,
  parameters,
  reconfigured,
  second,
  started,
  stopped,
  unicast
} from "./Fixture.ts"

/** The parameters that matter for the state machine, each at its edges. */
export const Setup = Schema.Struct({
  priority: Schema.Literals([1, 2, 100, 253, 254, 255]),
  advertInterval: Schema.Literals([second, 3 * second]),
  preempt: Schema.Boolean,
  preemptDelay: Schema.Literals([0, second, 10 * second]),
  isUnicast: Schema.Boolean,
  hasSourceAddress: Schema.Boolean,
  hasSecondDevice: Schema.Boolean,
  trackPrimary: Schema.Boolean,
  answerLowerPriority: Schema.Boolean,
  answerHigherPriority: Schema.Boolean,
  skipRepeatedAddressCheck: Schema.Boolean,
  checkUnicastSource: Schema.Boolean,
  repeatCount: Schema.Literals([0, 1, 5]),
  delay: Schema.Literals([0, 1, 5 * second]),
  refreshInterval: Schema.Literals([0, 2 * second]),
  version: Schema.Literals([2, 3]),
  plainChecksum: Schema.Boolean,
  authentication: Schema.Literals(["None", "Password", "Header", "Hmac", "Permissive"]),
  tracked: Schema.Literals(["Nothing", "Fault", "Priority", "Reverse"]),
  hasNoPeers: Schema.Boolean,
  faultWithoutPeers: Schema.Boolean,
  ownerIgnoresAdverts: Schema.Boolean
})

/** When a command happens: around the next deadline, or some time from now. */
const When = Schema.Literals(["Now", "Tick", "Before", "At", "After", "Interval", "Late", "Stalled"])

const PriorityHeard = Schema.Literals(["Zero", "One", "Below", "Own", "Above", "Highest", "Owner"])
const Defect = Schema.Literals([
  "Version",
  "Checksum",
  "Password",
  "NoSeal",
  "OtherSeal",
  "Malformed",
  "UnknownKey",
  "Invalid",
  "Stale",
  "Replayed",
  "HopLimit",
  "Reserved",
  "Unknown",
  "Interval",
  "NoInterval",
  "Transport",
  "List",
  "Stranger"
])
const Change = Schema.Literals([
  "Nothing",
  "Name",
  "Priority",
  "Owner",
  "Interval",
  "Addresses",
  "Refresh",
  "Track",
  "Version",
  "Weight",
  "Key"
])
const Link = Schema.Literals(["Missing", "Down", "Bare", "Up"])

export const Command = Schema.Struct({
  when: When,
  /** Whether timers fire at their deadlines on the way there, or only on arrival. */
  isPunctual: Schema.Boolean,
  what: Schema.TaggedUnion({
    Nothing: {},
    Start: {},
    Heal: {},
    Hear: { priority: PriorityHeard, source: Schema.Literals(["Lower", "Own", "Higher"]) },
    HearDefective: { priority: PriorityHeard, defect: Defect },
    HearMalformed: { reason: MalformedReason },
    Expire: { timer: TimerName },
    ChangeLink: { device: Schema.Literals(["eth0", "eth1"]), link: Link },
    Confirm: { owned: Schema.Boolean },
    Hold: { which: Schema.Literals(["First", "All"]) },
    Reconfigure: { change: Change },
    Observe: { observation: Schema.Literals(["Unknown", "Up", "Down", "Zero", "Five", "Minus", "TooLow"]) },
    GroupFaults: { members: Schema.Literals([0, 1]) },
    Group: { grouped: Schema.Boolean },
    Promote: {},
    Demote: {},
    Contest: {},
    Stop: {}
  })
})

export type Command = typeof Command.Type

/** What a run has reached. */
export interface Coverage {
  readonly pairs: Set<string>
  readonly edges: Set<string>
  readonly causes: Set<string>
  readonly drops: Set<string>
  readonly counters: Set<string>
  readonly actions: Set<string>
}

export const coverage = (): Coverage => ({
  pairs: new Set(),
  edges: new Set(),
  causes: new Set(),
  drops: new Set(),
  counters: new Set(),
  actions: new Set()
})

/** Runs a scenario and checks the invariants after every step. */
export const run = (setup: typeof Setup.Type, commands: ReadonlyArray<Command>, seen = coverage()): void => {
  const shell = makeShell(overridesOf(setup), seen)
  for (const command of [boot, ...commands]) {
    shell.wait(command)
    for (const event of eventsOf(command.what, shell.router(), shell.now())) shell.deliver(event)
  }
  const json = Schema.toCodecJson(VirtualRouter.VirtualRouter)
  const encoded = Schema.encodeSync(json)(shell.router())
  assert.deepStrictEqual(Schema.decodeUnknownSync(json)(JSON.parse(JSON.stringify(encoded))), shell.router())
}

const boot: Command = { when: "Now", isPunctual: true, what: { _tag: "Heal" } }

/** What is said of an advert like the last one is what happens when it comes. */
const checkHearing = (before: VirtualRouter.VirtualRouter, event: Event, step: VirtualRouter.Step): void => {
  const waiting = Repetition.hearingOf(before, event, step)
  if (waiting === undefined) return
  const at = (event.at + 1) as Instant
  const { actions, state } = VirtualRouter.step(step.state, { ...event, at })
  assert.deepStrictEqual(state, Repetition.hearAgain(step.state, at, waiting))
  assert.deepStrictEqual(actions, [
    { _tag: "Count", counter: "advertsReceived" },
    { _tag: "ArmTimer", timer: "MasterDown", deadline: (at + waiting) as Instant }
  ])
}

/** What is said of the next advert to send is what happens when it is due, on time or as late as it may be. */
const checkSending = (router: VirtualRouter.VirtualRouter): void => {
  const sending = Repetition.sendingOf(router)
  if (sending === undefined) return
  const { advertAt, interval, priority } = sending
  const deadline = (advertAt + interval) as Instant
  for (const at of [advertAt, advertAt + interval - 1]) {
    const { actions, state } = VirtualRouter.step(router, expired("Advert", at))
    assert.deepStrictEqual(state, Repetition.sendAgain(router, deadline))
    assert.deepStrictEqual(actions, [
      { _tag: "SendAdvert", priority },
      { _tag: "Count", counter: "advertsSent" },
      { _tag: "ArmTimer", timer: "Advert", deadline }
    ])
  }
}

interface Shell {
  readonly now: () => number
  readonly router: () => VirtualRouter.VirtualRouter
  readonly wait: (command: Command) => void
  readonly deliver: (event: Event) => void
}

const makeShell = (overrides: Overrides, seen: Coverage): Shell => {
  let now = 0
  let router = VirtualRouter.make(parameters(overrides))
  let isOwned: boolean | undefined
  const timers = new Map<TimerName, number>()

  const deliver = (event: Event): void => {
    const before = deepFreeze(router)
    deepFreeze(event)
    const { actions, state } = VirtualRouter.step(before, event)
    assert.deepStrictEqual(VirtualRouter.step(before, event), { state, actions }, "step is deterministic")
    for (const action of actions) {
      if (action._tag === "ArmTimer") timers.set(action.timer, action.deadline)
      if (action._tag === "DisarmTimer")
        assert.isTrue(timers.delete(action.timer), "only an armed timer is disarmed")
      if (action._tag === "SetAddressOwnership") isOwned = action.owned
    }
    record(seen, before, event, actions)
    checkStep(before, event, actions, state)
    checkHearing(before, event, { actions, state })
    checkSending(state)
    checkState(state, event.at, Object.fromEntries(timers), isOwned)
    router = state
  }

  const fire = (until: number, isPunctual: boolean): void => {
    for (;;) {
      const [next] = [...timers].filter(([, deadline]) => deadline <= until).toSorted((a, b) => a[1] - b[1])
      if (next === undefined) return
      const before = timers.get(next[0])
      now = isPunctual ? Math.max(now, next[1]) : until
      deliver(expired(next[0], now))
      assert.notStrictEqual(timers.get(next[0]), before, "a due timer is moved or disarmed by its expiry")
    }
  }

  const wait = ({ isPunctual, when }: Command): void => {
    const target = Math.max(now, targetOf(when, now, Math.min(...timers.values()), router.parameters))
    fire(target, isPunctual)
    now = target
  }

  return { now: () => now, router: () => router, wait, deliver }
}

const targetOf = (when: typeof When.Type, now: number, next: number, given: Parameters): number => {
  const deadline = next === Infinity ? now + second : next
  switch (when) {
    case "Now":
      return now
    case "Tick":
      return now + 1
    case "Before":
      return deadline - 1
    case "At":
      return deadline
    case "After":
      return deadline + 1
    case "Interval":
      return now + given.advertInterval
    case "Late":
      return deadline + given.advertInterval + 1
    case "Stalled":
      return deadline + Timing.masterDownInterval(given)
  }
}

const checkStep = (
  before: VirtualRouter.VirtualRouter,
  event: Event,
  actions: ReadonlyArray<Action>,
  after: VirtualRouter.VirtualRouter
): void => {
  const roles = [before.role._tag, ...actions.flatMap((a) => (a._tag === "PublishTransition" ? [a.to] : []))]
  assert.deepStrictEqual(
    actions.flatMap((a) => (a._tag === "PublishTransition" ? [a.from] : [])),
    roles.slice(0, -1),
    "every transition is published, in a chain"
  )
  assert.strictEqual(roles.at(-1), after.role._tag, "the last transition leads to the role")
  for (const action of actions) {
    if (action._tag === "SendAdvert") {
      assert.isTrue(roles.includes("Master"), "an advert leaves a Master only")
      const own = [before, after].map(Health.priorityOf)
      assert.include([0, ...own], action.priority, "an advert has our priority, or 0")
      if (action.priority === 0) assert.notStrictEqual(after.role._tag, "Master", "priority 0 is for leaving")
    }
  }
  checkAnnouncements(event, actions, after)
  const isUnchanged =
    event._tag === "Reconfigured" && JSON.stringify(event.parameters) === JSON.stringify(before.parameters)
  if (isUnchanged) assert.deepStrictEqual({ state: after, actions }, { state: before, actions: [] })
}

/** A Master announces what it holds, and at once what it is told that it holds now. */
const checkAnnouncements = (
  event: Event,
  actions: ReadonlyArray<Action>,
  { parameters, role }: VirtualRouter.VirtualRouter
): void => {
  const announced = actions.flatMap((a) => (a._tag === "AnnounceAddresses" ? a.addresses : []))
  if (role._tag !== "Master") return assert.isEmpty(announced, "a Master announces")
  const { burst, held } = role.announcing
  assert.includeMembers(
    parameters.addresses.map((entry) => entry.address),
    [...held],
    "what is held is on the list"
  )
  assert.includeMembers([...held], [...announced], "what is announced is held")
  assert.includeMembers([...held], [...(burst?.addresses ?? [])], "what will be announced is held")
  if (event._tag !== "AddressesHeld") return
  assert.includeMembers([...held], [...event.addresses])
  if (parameters.announcement.repeatCount > 0) assert.deepStrictEqual(announced, [...event.addresses])
}

const checkState = (
  state: VirtualRouter.VirtualRouter,
  at: number,
  timers: { readonly [timer: string]: number },
  isOwned: boolean | undefined
): void => {
  const deadlines: { readonly [timer: string]: number } = VirtualRouter.deadlines(state)
  assert.deepStrictEqual(timers, deadlines, "the timers armed are the deadlines")
  assert.strictEqual(
    isOwned ?? false,
    state.role._tag === "Master",
    "the addresses are owned if and only if Master"
  )
  const priority = Health.priorityOf(state)
  if (state.parameters.priority === 255) assert.strictEqual(priority, 255, "an owner stays one")
  else assert.isTrue(priority >= 1 && priority <= 254, "the priority is within 1 to 254")
  assert.strictEqual(
    state.role._tag === "Fault",
    state.role._tag !== "Init" && Health.faults(state).length > 0,
    "Fault if and only if there are faults"
  )
  if (state.role._tag === "Fault") assert.deepStrictEqual(state.role.faults, Health.faults(state))
  if (state.role._tag !== "Backup") return
  const { masterDownAt } = state.role
  assert.isAtMost(
    masterDownAt,
    at + Timing.masterDownIntervalOf(state.parameters, priority, state.role.masterInterval),
    "a Backup waits no longer than that"
  )
  const early = VirtualRouter.step(state, expired("MasterDown", masterDownAt - 1))
  assert.deepStrictEqual(early, { state, actions: [] }, "a Backup does not take over early")
  const due = VirtualRouter.step(state, expired("MasterDown", masterDownAt))
  if (state.group === undefined)
    assert.strictEqual(due.state.role._tag, "Master", "a Backup that hears nothing is Master by its deadline")
  else assert.isTrue(due.state.role._tag === "Backup" && due.state.role.willing, "or willing in a group")
}

const record = (
  seen: Coverage,
  before: VirtualRouter.VirtualRouter,
  event: Event,
  actions: ReadonlyArray<Action>
): void => {
  seen.pairs.add(`${before.role._tag} ${event._tag}`)
  for (const action of actions) {
    seen.actions.add(action._tag)
    if (action._tag === "CountDrop") seen.drops.add(action.reason)
    if (action._tag === "Count") seen.counters.add(action.counter)
    if (action._tag !== "PublishTransition") continue
    seen.edges.add(`${action.from} ${action.to}`)
    seen.causes.add(action.cause._tag)
  }
}

const peer = higherAddress

const overridesOf = (setup: typeof Setup.Type): Overrides => {
  const { authentication, delay, hasNoPeers, hasSecondDevice, hasSourceAddress, isUnicast, ...most } = setup
  const { refreshInterval, repeatCount, tracked, ...rest } = most
  const peers = hasNoPeers ? [] : [peer, lowerAddress, ownAddress]
  return {
    ...rest,
    transport: isUnicast ? unicast(...peers) : { _tag: "Multicast", group },
    ...(hasSourceAddress ? { sourceAddress: ownAddress } : {}),
    addresses: hasSecondDevice
      ? [address(), address({ address: secondAddress, interface: eth1 })]
      : [address()],
    trackers: trackersOf[tracked],
    ...(authentication === "None" ? {} : { authentication: authentications[authentication] }),
    announcement: {
      delay,
      repeatCount,
      refreshInterval,
      lowerPriorityDelay: delay,
      lowerPriorityRepeatCount: repeatCount
    }
  }
}

const subject: Tracker.Subject = { _tag: "File", name: "f" }
const trackersOf: { readonly [Kind in (typeof Setup.Type)["tracked"]]: ReadonlyArray<Tracker.Tracker> } = {
  Nothing: [],
  Fault: [{ subject, weight: 0, reverse: false }],
  Priority: [
    { subject, weight: 60, reverse: false },
    { subject: { _tag: "Interface", interface: eth1 }, weight: -120, reverse: false }
  ],
  Reverse: [{ subject, weight: -30, reverse: true }]
}
const observations: { readonly [name: string]: Tracker.Observation } = {
  Unknown: { _tag: "Unknown" },
  Up: { _tag: "Up" },
  Down: { _tag: "Down" },
  Zero: { _tag: "Value", value: 0 },
  Five: { _tag: "Value", value: 5 },
  Minus: { _tag: "Value", value: -1 },
  TooLow: { _tag: "Value", value: -100 }
}

const secondAddress = "192.168.3.117" as Ipv4Address
const devices: { readonly [name: string]: InterfaceName } = { eth0, eth1 }
const links: { readonly [Name in typeof Link.Type]: LinkState } = {
  Missing: missing,
  Down: { _tag: "Down", address: ownAddress },
  Bare: { _tag: "Up" },
  Up: { _tag: "Up", address: ownAddress }
}

const eventsOf = (
  what: Command["what"],
  router: VirtualRouter.VirtualRouter,
  now: number
): ReadonlyArray<Event> => {
  const given = router.parameters
  const at = now as Instant
  switch (what._tag) {
    case "Nothing":
      return []
    case "Observe":
      return [
        {
          _tag: "Observed",
          at,
          subject: Tracker.keyOf(subject),
          observation: observations[what.observation]!
        }
      ]
    case "GroupFaults":
      return [{ _tag: "GroupFaultsChanged", at, members: what.members === 0 ? [] : ["other"] }]
    case "Group":
      return [{ _tag: "Grouped", at, grouped: what.grouped }]
    case "Promote":
      return [{ _tag: "GroupPromoted", at }]
    case "Demote":
      return [{ _tag: "GroupDemoted", at, member: "other" }]
    case "Contest":
      return [{ _tag: "GroupContested", at }]
    case "Start":
      return [started(now)]
    case "Stop":
      return [stopped(now)]
    case "Heal":
      return [linkChanged(now, eth0, links.Up), linkChanged(now, eth1, links.Up), started(now)]
    case "Hear": {
      const source = { Lower: lowerAddress, Own: ownAddress, Higher: higherAddress }[what.source]
      return [heard(now, priorityOf(what.priority, given), { ...soundFields(router, source), source })]
    }
    case "HearDefective":
      return [
        heard(now, priorityOf(what.priority, given), {
          ...soundFields(router, peer),
          ...defectOf(what.defect, router)
        })
      ]
    case "HearMalformed":
      return [malformed(now, what.reason)]
    case "Expire":
      return [expired(what.timer, now)]
    case "ChangeLink":
      return [linkChanged(now, devices[what.device]!, links[what.link])]
    case "Confirm":
      return [what.owned ? owned(now) : disowned(now)]
    case "Hold": {
      const listed = given.addresses.map((entry) => entry.address)
      return [held(now, ...(what.which === "All" ? listed : listed.slice(0, 1)))]
    }
    case "Reconfigure":
      return [reconfigured(now, changed(given, what.change))]
  }
}

const priorityOf = (priority: typeof PriorityHeard.Type, { priority: own }: Parameters): number =>
  ({ Zero: 0, One: 1, Below: own - 1, Own: own, Above: Math.min(own + 1, 255), Highest: 254, Owner: 255 })[
    priority
  ]

const soundFields = (router: VirtualRouter.VirtualRouter, source: IpAddress): Datagram => {
  const { parameters: given } = router
  return {
    version: given.version,
    checksum: given.plainChecksum ? "Plain" : "PseudoHeader",
    destination: given.transport._tag === "Multicast" ? given.transport.group : ownAddress,
    advertIntervalMicros: given.advertInterval,
    addresses: given.addresses.map((entry) => entry.address),
    ...proofOf(given.authentication, markOf(router, source) + 1n)
  }
}

const markOf = (router: VirtualRouter.VirtualRouter, source: IpAddress): bigint =>
  router.marks?.find((mark) => mark.source === source)?.sequence ?? 0n

const defectOf = (
  defect: typeof Defect.Type,
  { marks = [], parameters: given }: VirtualRouter.VirtualRouter
): Datagram => {
  const stranger = { source: "10.0.0.77" as Ipv4Address }
  switch (defect) {
    case "Version":
      return { version: given.version === 2 ? 3 : 2 }
    case "Checksum":
      return { checksum: given.plainChecksum ? "PseudoHeader" : "Plain" }
    case "Password":
      return { authenticationData: "0102030405060708" }
    case "NoSeal":
      return { seal: { _tag: "None" } }
    case "OtherSeal":
      return { seal: given.authentication?._tag === "Header" ? trailer(9n) : header(9n, "Valid") }
    case "Malformed":
    case "UnknownKey":
    case "Invalid":
      if (given.authentication?._tag === "Header") return { seal: header(9n, "Invalid") }
      return { seal: { ...trailer(9n), verdict: defect } }
    case "Stale":
      return { seal: { ...trailer(9n), ageMicros: 60 * second } }
    case "Replayed":
      return marks[0] === undefined ? {} : { source: marks[0].source, seal: trailer(marks[0].sequence) }
    case "HopLimit":
      return { hopLimit: 254 }
    case "Reserved":
      return { authenticationType: given.authentication === undefined ? 1 : 0 }
    case "Unknown":
      return { authenticationType: 3 }
    case "Interval":
      return { advertIntervalMicros: given.advertInterval + second }
    case "NoInterval":
      return { advertIntervalMicros: 0 }
    case "Transport":
      return { destination: given.transport._tag === "Multicast" ? ownAddress : group }
    case "List":
      return { addresses: [] }
    case "Stranger":
      return { ...stranger, ...proofOf(given.authentication, BigInt(marks.length) + 1n) }
  }
}

const changed = (given: Parameters, change: typeof Change.Type): Parameters => {
  switch (change) {
    case "Nothing":
      return { ...given, addresses: given.addresses.map((entry) => ({ ...entry })) }
    case "Name":
      return { ...given, name: `${given.name}'` }
    case "Priority":
      return parameters({ ...given, priority: given.priority === 100 ? 150 : 100 })
    case "Owner":
      return parameters({ ...given, priority: given.priority === 255 ? 254 : 255 })
    case "Interval":
      return parameters({ ...given, advertInterval: given.advertInterval === second ? 3 * second : second })
    case "Addresses":
      return { ...given, addresses: given.addresses.length === 1 ? [] : [address()] }
    case "Refresh":
      return parameters({
        ...given,
        announcement: {
          ...given.announcement,
          refreshInterval: given.announcement.refreshInterval === 0 ? 2 * second : 0
        }
      })
    case "Track":
      return { ...given, trackPrimary: !given.trackPrimary }
    case "Version":
      return { ...given, version: given.version === 2 ? 3 : 2 }
    case "Weight":
      return { ...given, trackers: given.trackers.length === 0 ? trackersOf.Priority : [] }
    case "Key": {
      const { authentication, ...open } = given
      return authentication === undefined ? { ...open, authentication: authentications.Hmac } : open
    }
  }
}

const deepFreeze = <A>(value: A): A => {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const field of Object.values(value)) deepFreeze(field)
  return value
}
