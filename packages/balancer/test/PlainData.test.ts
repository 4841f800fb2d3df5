import { assert, describe, it } from "@effect/vitest"
import * as PlainData from "@holdfast/balancer/PlainData"
import * as Equal from "effect/Equal"
import * as Schema from "effect/Schema"

const Leaf = Schema.Union([Schema.Literals([0, 1, -0, "", "a", true]), Schema.Null, Schema.Undefined])
const Node = Schema.Union([Leaf, Schema.Array(Leaf), Schema.Record(Schema.Literals(["x", "y"]), Leaf)])
const Data = Schema.Union([
  Node,
  Schema.Array(Node),
  Schema.Struct({ a: Schema.optionalKey(Node), b: Schema.optionalKey(Node) })
])

describe("PlainData.equals", () => {
  it.prop(
    "says what Equal.equals says, and is symmetric",
    [Data, Data],
    ([left, right]) => {
      assert.strictEqual(PlainData.equals(left, right), Equal.equals(left, right))
      assert.strictEqual(PlainData.equals(right, left), PlainData.equals(left, right))
      assert.isTrue(PlainData.equals(left, structuredClone(left)))
    },
    { arbitrary: { runs: 2_000, seed: "plain-data" } }
  )

  it("compares bytes, and tells an absent property from one that is undefined", () => {
    assert.isTrue(PlainData.equals({ payload: Uint8Array.of(1, 2) }, { payload: Uint8Array.of(1, 2) }))
    assert.isFalse(PlainData.equals({ payload: Uint8Array.of(1, 2) }, { payload: Uint8Array.of(1, 3) }))
    assert.isFalse(PlainData.equals({ a: undefined }, {}))
    assert.isFalse(PlainData.equals({ a: undefined }, { b: undefined }))
    assert.isFalse(PlainData.equals([], {}))
  })
})
