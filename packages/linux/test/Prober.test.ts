import { assert, describe, it } from "@effect/vitest"
import type { Probe, ProbeResult } from "@holdfast/balancer/Probe"
import { Prober as ProberPort, type ProbeReport } from "@holdfast/engine/Prober"
import * as Prober from "@holdfast/linux/Prober"
import * as SocketError from "@holdfast/raw-socket/SocketError"
import type { IpAddress } from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"

const tcp: Probe = { _tag: "Tcp", connection: { address: "192.0.2.1" as IpAddress, port: 80 } }
const ping: Probe = { ...tcp, _tag: "Ping" }
const dns: Probe = { ...tcp, _tag: "Dns", type: "A", name: "example.com" }
const file: Probe = { _tag: "File", path: "/run/weight", factor: 1 }
const passed: ProbeResult = { _tag: "Passed" }
const failed: ProbeResult = { _tag: "Failed", reason: "connection refused" }

const turn = Effect.callback<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})

/** A prober whose probes find what the test says, when it says so. */
const open = Effect.gen(function* () {
  const told: Array<(result: ProbeResult) => void> = []
  const ended: Array<string> = []
  const launch = (probe: Probe, onResult: (result: ProbeResult) => void) => {
    told.push(onResult)
    return () => void ended.push(probe._tag)
  }
  const launches: Prober.Launches = {
    Tcp: Effect.succeed(launch),
    File: Effect.succeed(launch),
    Ping: Effect.fail(SocketError.fromErrno("epoll", 24))
  }
  const batches: Array<ReadonlyArray<ProbeReport>> = []
  const probing = yield* Effect.flatMap(ProberPort, (prober) =>
    prober.open((reports) => batches.push(reports))
  ).pipe(Effect.provide(Prober.layerOf(launches)))
  const resultsOf = () => batches.map((reports) => reports.map(({ id, result }) => [id, result] as const))
  return { probing, told, ended, resultsOf }
})

describe("Prober", () => {
  it.effect("hands on together what was found in one turn of the event loop", () =>
    Effect.gen(function* () {
      const { probing, resultsOf, told } = yield* open
      probing.start(1, tcp)
      probing.start(2, tcp)

      told[1]?.(failed)
      told[0]?.(passed)
      yield* turn

      assert.deepStrictEqual(resultsOf(), [
        [
          [2, failed],
          [1, passed]
        ]
      ])
    })
  )

  it.effect("drops what was found but not handed on when the probe is cancelled", () =>
    Effect.gen(function* () {
      const { probing, resultsOf, told } = yield* open
      probing.start(1, tcp)

      told[0]?.(passed)
      probing.cancel(1)
      yield* turn

      assert.deepStrictEqual(resultsOf(), [])
    })
  )

  it.effect("does not mistake a cancelled probe's finding for that of the next one of its number", () =>
    Effect.gen(function* () {
      const { probing, resultsOf, told } = yield* open
      probing.start(1, tcp)
      told[0]?.(failed)
      probing.cancel(1)

      probing.start(1, tcp)
      told[1]?.(passed)
      yield* turn

      assert.deepStrictEqual(resultsOf(), [[[1, passed]]])
    })
  )

  it.effect("ends a probe that is out, once; a file's stays out though it reports", () =>
    Effect.gen(function* () {
      const { ended, probing, resultsOf, told } = yield* open
      probing.start(1, tcp)
      probing.start(2, tcp)
      probing.start(3, file)

      told[1]?.(passed)
      told[2]?.(passed)
      yield* turn
      told[2]?.(failed)
      told[2]?.(passed)
      yield* turn
      for (const id of [1, 1, 2, 3]) probing.cancel(id)

      assert.deepStrictEqual(resultsOf(), [
        [
          [2, passed],
          [3, passed]
        ],
        [[3, passed]]
      ])
      assert.deepStrictEqual(ended, ["Tcp", "File"])
    })
  )

  it.effect("refuses kinds that are absent or did not open, and says why", () =>
    Effect.gen(function* () {
      const { probing, resultsOf } = yield* open

      probing.start(1, ping)
      probing.start(2, dns)
      yield* turn
      yield* turn

      assert.deepStrictEqual(resultsOf().flat(), [
        [1, { _tag: "Refused", reason: SocketError.fromErrno("epoll", 24).message }],
        [2, { _tag: "Refused", reason: "there are no Dns probes here" }]
      ])
    })
  )

  it.effect("ends all with its scope, and hands nothing on any more", () =>
    Effect.gen(function* () {
      const { ended, resultsOf } = yield* Effect.scoped(
        Effect.tap(open, ({ probing, told }) =>
          Effect.sync(() => {
            probing.start(1, tcp)
            probing.start(2, tcp)
            told[0]?.(passed)
          })
        )
      )
      yield* turn

      assert.deepStrictEqual(ended, ["Tcp"])
      assert.deepStrictEqual(resultsOf(), [])
    })
  )
})
