/** Servers on loopback that a test's scope ends, and probes of them. */
import type { Probe, ProbeResult } from "@holdfast/balancer/Probe"
import type { Launch, ProbeOf } from "@holdfast/linux/probe/Launch"
import * as TcpConnector from "@holdfast/raw-socket/TcpConnector"
import type { IpAddress } from "@holdfast/wire/Address"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import type * as net from "node:net"

export const loopback = "127.0.0.1" as IpAddress

/** Listens on a port of the kernel's choice. The scope ends the server and its connections. */
export const listen = (server: net.Server) =>
  Effect.acquireRelease(
    Effect.callback<number>((resume) => {
      server.on("connection", (socket) => {
        sockets.add(socket)
        socket.on("error", () => {})
        socket.on("close", () => sockets.delete(socket))
      })
      server.listen(0, loopback, () => resume(Effect.succeed((server.address() as net.AddressInfo).port)))
    }),
    () =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        sockets.forEach((socket) => socket.destroy())
      })
  )

/** Makes one probe and waits for its result; it must not come before the launch returned, nor twice. */
export const resultOf = <Tag extends Probe["_tag"]>(launch: Launch<Tag>, probe: ProbeOf<Tag>) =>
  Effect.callback<ProbeResult>((resume) => {
    let launched = false
    let results = 0
    const cancel = launch(probe, (result) => {
      assert.isTrue(launched, "a result before the launch returned")
      assert.strictEqual(++results, 1)
      resume(Effect.succeed(result))
    })
    launched = true
    return Effect.sync(cancel)
  })

/** Begins a probe that must never report. */
export const launchSilent = <Tag extends Probe["_tag"]>(launch: Launch<Tag>, probe: ProbeOf<Tag>) =>
  launch(probe, (result) => assert.fail(`unexpected result: ${JSON.stringify(result)}`))

export const connector = TcpConnector.open

export const failed = (reason: string): ProbeResult => ({ _tag: "Failed", reason })
export const passed: ProbeResult = { _tag: "Passed" }

export const descriptorCount = (): number => fs.readdirSync("/proc/self/fd").length

const turn = Effect.callback<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})

/** Waits until a condition holds; one that never does makes the test fail. */
export const eventually = (what: string, holds: () => boolean) =>
  Effect.gen(function* () {
    while (!holds()) yield* turn
  }).pipe(
    Effect.timeoutOrElse({
      duration: "10 seconds",
      orElse: () => Effect.sync(() => assert.fail(`never: ${what}`))
    })
  )

const sockets = new Set<net.Socket>()
