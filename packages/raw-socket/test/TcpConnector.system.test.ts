import { assert, describe, it } from "@effect/vitest"
import type { ConnectionTarget } from "@holdfast/raw-socket/ConnectionTarget"
import * as TcpConnector from "@holdfast/raw-socket/TcpConnector"
import type { IpAddress } from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { readdirSync } from "node:fs"
import * as Net from "node:net"

const loopback = "127.0.0.1" as IpAddress
const loopback6 = "::1" as IpAddress

/** A server on a port of the kernel's choice; it keeps what it is told. */
const serve = (address: string, onConnection: (socket: Net.Socket) => void = () => {}, backlog = 511) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly server: Net.Server; readonly port: number }>((resume) => {
      const server = Net.createServer({ allowHalfOpen: false }, (socket) => {
        socket.on("error", () => {})
        onConnection(socket)
        socket.resume()
      })
      server.listen({ host: address, port: 0, backlog }, () =>
        resume(Effect.succeed({ server, port: (server.address() as Net.AddressInfo).port }))
      )
    }),
    ({ server }) =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
      })
  )

const probe = (connector: TcpConnector.TcpConnector, target: ConnectionTarget) =>
  Effect.callback<TcpConnector.Outcome<void>>((resume) => {
    const cancel = connector.probe(target, (outcome) => resume(Effect.succeed(outcome)))
    return Effect.sync(cancel)
  })

const connect = (connector: TcpConnector.TcpConnector, target: ConnectionTarget) =>
  Effect.callback<TcpConnector.Outcome<number>>((resume) => {
    connector.connect(target, (outcome) => resume(Effect.succeed(outcome)))
  })

const descriptorCount = () => readdirSync("/proc/self/fd").length

const turn = Effect.callback<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})

/** Waits until the server has closed its ends too; what leaks makes the test time out. */
const descriptorCountIs = (count: number) =>
  Effect.gen(function* () {
    while (descriptorCount() !== count) yield* turn
  }).pipe(
    Effect.timeout("5 seconds"),
    Effect.catchTag("TimeoutError", () =>
      Effect.sync(() => assert.fail(`${descriptorCount()} descriptors, not ${count}`))
    )
  )

