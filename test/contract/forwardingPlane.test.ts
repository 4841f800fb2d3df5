/** Which plane of this kernel is taken: what it has decides. */
import { ForwardingPlane } from "@holdfast/engine/ForwardingPlane"
import * as Linux from "@holdfast/linux/ForwardingPlane"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as UserModeLinux from "../lab/uml/UserModeLinux.ts"

const open = (choice: "ipvs" | "nf_tables" | "auto") =>
  Effect.gen(function* () {
    const plane = yield* (yield* ForwardingPlane).open(choice, () => {})
    return plane.kind
  }).pipe(Effect.scoped, Effect.provide(Linux.layer))

const hasIpvs = !UserModeLinux.isNeeded()

describe("ForwardingPlane", () => {
  it.live("is IPVS by itself where the kernel has it, else nf_tables", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* open("auto"), hasIpvs ? "ipvs" : "nf_tables")
    })
  )

  it.live("is nf_tables where that is asked for", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* open("nf_tables"), "nf_tables")
    })
  )

  it.live("is IPVS where that is asked for, or says what to do", () =>
    Effect.gen(function* () {
      const outcome = yield* Effect.result(open("ipvs"))

      if (Result.isSuccess(outcome)) assert.strictEqual(outcome.success, "ipvs")
      else {
        assert.isFalse(hasIpvs)
        assert.strictEqual(outcome.failure.reason, "Unsupported")
        assert.include(outcome.failure.message, "modprobe ip_vs")
      }
    })
  )
})
