import { assert, describe, it } from "@effect/vitest"
import * as ConstantTime from "@holdfast/wire/ConstantTime"
import * as Schema from "effect/Schema"

describe("ConstantTime", () => {
  it.prop(
    "bytes equal a copy of themselves, and nothing that is changed, longer or shorter",
    { bytes: Schema.Uint8Array },
    ({ bytes }) => {
      assert.isTrue(ConstantTime.equals(bytes, bytes.slice()))
      const longer = Uint8Array.of(...bytes, 0)
      assert.isFalse(ConstantTime.equals(bytes, longer))
      assert.isFalse(ConstantTime.equals(longer, bytes))
      for (const offset of bytes.keys()) {
        const changed = bytes.slice()
        changed[offset]! ^= 0x80
        assert.isFalse(ConstantTime.equals(bytes, changed))
      }
    },
    { arbitrary: { runs: 200 } }
  )
})
