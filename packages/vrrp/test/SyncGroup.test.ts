import { assert, describe, it } from "@effect/vitest"
import type { Action } from "@holdfast/vrrp/Action"
import type { Event } from "@holdfast/vrrp/Event"
import * as Repetition from "@holdfast/vrrp/Repetition"
import type { State } from "@holdfast/vrrp/State"
import * as SyncGroup from "@holdfast/vrrp/SyncGroup"
import * as VirtualRouter from "@holdfast/vrrp/VirtualRouter"
import type { Instant } from "@holdfast/wire/Instant"
import * as Arbitrary from "effect/Arbitrary"
import {
  advertsOf,
  announcementsOf,
  causesOf,
  down,
  eth0,
  eth1,
  expired,
  heard,
  held,
  linkChanged,
  masterDown,
  type Overrides,
  parameters,
  reconfigured,
  second,
  started,
  stopped,
  up,
  virtualAddress
} from "./Fixture.ts"
import * as GroupScenario from "./GroupScenario.ts"

interface Group {
  readonly members: () => ReadonlyArray<State>
  readonly roles: () => ReadonlyArray<string>
  readonly step: (index: number, event: Event) => ReadonlyArray<ReadonlyArray<Action>>
  readonly settle: (at: number) => ReadonlyArray<ReadonlyArray<Action>>
  readonly add: (state: State) => void
}

const make = (...given: ReadonlyArray<Overrides>): Group => {
  let members: ReadonlyArray<State> = []
  const take = (next: SyncGroup.Step) => {
    members = next.members
    return next.actions
  }
  const group: Group = {
    members: () => members,
    roles: () => members.map(({ role }) => role._tag),
    step: (index, event) => take(SyncGroup.step(members, index, event)),
    settle: (at) => take(SyncGroup.settle(members, at as Instant)),
    add: (state) => (members = [...members, state])
  }
  for (const [index, overrides] of given.entries()) group.add(member(`r${index}`, overrides))
  group.settle(0)
  return group
}

const member = (name: string, overrides: Overrides = {}): State =>
  VirtualRouter.step(
    VirtualRouter.make(parameters({ name, ...overrides })),
    linkChanged(0, overrides.interface ?? eth0, up)
  ).state

/** Two members that run as Backup since 0. */
const pair = (...overrides: ReadonlyArray<Overrides>): Group => {
  const group = make(overrides[0] ?? {}, overrides[1] ?? {})
  for (const index of [0, 1]) group.step(index, started(0))
  return group
}

/** The same, Master and in possession of their addresses since 4 s. */
const masters = (...overrides: ReadonlyArray<Overrides>): Group => {
  const group = pair(...overrides)
  for (const index of [0, 1]) group.step(index, expired("MasterDown", 4 * second))
  for (const index of [0, 1]) group.step(index, held(4 * second, virtualAddress))
  assert.deepStrictEqual(group.roles(), ["Master", "Master"])
  return group
}

const onEth1 = { interface: eth1, addresses: [] }

const willing = (group: Group): ReadonlyArray<boolean> =>
  group.members().map(({ role }) => role._tag === "Backup" && role.willing)

describe("a group becomes Master", () => {
  it("when all are willing, and not before", () => {
    const group = pair()

    group.step(0, expired("MasterDown", masterDown))
    assert.deepStrictEqual(group.roles(), ["Backup", "Backup"])
    assert.deepStrictEqual(willing(group), [true, false])

    const actions = group.step(1, expired("MasterDown", masterDown + 10))
    assert.deepStrictEqual(group.roles(), ["Master", "Master"])
    assert.deepStrictEqual(actions.map(advertsOf), [[100], [100]])
    assert.deepStrictEqual(causesOf(actions.flat()), [{ _tag: "GroupPromoted" }, { _tag: "GroupPromoted" }])
  })

  it("but not with a member that has heard a Master since", () => {
    const group = pair()
    group.step(0, expired("MasterDown", masterDown))
    group.step(0, heard(masterDown + 5, 200))

    group.step(1, expired("MasterDown", masterDown + 10))

    assert.deepStrictEqual(willing(group), [false, true])
    assert.deepStrictEqual(group.roles(), ["Backup", "Backup"])
  })

  it("at once when all are owners, and not before the last one has started", () => {
    const group = make({ priority: 255 }, { priority: 255 })

    group.step(0, started(0))
    assert.deepStrictEqual(group.roles(), ["Backup", "Init"])
    group.step(1, started(0))

    assert.deepStrictEqual(group.roles(), ["Master", "Master"])
  })

  it("when the one that is not an owner is willing too", () => {
    const group = pair({ priority: 255 }, { priority: 100 })
    assert.deepStrictEqual(group.roles(), ["Backup", "Backup"])

    group.step(1, expired("MasterDown", masterDown))

    assert.deepStrictEqual(group.roles(), ["Master", "Master"])
  })
})

