/** Tables as large as operators have them. */
import type { Edit } from "@holdfast/balancer/ForwardingTable"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import {
  additionOf,
  endpoint,
  server,
  serviceOf,
  sorted,
  tableOf
} from "../contract/ForwardingPlaneHarness.ts"
import * as Laboratory from "./Laboratory.ts"

const servicesCount = 9_000
/**
 * About 50 ms are seen in User-Mode Linux, most of them for the garbage collector, which is slow there; without turns of
 * the event loop it is a second.
 */
const standMillisMax = 250

/** Of every service four, of every ninth one more: 37,000 in all. */
const serversOf = (index: number) =>
  Array.from({ length: index % 9 === 0 ? 5 : 4 }, (_, number) =>
    server(`10.1.${number}.${(index % 250) + 1}`, 8080, { weight: (index % 7) + 1 })
  )

const services = Array.from({ length: servicesCount }, (_, index) =>
  serviceOf(
    endpoint(
      "TCP",
      `10.${Math.floor(index / 62_500)}.${Math.floor(index / 250) % 250}.${(index % 250) + 1}`,
      80
    ),
    serversOf(index)
  )
)

/** Runs an effect, and returns its result with the longest time that the event loop stood still meanwhile. */
const watchingLoop = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    let stoodMillisMax = 0
    let last = performance.now()
    let isOver = false
    const look = (): void => {
      const now = performance.now()
      stoodMillisMax = Math.max(stoodMillisMax, now - last)
      last = now
      if (!isOver) setImmediate(look)
    }
    const start = performance.now()
    look()
    const result = yield* effect
    look()
    isOver = true
    return { result, stoodMillisMax, millis: performance.now() - start }
  })

describe("IPVS", () => {
  it.live(
    "writes, reads and removes 9,000 services with 37,000 servers, and never holds the event loop long",
    () =>
      Effect.gen(function* () {
        const plane = yield* (yield* Laboratory.make).open
        const additions = services.flatMap(additionOf)
        const removals = services.map((service): Edit => ({ _tag: "RemoveService", service }))

        const written = yield* watchingLoop(plane.apply(additions))
        const read = yield* watchingLoop(plane.read)
        const removed = yield* watchingLoop(plane.apply(removals))
        assert.deepStrictEqual([written.result, removed.result], [[], []])
        assert.deepStrictEqual(sorted(read.result), sorted(tableOf(...services)))
        assert.strictEqual(additions.length, 46_000)
        for (const { stoodMillisMax } of [written, read, removed])
          assert.isBelow(stoodMillisMax, standMillisMax)
      }).pipe(Effect.scoped),
    120_000
  )
})
