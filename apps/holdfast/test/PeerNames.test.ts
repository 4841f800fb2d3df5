/** Unicast peers by name: what is asked, what is believed, and when. */
import { assert, describe, it } from "@effect/vitest"
import { defaults, type InterfaceName, type Parameters, type Vrid } from "@holdfast/vrrp/Parameters"
import type { IpAddress } from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import * as PeerNames from "../src/PeerNames.ts"

/** A router with one peer by address and one by name. */
const router = (options: Partial<Parameters> = {}): Parameters => ({
  ...defaults,
  name: "web",
  interface: "eth0" as InterfaceName,
  vrid: 51 as Vrid,
  addresses: [],
  sourceAddress: "192.0.2.1" as IpAddress,
  transport: {
    _tag: "Unicast",
    peers: [{ address: "192.0.2.9" as IpAddress }],
    names: ["peer.example"],
    hopLimit: 255
  },
  ...options
})

/** A resolver that answers what `answers` has, and what was asked and reported. */
const make = () => {
  const answers = new Map<string, ReadonlyArray<string> | "never">()
  const asked: Array<string> = []
  const failures: Array<string> = []
  const names = PeerNames.make(
    (name, reason) => failures.push(`${name}: ${reason}`),
    (name, family) => {
      asked.push(`${family} ${name}`)
      const answer = answers.get(name)
      if (answer === "never") return new Promise(() => {})
      return answer === undefined ? Promise.reject(new Error("not found")) : Promise.resolve(answer)
    }
  )
  const peers = (of = router()): ReadonlyArray<string> =>
    names
      .fillIn([of])
      .flatMap(({ transport }) =>
        transport._tag === "Unicast" ? transport.peers.map(({ address }) => address) : []
      )
  return { answers, asked, failures, names, peers }
}

/** Lets promises of the resolver arrive. */
const settle = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

describe("PeerNames", () => {
  it.effect("the addresses of a name join those of the file, each once and never our own", () =>
    Effect.gen(function* () {
      const { answers, names, peers } = make()
      answers.set("peer.example", ["192.0.2.9", "192.0.2.3", "192.0.2.1", "192.0.2.2"])

      yield* names.resolve([router()])

      assert.deepStrictEqual(peers(), ["192.0.2.9", "192.0.2.2", "192.0.2.3"])
    })
  )

  it.effect("a name is asked for the family of its router, once for all routers of it", () =>
    Effect.gen(function* () {
      const { answers, asked, names, peers } = make()
      answers.set("peer.example", ["2001:db8::2"])
      const six = router({ family: "Ipv6" })

      yield* names.resolve([router(), router({ name: "other" }), six])

      assert.deepStrictEqual(asked, ["Ipv4 peer.example", "Ipv6 peer.example"])
      assert.include(peers(six), "2001:db8::2")
    })
  )

  it.effect(
    "a name that cannot be resolved is told once, keeps what it had, and is told anew after a success",
    () =>
      Effect.gen(function* () {
        const { answers, failures, names, peers } = make()
        const all = [router()]
        answers.set("peer.example", ["192.0.2.2"])
        yield* names.resolve(all)
        answers.delete("peer.example")
        yield* names.resolve(all)
        yield* names.resolve(all)

        assert.deepStrictEqual(failures, ["peer.example: not found"])
        assert.deepStrictEqual(peers(), ["192.0.2.9", "192.0.2.2"])
        answers.set("peer.example", ["192.0.2.2"])
        yield* names.resolve(all)
        answers.delete("peer.example")
        yield* names.resolve(all)
        assert.lengthOf(failures, 2)
      })
  )

  it.effect("a changed record is followed within half a minute, and told only when it is another", () =>
    Effect.gen(function* () {
      const { answers, names, peers } = make()
      answers.set("peer.example", ["192.0.2.2", "192.0.2.3"])
      yield* names.resolve([router()])
      const changes: Array<ReadonlyArray<string>> = []
      yield* Effect.forkChild(
        names.follow(
          () => [router()],
          Effect.sync(() => void changes.push(peers()))
        )
      )
      // The same in another order is no change.
      answers.set("peer.example", ["192.0.2.3", "192.0.2.2"])
      yield* TestClock.adjust("31 seconds")
      yield* settle
      assert.deepStrictEqual(changes, [])

      answers.set("peer.example", ["192.0.2.4"])
      yield* TestClock.adjust("31 seconds")
      yield* settle
      assert.deepStrictEqual(changes, [["192.0.2.9", "192.0.2.4"]])
    })
  )

  it.effect("a resolver that does not answer is waited for for a second, and asked again at once", () =>
    Effect.gen(function* () {
      const { answers, asked, names, peers } = make()
      answers.set("peer.example", "never")
      const waiting = yield* Effect.forkChild(names.resolve([router()]))
      yield* TestClock.adjust("1 second")
      assert.isDefined(waiting.pollUnsafe())
      assert.deepStrictEqual(peers(), ["192.0.2.9"])

      answers.set("peer.example", ["192.0.2.2"])
      yield* Effect.forkChild(names.follow(() => [router()], Effect.void))
      yield* TestClock.adjust(0)
      yield* settle

      assert.lengthOf(asked, 2)
      assert.deepStrictEqual(peers(), ["192.0.2.9", "192.0.2.2"])
    })
  )
})
