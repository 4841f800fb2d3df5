import { assert, describe, it } from "@effect/vitest"
import * as SyncGroup from "@holdfast/vrrp/SyncGroup"
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"
import { second } from "./Fixture.ts"
import * as GroupWorld from "./GroupWorld.ts"

const scenario = Arbitrary.all({
  directorCount: Arbitrary.schema(Schema.Literals([2, 3])),
  networkCount: Arbitrary.schema(Schema.Literals([1, 2, 3])),
  preempt: Arbitrary.schema(Schema.Boolean),
  disturbances: Arbitrary.array(Arbitrary.schema(GroupWorld.Disturbance), { maxLength: 12 })
})

/** Twice the longest patience: members of one group may begin to wait one after the other. */
const settled = 8 * second

describe("two or three directors with a group over one to three networks", () => {
  it.prop(
    "never have half a group Master, and after healing all networks have the same Master, the highest if all preempt",
    { scenario },
    ({ scenario: { directorCount, disturbances, networkCount, preempt } }) => {
      const priorities = [200, 150, 100].slice(0, directorCount)
      const world = GroupWorld.make(priorities, networkCount, preempt)
      const isWhole = (): void => {
        for (const { members } of world.directors) {
          const roles = new Set(members.map(({ role }) => role._tag).filter((role) => role !== "Init"))
          if (roles.has("Master") || roles.has("Fault")) assert.strictEqual(roles.size, 1, [...roles].join())
        }
      }
      for (const disturbance of disturbances) {
        world.run(disturbance.after, isWhole)
        world.disturb(disturbance)
      }

      world.heal()
      world.run(settled, isWhole)

      const isOne = (): void => {
        const roles = world.directors.map(({ members }) => SyncGroup.roleOf(members))
        assert.deepStrictEqual(roles.toSorted(), ["Backup", "Backup", "Master"].slice(3 - directorCount))
        if (preempt) assert.strictEqual(roles[0], "Master")
      }
      isOne()
      world.run(5 * second, isOne)
    },
    { arbitrary: { runs: 500, seed: "groups", size: 12 } }
  )
})
