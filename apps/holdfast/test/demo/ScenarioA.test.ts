import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import * as ScenarioA from "../../src/demo/ScenarioA.ts"

describe("ScenarioA", () => {
  it.each(Object.entries(ScenarioA))("has the text of the scenario's file for %s", (director, text) => {
    const file = new URL(`../../../../test/scenarios/a-basic-${director}.conf`, import.meta.url)

    assert.strictEqual(text, readFileSync(file, "utf8"))
  })
})
