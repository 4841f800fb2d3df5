import { assert, describe, it } from "@effect/vitest"
import * as Patience from "../../src/demo/Patience.ts"
import * as ScenarioA from "../../src/demo/ScenarioA.ts"

describe("Patience.of", () => {
  it("is that of the scenario's file", () => {
    assert.deepStrictEqual(Patience.of(ScenarioA.LD2), {
      // RFC 3768 6.1: 3 × 1 s + (256 - 150) / 256 s.
      masterMicros: 3_414_063,
      // delay_loop 6, one retry after 1 s, which keepalived takes when the file has none.
      serverMicros: 7_000_000
    })
  })

  it("follows the file", () => {
    const text = ScenarioA.LD2.replaceAll("delay_loop 6", "delay_loop 2").replaceAll(
      "connect_port 80",
      "connect_port 80\nretry 3\ndelay_before_retry 4"
    )

    assert.strictEqual(Patience.of(text).serverMicros, 14_000_000)
  })
})
