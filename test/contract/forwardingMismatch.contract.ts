/**
 * What a plane finds that differs from what was set, and what it makes of that.
 */
import type { Destination } from "@holdfast/balancer/Service"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import {
  additionOf,
  apply,
  assertTable,
  dns,
  type RunPlane,
  serviceOf,
  tagsOf,
  web
} from "./ForwardingPlaneHarness.ts"

export const mismatchContract = (run: RunPlane) => {
  it.live("sees what somebody else made", () =>
    run(({ open }) =>
      Effect.gen(function* () {
        const plane = yield* open
        const other = yield* open

        yield* apply(other, additionOf(dns))
        yield* apply(plane, additionOf(web))

        yield* assertTable(plane, web, dns)
        yield* assertTable(other, web, dns)
      })
    )
  )

  it.live("refuses every edit of a service that somebody else removed, as a mismatch", () =>
    run(({ open }) =>
      Effect.gen(function* () {
        const plane = yield* open
        const other = yield* open
        const [destination] = [...web.destinations.values()] as [Destination]
        yield* apply(plane, additionOf(web))
        yield* apply(other, [{ _tag: "RemoveService", service: web }])

        const refusals = yield* plane.apply([
          { _tag: "ChangeService", service: web },
          { _tag: "AddDestination", service: web, destination },
          { _tag: "ChangeDestination", service: web, destination },
          { _tag: "RemoveDestination", service: web, destination },
          { _tag: "RemoveService", service: web }
        ])

        assert.deepStrictEqual(tagsOf(refusals), [
          ["ChangeService", true],
          ["AddDestination", true],
          ["ChangeDestination", true],
          ["RemoveDestination", true],
          ["RemoveService", true]
        ])
        for (const { edit } of refusals) assert.strictEqual(edit.service.key, web.key)
        yield* assertTable(plane)
      })
    )
  )

  it.live("refuses to add what is there already, as a mismatch, and goes on with the rest", () =>
    run(({ open }) =>
      Effect.gen(function* () {
        const plane = yield* open
        const other = yield* open
        yield* apply(other, additionOf(web))

        const refusals = yield* plane.apply([web, dns].flatMap(additionOf))

        assert.deepStrictEqual(tagsOf(refusals), [
          ["AddService", true],
          ["AddDestination", true],
          ["AddDestination", true]
        ])
        yield* assertTable(plane, web, dns)
      })
    )
  )

  it.live("refuses edits of a server that somebody else removed, as a mismatch", () =>
    run(({ open }) =>
      Effect.gen(function* () {
        const plane = yield* open
        const other = yield* open
        const [first, second] = [...web.destinations.values()] as [Destination, Destination]
        const one = serviceOf(web.address, [first])
        yield* apply(plane, additionOf(web))
        yield* apply(other, [{ _tag: "RemoveDestination", service: one, destination: second }])

        const refusals = yield* plane.apply([
          { _tag: "ChangeDestination", service: web, destination: second },
          { _tag: "RemoveDestination", service: one, destination: second }
        ])

        assert.deepStrictEqual(tagsOf(refusals), [
          ["ChangeDestination", true],
          ["RemoveDestination", true]
        ])
        yield* assertTable(plane, one)
      })
    )
  )

  it.live("flushes everything, whoever made it", () =>
    run(({ open }) =>
      Effect.gen(function* () {
        const plane = yield* open
        const other = yield* open
        yield* apply(other, additionOf(dns))
        yield* apply(plane, additionOf(web))

        yield* plane.flush

        yield* assertTable(plane)
        yield* assertTable(other)
      })
    )
  )
}
