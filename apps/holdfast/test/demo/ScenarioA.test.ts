import { assert, describe, it } from "@effect/vitest"
import * as Configuration from "@holdfast/config/Configuration"
import * as Option from "effect/Option"
import { readFileSync } from "node:fs"
import * as ScenarioA from "../../src/demo/ScenarioA.ts"

describe("ScenarioA", () => {
  it.each([
    ["LD1", ScenarioA.LD1],
    ["LD2", ScenarioA.LD2]
  ])("has the text of the scenario's file for %s", (director, text) => {
    const file = new URL(`../../../../test/scenarios/a-basic-${director}.conf`, import.meta.url)

    assert.strictEqual(text, readFileSync(file, "utf8"))
  })

  it("says which plane to take where IPVS may not be used", () => {
    const text = ScenarioA.withNfTables(ScenarioA.LD1)
    const { configuration } = Configuration.read({ file: "t", text })

    assert.strictEqual(Option.getOrThrow(configuration).balancer.plane, "nf_tables")
    assert.strictEqual(text.replace(/.*forwarding_plane.*\n/, ""), ScenarioA.LD1)
  })
})
