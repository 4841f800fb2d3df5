import * as Effect from "effect/Effect"
import { assert, describe, it } from "@effect/vitest"
import * as RouterOptions from "holdfast/RouterOptions"

const options: RouterOptions.RouterOptions = {
  name: "web",
  interface: "eth0",
  vrid: 51,
  addresses: ["192.0.2.10/24"]
}

const decode = (changes: Partial<RouterOptions.RouterOptions> = {}) =>
  RouterOptions.decode({ ...options, ...changes })

describe("RouterOptions: what is not said", () => {
  it.effect("is what keepalived takes", () =>
    Effect.gen(function* () {
      const { addresses, ...parameters } = yield* decode()

      assert.deepStrictEqual<unknown>(parameters, {
        name: "web",
        interface: "eth0",
        vrid: 51,
        priority: 100,
        advertInterval: 1_000_000,
        preempt: true,
        preemptDelay: 0,
        transport: { _tag: "Multicast", group: "224.0.0.18" },
        announcement: {
          repeatCount: 5,
          delay: 5_000_000,
          refreshInterval: 0,
          refreshRepeatCount: 1,
          lowerPriorityDelay: 5_000_000,
          lowerPriorityRepeatCount: 5
        },
        answerLowerPriority: true,
        answerHigherPriority: false,
        skipRepeatedAddressCheck: false,
        checkUnicastSource: false,
        trackPrimary: true
      })
      const usual = { interface: "eth0", scope: 0, advertised: true, tracked: true }
      assert.deepStrictEqual<unknown>(addresses, [{ ...usual, address: "192.0.2.10", prefixLength: 24 }])
    })
  )
})

describe("RouterOptions: what is said", () => {
  it.effect("stands in the parameters", () =>
    Effect.gen(function* () {
      const parameters = yield* decode({
        priority: 255,
        addresses: ["192.0.2.10", { address: "198.51.100.10/0", interface: "eth1" }],
        advertInterval: "255 seconds",
        preempt: false,
        preemptDelay: "1.5 seconds",
        unicastPeers: ["192.0.2.2", "192.0.2.3"],
        sourceAddress: "192.0.2.1"
      })

      assert.deepInclude(parameters, {
        priority: 255,
        advertInterval: 255_000_000,
        preempt: false,
        preemptDelay: 1_500_000,
        transport: { _tag: "Unicast", peers: ["192.0.2.2", "192.0.2.3"] },
        sourceAddress: "192.0.2.1"
      } as object)
      assert.deepStrictEqual(
        parameters.addresses.map((entry) => `${entry.address}/${entry.prefixLength} ${entry.interface}`),
        ["192.0.2.10/32 eth0", "198.51.100.10/0 eth1"]
      )
    })
  )
})

describe("RouterOptions: what is out of bounds is refused, and the message names it", () => {
  const interval = "advertInterval is whole seconds, 1 to 255 (VRRP version 2)"
  const delay = "preemptDelay is 0 to 1000 seconds"
  const refused: ReadonlyArray<readonly [Partial<RouterOptions.RouterOptions>, string]> = [
    [{ vrid: 0 }, `between 1 and 255   at ["vrid"]`],
    [{ vrid: 256 }, `between 1 and 255   at ["vrid"]`],
    [{ vrid: 1.5 }, `integer   at ["vrid"]`],
    [{ priority: 0 }, `between 1 and 255   at ["priority"]`],
    [{ priority: 256 }, `between 1 and 255   at ["priority"]`],
    [{ interface: "a device" }, `at ["interface"]`],
    [{ interface: "sixteencharacter" }, `at ["interface"]`],
    [{ addresses: [] }, "addresses names no address to hold"],
    [{ addresses: ["fe80::1"] }, `IPv4 address such as 192.0.2.1   at ["addresses"][0]["address"]`],
    [{ addresses: ["192.0.2.10/33"] }, `between 0 and 32   at ["addresses"][0]["prefixLength"]`],
    [{ addresses: ["192.0.2.10/"] }, `at ["addresses"][0]["address"]`],
    [{ addresses: ["192.0.2.10/24/24"] }, `at ["addresses"][0]["address"]`],
    [{ advertInterval: 0 }, interval],
    [{ advertInterval: "1500 millis" }, interval],
    [{ advertInterval: "256 seconds" }, interval],
    [{ advertInterval: "soon" as "1 second" }, interval],
    [{ preemptDelay: "-1 seconds" }, delay],
    [{ preemptDelay: "1001 seconds" }, delay],
    [{ preemptDelay: "infinity" as "1 second" }, delay],
    [{ unicastPeers: [] }, "unicastPeers names no peer"],
    [{ unicastPeers: ["peer"] }, `IPv4 address such as 192.0.2.1   at ["transport"]["peers"][0]`],
    [{ sourceAddress: "0" }, `IPv4 address such as 192.0.2.1   at ["sourceAddress"]`]
  ]
  for (const [changes, message] of refused)
    it.effect(JSON.stringify(changes), () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(decode(changes))

        assert.strictEqual(error.router, "web")
        assert.match(error.message, /^web: /)
        assert.include(error.message, message)
      })
    )
})