describe("a group leaves Master", () => {
  it("when one of them yields: the other one goes without a word, as in keepalived", () => {
    const group = masters()

    const actions = group.step(0, heard(4.5 * second, 200))

    assert.deepStrictEqual(group.roles(), ["Backup", "Backup"])
    assert.deepStrictEqual(actions.map(advertsOf), [[], []])
    assert.deepStrictEqual(causesOf(actions[1]!), [{ _tag: "GroupDemoted", member: "r0" }])
  })

  it("when one of them stalls", () => {
    const group = masters()

    group.step(1, expired("Advert", 20 * second))

    assert.deepStrictEqual(group.roles(), ["Backup", "Backup"])
  })

  it("when one of them fails: each Master that can says that it leaves, and all are in Fault", () => {
    const group = masters({}, onEth1)

    const actions = group.step(0, linkChanged(4.5 * second, eth0, down))

    assert.deepStrictEqual(group.roles(), ["Fault", "Fault"])
    assert.deepStrictEqual(actions.map(advertsOf), [[], [0]])
    assert.deepStrictEqual(group.members()[1]!.role, {
      _tag: "Fault",
      faults: [{ _tag: "GroupMember", member: "r0" }]
    })
  })

  it("one by one when it is stopped: each says that it leaves", () => {
    const group = masters()

    assert.deepStrictEqual(group.step(0, stopped(5 * second)).map(advertsOf), [[0], []])
    assert.deepStrictEqual(group.roles(), ["Init", "Master"])
    assert.deepStrictEqual(group.step(1, stopped(5 * second)).map(advertsOf), [[], [0]])
  })
})

describe("a group in Fault", () => {
  it("leaves it when the last of its own faults is gone, and not with the first", () => {
    const group = masters({}, onEth1)
    group.step(0, linkChanged(5 * second, eth0, down))
    group.step(1, linkChanged(5 * second, eth1, down))

    group.step(0, linkChanged(6 * second, eth0, up))
    assert.deepStrictEqual(group.roles(), ["Fault", "Fault"])
    group.step(1, linkChanged(7 * second, eth1, up))

    assert.deepStrictEqual(group.roles(), ["Backup", "Backup"])
  })

  it("keeps who starts later from anything but Fault", () => {
    const group = make(onEth1, {})
    group.step(0, linkChanged(0, eth1, down))
    group.step(0, started(0))

    const actions = group.step(1, started(0))

    assert.deepStrictEqual(causesOf(actions[1]!), [
      { _tag: "Faulted", faults: [{ _tag: "GroupMember", member: "r0" }] }
    ])
  })
})

describe("a tracker without a result in a group that runs", () => {
  it("stops nobody, but keeps the group in Fault once it is there, without a step out of it", () => {
    const trackers = [{ subject: { _tag: "Script", name: "s" }, weight: 0, reverse: false } as const]
    const group = masters()
    group.step(0, reconfigured(4.2 * second, { name: "r0", trackers }))
    assert.deepStrictEqual(group.roles(), ["Master", "Master"])
    group.step(1, linkChanged(4.4 * second, eth0, down))

    const actions = group.step(1, linkChanged(4.6 * second, eth0, up))

    assert.deepStrictEqual(causesOf(actions.flat()), [])
    assert.deepStrictEqual(group.roles(), ["Fault", "Fault"])
  })
})

