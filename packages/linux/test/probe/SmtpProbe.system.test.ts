/**
 * The SMTP probe against Debian's msmtpd, and against hostile servers.
 */
import { assert, describe, it } from "@effect/vitest"
import * as SmtpProbe from "@holdfast/linux/probe/SmtpProbe"
import type { ProbeOf } from "@holdfast/linux/probe/Launch"
import * as Effect from "effect/Effect"
import { spawn, spawnSync } from "node:child_process"
import * as net from "node:net"
import * as Bench from "./ProbeBench.ts"

const probeOf = (port: number, heloName = "balancer.example"): ProbeOf<"Smtp"> => ({
  _tag: "Smtp",
  connection: { address: Bench.loopback, port },
  heloName
})

/** A server whose every connection is a process of msmtpd. */
const msmtpd = Bench.listen(
  net.createServer((socket) => {
    const server = spawn("msmtpd", ["--inetd", "--command=false"], { stdio: ["pipe", "pipe", "ignore"] })
    server.stdin.on("error", () => {})
    socket.pipe(server.stdin)
    server.stdout.pipe(socket)
    socket.on("close", () => server.kill())
  })
)

/** Skipped where it is not installed, unless nothing may be skipped. */
const isMailServerWanted =
  process.env["HOLDFAST_REQUIRE_ALL"] === "1" || spawnSync("msmtpd", ["--version"]).status === 0

/** The result of a probe against a server that does with its connection as the test says. */
const against = (onConnection: (socket: net.Socket) => void) =>
  Effect.gen(function* () {
    const launch = SmtpProbe.make(yield* Bench.connector)
    return yield* Bench.resultOf(launch, probeOf(yield* Bench.listen(net.createServer(onConnection))))
  })

describe("SMTP_CHECK", () => {
  it.effect.runIf(isMailServerWanted)("passes a mail server", () =>
    Effect.gen(function* () {
      const launch = SmtpProbe.make(yield* Bench.connector)

      assert.deepStrictEqual(yield* Bench.resultOf(launch, probeOf(yield* msmtpd)), Bench.passed)
    })
  )

  it.effect("says who it is, and leaves", () =>
    Effect.gen(function* () {
      let heard = ""
      const result = yield* against((socket) => {
        socket.write("220 mx\r\n")
        socket.on("data", (bytes) => {
          heard += bytes.toString()
          socket.write(heard.endsWith("QUIT\r\n") ? "221 bye\r\n" : "250 mx\r\n")
        })
      })

      assert.deepStrictEqual(result, Bench.passed)
      assert.strictEqual(heard, "HELO balancer.example\r\nQUIT\r\n")
    })
  )

  it.effect(
    "fails on a refusal, another protocol, an endless line, an early end, a reset and a closed port",
    () =>
      Effect.gen(function* () {
        const closed = yield* Effect.scoped(Bench.listen(net.createServer()))
        const launch = SmtpProbe.make(yield* Bench.connector)

        assert.deepStrictEqual(
          yield* against((socket) => socket.write("SSH-2.0-x\r\n")),
          Bench.failed('the answer is not SMTP: "SSH-2.0-x"')
        )
        assert.deepStrictEqual(
          yield* against((socket) => socket.write("554 no service\r\n")),
          Bench.failed('the connection was answered with "554 no service", expected 220')
        )
        assert.deepStrictEqual(
          yield* against((socket) => {
            const pour = () => {
              while (!socket.destroyed && socket.write("x".repeat(1000))) continue
            }
            socket.on("drain", pour)
            pour()
          }),
          Bench.failed("line longer than 1024 bytes")
        )
        assert.deepStrictEqual(
          yield* against((socket) => socket.end("220 mx\r\n")),
          Bench.failed("the connection was closed after HELO")
        )
        assert.deepStrictEqual(
          yield* against((socket) => {
            socket.write("220 mx\r\n")
            socket.once("data", () => socket.resetAndDestroy())
          }),
          Bench.failed("connection reset by peer")
        )
        assert.deepStrictEqual(
          yield* Bench.resultOf(launch, probeOf(closed)),
          Bench.failed("connection refused")
        )
        assert.strictEqual((yield* Bench.resultOf(launch, probeOf(closed, "a\r\nb")))._tag, "Refused")
      })
  )

  it.effect("silence never reports, cancelling ends the connection, and no descriptor stays", () =>
    Effect.gen(function* () {
      const launch = SmtpProbe.make(yield* Bench.connector)
      let connected = 0
      let ended = 0
      const port = yield* Bench.listen(
        net.createServer((socket) => {
          connected++
          socket.on("close", () => ended++)
          socket.write("220 mx\r\n")
          socket.resume()
        })
      )
      const before = Bench.descriptorCount()

      const cancels = Array.from({ length: 100 }, () => Bench.launchSilent(launch, probeOf(port)))
      yield* Bench.eventually("connected", () => connected === cancels.length)
      cancels.forEach((cancel) => cancel())

      yield* Bench.eventually("ended", () => ended === cancels.length)
      yield* Bench.eventually("descriptors closed", () => Bench.descriptorCount() === before)
    })
  )
})
