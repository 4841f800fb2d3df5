/**
 * Engines in trouble that a seed picks, in virtual time: after everything is healed one of them is Master, and it alone
 * has the address. The reducers have their thousand seeds in `seeds.test.ts`; these are for the shell around them.
 */
import * as Random from "@holdfast/simulation/Random"
import type { SimulatedHost } from "@holdfast/simulation/SimulatedHost"
import * as VirtualLan from "@holdfast/simulation/VirtualLan"
import type { Instant } from "@holdfast/wire/Instant"
import type { Parameters } from "@holdfast/vrrp/Parameters"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { address, makeDirector, makeNetwork, parameters, run, vip } from "./Rig.ts"

const seeds = Array.from({ length: 25 }, (_, index) => index + 1)
const names = ["r1", "r2", "r3"] as const
const troublesPerSeed = 25

/** Does one thing that an administrator, a cable or another program does. */
const trouble = (
  random: Random.Random,
  lan: Pick<VirtualLan.VirtualLan<unknown>, "partition" | "clog" | "heal">,
  {
    host,
    apply
  }: {
    readonly host: SimulatedHost
    readonly apply: (wanted: ReadonlyArray<Parameters>) => Effect.Effect<unknown>
  }
): Effect.Effect<unknown> => {
  const port = host.portOf("eth0")
  const { kernel } = host
  const own = `192.0.2.${host.name.slice(1)}/24`
  const change = parameters({
    priority: random.pick([50, 100, 150, 255]),
    preempt: random.chance(0.7),
    addresses: random.pick([[address("192.0.2.100")], [address("192.0.2.100"), address("192.0.2.101")]])
  })
  return random.pick<() => Effect.Effect<unknown>>([
    () => Effect.sync(() => kernel.setUp("eth0", false)),
    () => Effect.sync(() => kernel.setUp("eth0", true)),
    () => Effect.sync(() => kernel.deleteLink("eth0")),
    () => Effect.sync(() => kernel.addLink({ name: "eth0", addresses: [own] })),
    () => Effect.sync(() => kernel.deleteAddress("eth0", vip)),
    () => Effect.sync(() => lan.partition([[port]])),
    () => Effect.sync(() => lan.clog(port, (host.network.world.now() + 3_000_000) as Instant)),
    () => Effect.sync(() => lan.heal()),
    () => Effect.sync(() => void (host.addressDelayMicros = random.pick([0, 1_000, 4_000_000]))),
    () => apply([change]),
    () => apply([])
  ])()
}

const runSeed = Effect.fnUntraced(function* (seed: number) {
  const random = Random.make(seed)
  const { network, lan, sent } = yield* makeNetwork()
  const directors = yield* Effect.forEach(names, (name) => makeDirector(network, name))
  for (const { engine } of directors) yield* engine.apply([parameters({ priority: 100 })])
  lan.setConditions({
    ...VirtualLan.calm,
    jitterMicros: 2_000,
    lossRate: random.pick([0, 0.1]),
    duplicationRate: 0.1
  })
  for (let count = 0; count < troublesPerSeed; count++) {
    const director = directors[random.integer(0, names.length - 1)]
    if (director === undefined) continue
    yield* trouble(random, lan, { host: director.host, apply: director.engine.apply })
    yield* run(random.pick([0, 0.0005, 1, 3.6, 5]))
  }

  lan.heal()
  lan.setConditions(VirtualLan.calm)
  for (const [index, { engine, host }] of directors.entries()) {
    host.addressDelayMicros = 0
    host.kernel.addLink({ name: "eth0", addresses: [`192.0.2.${index + 1}/24`] })
    yield* engine.apply([parameters({ priority: 100 + index })])
  }
  yield* run(20)
  const roles = yield* Effect.forEach(directors, ({ role }) => role())
  return { sent, roles, holders: directors.map(({ host }) => host.kernel.holds(vip)) }
})

describe("Engine: seeds", () => {
  it.effect.each(seeds)("seed %i: after everything is healed the highest priority has the address", (seed) =>
    Effect.gen(function* () {
      const { holders, roles } = yield* runSeed(seed)

      assert.deepStrictEqual(roles, ["Backup", "Backup", "Master"])
      assert.deepStrictEqual(holders, [false, false, true])
    })
  )

  it.effect("the same seed puts the same frames on the wire at the same times", () =>
    Effect.gen(function* () {
      const first = yield* Effect.scoped(runSeed(1))
      const second = yield* Effect.scoped(runSeed(1))

      assert.isAbove(first.sent.length, 100)
      const start = (sent: typeof first.sent) =>
        sent.map(({ at, port, what }) => `${at - (sent[0]?.at ?? 0)} ${port} ${what}`)
      assert.deepStrictEqual(start(first.sent), start(second.sent))
    })
  )
})