describe("a lower Master that one of a group hears", () => {
  it("makes the others announce too, without an advert", () => {
    const group = masters()

    const actions = group.step(0, heard(4.5 * second, 50))

    assert.deepStrictEqual(actions.map(announcementsOf), [[5], [5]])
    assert.deepStrictEqual(actions.map(advertsOf), [[100], []])
  })

  it("does not with lower_prio_no_advert", () => {
    const group = masters({ answerLowerPriority: false })

    assert.deepStrictEqual(group.step(0, heard(4.5 * second, 50)).map(announcementsOf), [[], []])
  })
})

describe("a member that joins", () => {
  it("becomes Master with Masters, and costs none of them its role", () => {
    const group = masters()
    group.add(member("r2"))

    group.settle(5 * second)
    assert.deepStrictEqual(group.roles(), ["Master", "Master", "Init"])
    const actions = group.step(2, started(5 * second))

    assert.deepStrictEqual(group.roles(), ["Master", "Master", "Master"])
    assert.deepStrictEqual(actions.map(advertsOf), [[], [], [100]])
  })

  it("does so as a Backup that has run alone", () => {
    const group = masters()
    group.add(VirtualRouter.step(member("r2"), started(5 * second)).state)

    group.settle(5 * second)

    assert.deepStrictEqual(group.roles(), ["Master", "Master", "Master"])
  })

  it("brings its fault", () => {
    const group = masters()
    group.add(VirtualRouter.step(member("r2", onEth1), linkChanged(5, eth1, down)).state)
    group.settle(5 * second)

    group.step(2, started(5 * second))

    assert.deepStrictEqual(group.roles(), ["Fault", "Fault", "Fault"])
  })
})

describe("a member that leaves", () => {
  it("takes its fault with it", () => {
    const group = masters({}, onEth1)
    group.step(1, linkChanged(5 * second, eth1, down))

    const { members } = SyncGroup.settle(group.members().slice(0, 1), (6 * second) as Instant)

    assert.strictEqual(members[0]!.role._tag, "Backup")
  })

  it("is Master at once if it waited for the others alone", () => {
    const group = pair()
    group.step(0, expired("MasterDown", masterDown))

    const { state } = VirtualRouter.step(group.members()[0]!, {
      _tag: "Grouped",
      at: (masterDown + 1) as Instant,
      grouped: false
    })

    assert.strictEqual(state.role._tag, "Master")
  })
})

describe("the role of a group", () => {
  it("is Init, Backup, Master or Fault with its members", () => {
    assert.strictEqual(SyncGroup.roleOf(make({}, {}).members()), "Init")
    assert.strictEqual(SyncGroup.roleOf(pair().members()), "Backup")
    assert.strictEqual(SyncGroup.roleOf(masters().members()), "Master")
    const faulty = masters()
    faulty.step(0, linkChanged(5 * second, eth0, down))
    assert.strictEqual(SyncGroup.roleOf(faulty.members()), "Fault")
  })
})

const scenario = Arbitrary.all({
  members: Arbitrary.array(Arbitrary.schema(GroupScenario.Member), { minLength: 1, maxLength: 4 }),
  commands: Arbitrary.array(Arbitrary.schema(GroupScenario.Command), { minLength: 5, maxLength: 30 })
})

describe("SyncGroup, in all lives of a group", () => {
  it.prop(
    "never leaves half a group Master or in Fault, keeps each member's invariants, and ends as Master when all is well",
    { scenario },
    ({ scenario }) => GroupScenario.run(scenario.members, scenario.commands),
    { arbitrary: { runs: 400, seed: "sync-group", size: 30 } }
  )
})

describe("a group of Masters", () => {
  it("has nothing to do with the advert that a member sends again", () => {
    const group = masters()
    const [sender, other] = group.members()
    const at = 5 * second

    const actions = group.step(0, expired("Advert", at))

    const alone = VirtualRouter.step(sender!, expired("Advert", at))
    assert.deepStrictEqual(actions, [alone.actions, []])
    assert.deepStrictEqual(group.members(), [Repetition.sendAgain(sender!, (at + second) as Instant), other!])
  })
})
