import { assert, describe, it } from "@effect/vitest"
import * as Outcome from "@holdfast/linux/probe/Outcome"
import { constants } from "node:os"

const { ECONNREFUSED, EMFILE, ENODEV, EPERM } = constants.errno

describe("Outcome.ofFailure", () => {
  it("what the server answers is the server's failure, though it be EPERM", () => {
    for (const errno of [ECONNREFUSED, EPERM]) {
      assert.deepStrictEqual(Outcome.ofFailure({ stage: "Connection", errno, reason: "no" }), {
        _tag: "Failed",
        reason: "no"
      })
    }
  })

  it("what takes a privilege is refused", () => {
    assert.deepStrictEqual(Outcome.ofFailure({ stage: "Setup", errno: EPERM, reason: "SO_MARK 7: no" }), {
      _tag: "Refused",
      reason: "SO_MARK 7: no"
    })
  })

  it("what may pass is a failure, which has retries: want of descriptors, a device that is away", () => {
    for (const errno of [EMFILE, ENODEV])
      assert.strictEqual(Outcome.ofFailure({ stage: "Setup", errno, reason: "no" })._tag, "Failed")
  })
})