describe("TcpConnector", () => {
  it.live.each([loopback, loopback6])("connects to a server that listens, on %s", (address) =>
    Effect.gen(function* () {
      const { port } = yield* serve(address)
      const connector = yield* TcpConnector.open

      const outcome = yield* probe(connector, { address, port })

      assert.deepStrictEqual(outcome, Result.succeed(undefined))
    })
  )

  it.live("ends a probe with FIN: the server sees a client that has nothing to say, not an error", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      let onEnd = () => {}
      const { port } = yield* serve(loopback, (socket) => {
        socket.on("error", (error) => seen.push(error.message))
        socket.on("close", () => {
          seen.push("close")
          onEnd()
        })
        socket.on("end", () => seen.push("end"))
      })
      const connector = yield* TcpConnector.open

      yield* Effect.callback<void>((resume) => {
        onEnd = () => resume(Effect.void)
        connector.probe({ address: loopback, port }, () => {})
      })

      assert.deepStrictEqual(seen, ["end", "close"])
    })
  )

  it.live("says that nobody listens", () =>
    Effect.gen(function* () {
      const { port } = yield* Effect.scoped(serve(loopback))
      const connector = yield* TcpConnector.open

      const outcome = yield* probe(connector, { address: loopback, port })

      assert.deepStrictEqual(
        outcome,
        Result.fail({ stage: "Connection", errno: 111, reason: "connection refused" } as const)
      )
    })
  )

  it.live("never calls back before it returns, not even with what fails at once", () =>
    Effect.gen(function* () {
      const connector = yield* TcpConnector.open
      const heard: Array<TcpConnector.Outcome<void>> = []

      connector.probe({ address: loopback, port: 9, bindInterface: "absent0" }, (outcome) =>
        heard.push(outcome)
      )
      const before = heard.length
      yield* turn

      assert.strictEqual(before, 0)
      assert.deepStrictEqual(heard, [
        Result.fail({ stage: "Setup", errno: 19, reason: "SO_BINDTODEVICE absent0: no such device" } as const)
      ])
    })
  )

  it.live("comes from the address, the port and with the mark that it is told", () =>
    Effect.gen(function* () {
      const clients: Array<string> = []
      const { port } = yield* serve(loopback, (socket) =>
        clients.push(`${socket.remoteAddress}:${socket.remotePort}`)
      )
      const bindPort = (yield* Effect.scoped(serve(loopback))).port
      const connector = yield* TcpConnector.open
      const near = { bindAddress: "127.0.0.7" as IpAddress, bindPort, bindInterface: "lo", mark: 7 }

      // The second takes the port that the first has just left.
      const first = yield* probe(connector, { address: loopback, port, ...near })
      const second = yield* probe(connector, { address: loopback, port, ...near })
      const third = yield* probe(connector, { address: loopback, port, bindAddress: near.bindAddress })

      assert.deepStrictEqual(
        [first, second, third].map((outcome) => outcome._tag),
        ["Success", "Success", "Success"]
      )
      yield* turn
      assert.deepStrictEqual(clients.slice(0, 2), [`127.0.0.7:${bindPort}`, `127.0.0.7:${bindPort}`])
      assert.match(clients[2] ?? "", /^127\.0\.0\.7:/)
    })
  )

  it.live("says which near end this machine does not have", () =>
    Effect.gen(function* () {
      const connector = yield* TcpConnector.open

      const outcome = yield* probe(connector, {
        address: loopback,
        port: 9,
        bindAddress: "192.0.2.77" as IpAddress
      })

      assert.deepStrictEqual(
        outcome,
        Result.fail({
          stage: "Setup",
          errno: 99,
          reason: "bind to 192.0.2.77:0: address not available"
        } as const)
      )
    })
  )

  it.live("hands the connection over: a net.Socket talks on it and closes it", () =>
    Effect.gen(function* () {
      const { port } = yield* serve(loopback, (socket) => {
        socket.on("data", (data) => socket.end(`heard ${String(data)}`))
      })
      const connector = yield* TcpConnector.open
      const before = descriptorCount()

      const fd = Result.getOrThrow(yield* connect(connector, { address: loopback, port }))
      const answer = yield* Effect.callback<string>((resume) => {
        let text = ""
        const socket = new Net.Socket({ fd })
        socket.on("data", (data) => (text += String(data)))
        socket.on("close", () => resume(Effect.succeed(text)))
        socket.write("hello")
      })

      assert.strictEqual(answer, "heard hello")
      yield* descriptorCountIs(before)
    })
  )

  it.live("tells nothing of an attempt that was cancelled, and closes it", () =>
    Effect.gen(function* () {
      const { port } = yield* serve(loopback)
      const connector = yield* TcpConnector.open
      const before = descriptorCount()
      const heard: Array<unknown> = []

      const cancels = [
        connector.probe({ address: loopback, port }, (outcome) => heard.push(outcome)),
        connector.connect({ address: loopback, port }, (outcome) => heard.push(outcome)),
        connector.probe({ address: loopback, port, bindInterface: "absent0" }, (outcome) =>
          heard.push(outcome)
        )
      ]
      cancels.forEach((cancel) => cancel())
      cancels.forEach((cancel) => cancel())
      const outcome = yield* probe(connector, { address: loopback, port })

      assert.isTrue(Result.isSuccess(outcome))
      assert.deepStrictEqual(heard, [])
      yield* descriptorCountIs(before)
    })
  )

  it.live("tells nothing of an attempt that the outcome of another cancels, though both are there", () =>
    Effect.gen(function* () {
      const { port } = yield* serve(loopback)
      const connector = yield* TcpConnector.open
      const heard: Array<number> = []

      const cancels = [1, 2].map((number) =>
        connector.probe({ address: loopback, port }, () => {
          heard.push(number)
          for (const cancel of cancels) cancel()
        })
      )
      yield* probe(connector, { address: loopback, port })
      yield* turn

      assert.lengthOf(heard, 1)
    })
  )

  it.live("ends everything with its scope", () =>
    Effect.gen(function* () {
      const { port } = yield* serve(loopback)
      const before = descriptorCount()
      const heard: Array<unknown> = []

      yield* Effect.scoped(
        Effect.map(TcpConnector.open, (connector) => {
          connector.probe({ address: loopback, port }, (outcome) => heard.push(outcome))
          connector.probe({ address: loopback, port, bindInterface: "absent0" }, (outcome) =>
            heard.push(outcome)
          )
        })
      )

      yield* descriptorCountIs(before)
      assert.deepStrictEqual(heard, [])
    })
  )

  it.live("leaves no descriptor behind after ten thousand probes", () =>
    Effect.gen(function* () {
      const { port } = yield* serve(loopback)
      const connector = yield* TcpConnector.open
      const before = descriptorCount()

      const outcomes = yield* Effect.forEach(
        Array.from({ length: 10_000 }, (_, index) => index),
        // Every tenth to a port where nobody listens.
        (index) => probe(connector, { address: loopback, port: index % 10 === 0 ? 1 : port }),
        { concurrency: 100 }
      )

      assert.lengthOf(outcomes.filter(Result.isSuccess), 9_000)
      yield* descriptorCountIs(before)
    })
  )
})
