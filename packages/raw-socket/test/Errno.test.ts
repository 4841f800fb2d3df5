import { assert, describe, it } from "@effect/vitest"
import * as Errno from "@holdfast/raw-socket/Errno"
import * as SocketError from "@holdfast/raw-socket/SocketError"
import { constants } from "node:os"

describe("Errno", () => {
  it("names the numbers the kernel returns", () => {
    assert.strictEqual(Errno.nameOf(1), "EPERM")
    assert.strictEqual(Errno.nameOf(11), "EAGAIN")
    assert.strictEqual(Errno.nameOf(19), "ENODEV")
    assert.strictEqual(Errno.nameOf(105), "ENOBUFS")
  })

  it("shows a number without a name as it is", () => {
    assert.strictEqual(Errno.nameOf(9999), "errno 9999")
  })

  it("calls full queues transient and missing rights not", () => {
    assert.isTrue(Errno.isTransient(Errno.EAGAIN))
    assert.isTrue(Errno.isTransient(Errno.ENOBUFS))
    assert.isFalse(Errno.isTransient(Errno.EPERM))
    assert.isFalse(Errno.isTransient(constants.errno.ENETDOWN))
  })
})

describe("SocketError", () => {
  it("says what failed and what to do about it", () => {
    const error = SocketError.fromErrno("socket", Errno.EPERM)

    assert.deepStrictEqual([error._tag, error.operation, error.code], ["SocketError", "socket", "EPERM"])
    assert.match(error.message, /^socket: EPERM: it needs CAP_NET_RAW.*run as root or grant the capability$/)
  })

  it("says only what failed when no remedy is known", () => {
    assert.strictEqual(SocketError.fromErrno("bind", 22).message, "bind: EINVAL")
  })
})
