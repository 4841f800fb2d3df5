import { assert, describe, it } from "@effect/vitest"
import type { EngineEvent } from "@holdfast/engine/EngineEvent"
import * as Notices from "@holdfast/engine/notification/Notices"
import type { RoleName } from "@holdfast/vrrp/Action"
import { defaults, type InterfaceName, type Parameters, type Vrid } from "@holdfast/vrrp/Parameters"
import type { IpAddress } from "@holdfast/wire/Address"
import type { Instant } from "@holdfast/wire/Instant"

const at = 0 as Instant
const router = (name: string, instance?: string): Parameters => ({
  ...defaults,
  name,
  ...(instance === undefined ? {} : { instance }),
  interface: "eth0" as InterfaceName,
  vrid: 51 as Vrid,
  addresses: []
})
const changed = (name: string, to: RoleName, priority = 100): EngineEvent => ({
  _tag: "RoleChanged",
  at,
  router: name,
  from: "Init",
  to,
  cause: { _tag: "Started" },
  priority
})
const lines = (told: ReadonlyArray<Notices.Told>) =>
  told.map(({ name, notice, priority, type }) => `${type} ${name} ${notice} ${priority}`)

const following = (...routers: ReadonlyArray<Parameters>) => {
  const notices = Notices.make()
  notices.setRouters(routers)
  return {
    notices,
    tell: (event: EngineEvent, leaving: Notices.Leaving = "DELETED") => lines(notices.of(event, leaving))
  }
}

describe("Notices", () => {
  it("each role of a router is told once, with the priority that it has", () => {
    const { tell } = following(router("VI_1"))

    assert.deepStrictEqual(tell(changed("VI_1", "Backup")), ["INSTANCE VI_1 BACKUP 100"])
    assert.deepStrictEqual(tell(changed("VI_1", "Backup")), [])
    assert.deepStrictEqual(tell(changed("VI_1", "Master", 90)), ["INSTANCE VI_1 MASTER 90"])
    assert.deepStrictEqual(tell(changed("VI_1", "Fault", 90)), ["INSTANCE VI_1 FAULT 90"])
  })

  it("who leaves is told as stopped or as deleted, and begins anew afterwards", () => {
    const { tell } = following(router("VI_1"))
    tell(changed("VI_1", "Backup"))

    assert.deepStrictEqual(tell(changed("VI_1", "Init")), ["INSTANCE VI_1 DELETED 100"])
    assert.deepStrictEqual(tell(changed("VI_1", "Backup")), ["INSTANCE VI_1 BACKUP 100"])
    assert.deepStrictEqual(tell(changed("VI_1", "Init"), "STOP"), ["INSTANCE VI_1 STOP 100"])
  })

  it("two routers of one instance are told as one: Master when both are, in Fault when one is", () => {
    const { tell } = following(router("VI_1", "VI_1"), router("VI_1 (IPv6)", "VI_1"))

    assert.deepStrictEqual(tell(changed("VI_1", "Backup")), ["INSTANCE VI_1 BACKUP 100"])
    assert.deepStrictEqual(tell(changed("VI_1 (IPv6)", "Backup")), [])
    assert.deepStrictEqual(tell(changed("VI_1", "Master")), [])
    assert.deepStrictEqual(tell(changed("VI_1 (IPv6)", "Master")), ["INSTANCE VI_1 MASTER 100"])
    assert.deepStrictEqual(tell(changed("VI_1 (IPv6)", "Fault")), ["INSTANCE VI_1 FAULT 100"])
    assert.deepStrictEqual(tell(changed("VI_1", "Fault")), [])
  })

  it("a group is told with priority 0; the group that an instance is, is not", () => {
    const { tell } = following()
    const group = (kind: "Group" | "Instance"): EngineEvent => ({
      _tag: "GroupChanged",
      at,
      group: "G1",
      kind,
      from: "Backup",
      to: "Master"
    })

    assert.deepStrictEqual(tell(group("Group")), ["GROUP G1 MASTER 0"])
    assert.deepStrictEqual(tell(group("Instance")), [])
  })

  it("a group that stops is told as stopped, and one that a reload no longer has is forgotten without a word", () => {
    const { notices, tell } = following()
    const group = (to: RoleName): EngineEvent => ({
      _tag: "GroupChanged",
      at,
      group: "G1",
      kind: "Group",
      from: "Init",
      to
    })
    tell(group("Master"))

    assert.deepStrictEqual(tell(group("Init"), "DELETED"), [])
    assert.deepStrictEqual(lines(notices.states()), [])
    assert.deepStrictEqual(tell(group("Master")), ["GROUP G1 MASTER 0"])
    assert.deepStrictEqual(tell(group("Init"), "STOP"), ["GROUP G1 STOP 0"])
  })

  it("the winner of a contest is told with its own priority, and so is a priority that changed", () => {
    const { tell } = following(router("VI_1"))

    assert.deepStrictEqual(
      tell({
        _tag: "LowerPriorityHeard",
        at,
        router: "VI_1",
        source: "192.0.2.2" as IpAddress,
        priority: 50,
        ownPriority: 100
      }),
      ["INSTANCE VI_1 MASTER_RX_LOWER_PRI 100"]
    )
    assert.deepStrictEqual(
      tell({ _tag: "PriorityChanged", at, router: "VI_1", role: "Backup", from: 100, to: 90 }),
      ["INSTANCE VI_1 BACKUP_PRIORITY 90"]
    )
    assert.deepStrictEqual(
      tell({ _tag: "PriorityChanged", at, router: "VI_1", role: "Fault", from: 100, to: 90 }),
      []
    )
  })

  it("the states are those that were last told", () => {
    const { notices, tell } = following(router("VI_1"), router("VI_2"))
    tell(changed("VI_1", "Backup"))
    tell(changed("VI_2", "Backup"))
    tell(changed("VI_1", "Master"))
    tell(changed("VI_2", "Init"))

    assert.deepStrictEqual(lines(notices.states()), ["INSTANCE VI_1 MASTER 100"])
  })
})
