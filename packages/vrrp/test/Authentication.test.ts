import { assert, describe, it } from "@effect/vitest"
import * as AuthenticationState from "@holdfast/vrrp/Authentication"
import type { Authentication } from "@holdfast/vrrp/Parameters"
import {
  causesOf,
  type Datagram,
  type Driver,
  dropsOf,
  heard,
  higherAddress,
  lowerAddress,
  master,
  only,
  reconfigured,
  roleOf,
  running,
  second
} from "./Fixture.ts"
import { authentications, header, proofOf, trailer } from "./Proof.ts"

const { Header, Hmac, Password, Permissive } = authentications
const atBackup = (authentication?: Authentication): Driver =>
  running(authentication === undefined ? {} : { authentication })

/** What was dropped, and the reasons that the operator is told. */
const outcome = (
  router: Driver,
  datagram: Datagram
): readonly [ReadonlyArray<string>, ReadonlyArray<string>] => {
  const actions = router.step(heard(second, 200, datagram))
  const told = only(actions, "PublishMismatch").flatMap(({ mismatch }) =>
    mismatch._tag === "Authentication" ? [mismatch.reason] : []
  )
  return [dropsOf(actions), told]
}

const accepted = [[], []] as const
const refused = (reason: string) => [[reason], [reason]] as const

describe("PASS", () => {
  it("takes the password, filled up with zeros to eight bytes", () => {
    const router = atBackup({ _tag: "Password", password: "616263" })

    assert.deepStrictEqual(
      outcome(router, { authenticationType: 1, authenticationData: "6162630000000000" }),
      accepted
    )
  })

  it.each<[string, Datagram]>([
    ["another password", { authenticationType: 1, authenticationData: "6162630000000000" }],
    ["no password", { authenticationType: 1 }],
    ["no authentication", {}],
    ["an authentication header's type", { authenticationType: 2, authenticationData: "7365637265743132" }]
  ])("drops %s", (_, datagram) => {
    assert.deepStrictEqual(outcome(atBackup(Password), datagram), refused("AuthenticationMismatch"))
  })

  it("drops a type that there is not", () => {
    assert.deepStrictEqual(
      outcome(atBackup(Password), { authenticationType: 3 }),
      refused("AuthenticationTypeInvalid")
    )
  })

  it("is dropped where no password is configured", () => {
    assert.deepStrictEqual(outcome(atBackup(), proofOf(Password, 1n)), refused("AuthenticationMismatch"))
  })
})

describe("AH", () => {
  it("takes a valid header whose sequence number rises, each sender's its own", () => {
    const router = atBackup(Header)

    for (const sequence of [1n, 2n, 9n])
      assert.deepStrictEqual(outcome(router, proofOf(Header, sequence)), accepted)
    assert.deepStrictEqual(outcome(router, { ...proofOf(Header, 1n), source: lowerAddress }), accepted)
    assert.deepStrictEqual(router.state.marks, [
      { source: lowerAddress, sequence: 1n },
      { source: higherAddress, sequence: 9n }
    ])
  })

  it("tells the highest of all, above which our own have to be", () => {
    const router = atBackup(Header)
    assert.strictEqual(AuthenticationState.highestSequence(router.state), 0n)

    outcome(router, proofOf(Header, 9n))
    outcome(router, { ...proofOf(Header, 4n), source: lowerAddress })

    assert.strictEqual(AuthenticationState.highestSequence(router.state), 9n)
  })

  it.each([5n, 4n])("drops a sequence number that was passed, %s after 5", (sequence) => {
    const router = atBackup(Header)
    outcome(router, proofOf(Header, 5n))

    assert.deepStrictEqual(outcome(router, proofOf(Header, sequence)), refused("AuthenticationHeaderInvalid"))
  })

  it.each(["Invalid", "Malformed", "Unkeyed"] as const)("drops a header that is %s", (verdict) => {
    const router = atBackup(Header)

    const found = outcome(router, { authenticationType: 2, seal: header(1n, verdict) })

    assert.deepStrictEqual(found, refused("AuthenticationHeaderInvalid"))
    assert.isUndefined(router.state.marks, "and remembers nothing of it")
  })

  it("drops an advert without a header, before anything else is looked at", () => {
    assert.deepStrictEqual(
      outcome(atBackup(Header), { authenticationType: 2, hopLimit: 1 }),
      refused("AuthenticationHeaderMissing")
    )
  })

  it("drops a header that nobody asked for, before anything else is looked at", () => {
    assert.deepStrictEqual(
      outcome(atBackup(), { ...proofOf(Header, 1n), hopLimit: 1 }),
      refused("AuthenticationHeaderUnexpected")
    )
  })

  it("drops a valid header whose advert says another type", () => {
    assert.deepStrictEqual(
      outcome(atBackup(Header), { authenticationType: 0, seal: header(1n) }),
      refused("AuthenticationMismatch")
    )
  })
})

describe("auth_hmac", () => {
  it("takes valid trailers whose sequence numbers rise", () => {
    const router = atBackup(Hmac)

    for (const sequence of [1n, 2n, 1n << 60n])
      assert.deepStrictEqual(outcome(router, { seal: trailer(sequence) }), accepted)
  })

  it.each<[string, Datagram, string]>([
    ["nothing", {}, "HmacMissing"],
    [
      "a malformed trailer",
      { seal: trailer(1n, { verdict: "Malformed", ageMicros: 60 * second }) },
      "HmacMalformed"
    ],
    ["an old one", { seal: trailer(1n, { ageMicros: 5 * second + 1, verdict: "UnknownKey" }) }, "HmacStale"],
    ["one from the future", { seal: trailer(1n, { ageMicros: -5 * second - 1 }) }, "HmacStale"],
    ["an unknown key", { seal: trailer(1n, { verdict: "UnknownKey" }) }, "HmacKeyUnknown"],
    ["a wrong digest", { seal: trailer(1n, { verdict: "Invalid" }) }, "HmacInvalid"]
  ])("drops %s", (_, datagram, reason) => {
    const router = atBackup(Hmac)

    assert.deepStrictEqual(outcome(router, datagram), refused(reason))
    assert.isUndefined(router.state.marks, "and remembers nothing of it")
  })

  it("takes what is just within the window", () => {
    const router = atBackup(Hmac)

    assert.deepStrictEqual(outcome(router, { seal: trailer(1n, { ageMicros: 5 * second }) }), accepted)
    assert.deepStrictEqual(outcome(router, { seal: trailer(2n, { ageMicros: -5 * second }) }), accepted)
  })

  it("drops a replay, and what is older than the last", () => {
    const router = atBackup(Hmac)
    outcome(router, { seal: trailer(10n) })

    assert.deepStrictEqual(outcome(router, { seal: trailer(10n) }), refused("HmacReplayed"))
    assert.deepStrictEqual(outcome(router, { seal: trailer(9n) }), refused("HmacReplayed"))
    assert.deepStrictEqual(outcome(router, { seal: trailer(11n) }), accepted)
  })

  it("a replay dethrones nobody", () => {
    const router = master({ authentication: Hmac })
    router.step(heard(4.1 * second, 50, { seal: trailer(10n) }))

    const actions = router.step(heard(4.2 * second, 255, { seal: trailer(10n) }))

    assert.deepStrictEqual(causesOf(actions), [])
    assert.strictEqual(roleOf(router), "Master")
  })

  it("hears a sender again whose clock was set back by more than the window", () => {
    const ahead = atBackup(Hmac)
    const hour = 3600n << 32n
    outcome(ahead, { seal: trailer(hour + (10n << 32n)) })

    assert.deepStrictEqual(outcome(ahead, { seal: trailer(hour + (9n << 32n)) }), refused("HmacReplayed"))
    assert.deepStrictEqual(outcome(ahead, { seal: trailer(hour) }), accepted)
  })

  it("does not with anti_replay monotonic, which looks at no clock", () => {
    const router = atBackup({ ...Hmac, antiReplay: "Monotonic" })

    assert.deepStrictEqual(
      outcome(router, { seal: trailer(10n << 32n, { ageMicros: 3600 * second }) }),
      accepted
    )
    assert.deepStrictEqual(outcome(router, { seal: trailer(1n) }), refused("HmacReplayed"))
  })

  it("takes replays with anti_replay off", () => {
    const router = atBackup({ ...Hmac, antiReplay: "Off" })

    for (const sequence of [2n, 2n, 1n])
      assert.deepStrictEqual(
        outcome(router, { seal: trailer(sequence, { ageMicros: 60 * second }) }),
        accepted
      )
  })

  it.each(["Permissive", "ReceiveOnly"] as const)(
    "%s takes everything, and reports what would be dropped",
    (mode) => {
      const router = atBackup({ ...Permissive, mode })

      assert.deepStrictEqual(outcome(router, {}), [[], ["HmacMissing"]])
      assert.deepStrictEqual(outcome(router, { seal: trailer(1n, { verdict: "Invalid" }) }), [
        [],
        ["HmacInvalid"]
      ])
      assert.deepStrictEqual(outcome(router, { seal: trailer(1n) }), accepted)
      assert.deepStrictEqual(outcome(router, { seal: trailer(1n) }), [[], ["HmacReplayed"]])
    }
  )

  it("lets nothing lower what it remembers on the way to Enforce", () => {
    const router = atBackup(Permissive)
    outcome(router, { seal: trailer(10n) })

    outcome(router, { seal: trailer(2n) })

    assert.deepStrictEqual(outcome(router, { seal: trailer(9n) }), [[], ["HmacReplayed"]])
  })

  it("is looked at before the type of version 2", () => {
    assert.deepStrictEqual(outcome(atBackup(Hmac), { authenticationType: 1 }), refused("HmacMissing"))
    assert.deepStrictEqual(
      outcome(atBackup(Hmac), { authenticationType: 1, seal: trailer(1n) }),
      refused("AuthenticationMismatch")
    )
  })

  it("is padding where it is not configured", () => {
    assert.deepStrictEqual(outcome(atBackup(), { seal: trailer(1n, { verdict: "Unkeyed" }) }), accepted)
  })

  it("remembers sixteen senders, those heard last", () => {
    const router = atBackup(Hmac)

    for (let n = 0; n < 20; n++)
      outcome(router, { seal: trailer(1n), source: `10.0.0.${n}` as typeof higherAddress })

    assert.lengthOf(router.state.marks!, 16)
    assert.strictEqual(router.state.marks![0]!.source, "10.0.0.19")
  })
})

describe("a reload", () => {
  it("to another kind of authentication forgets the sequence numbers, to another key not", () => {
    const router = atBackup(Header)
    outcome(router, proofOf(Header, 100n))

    router.step(reconfigured(2 * second, { authentication: { ...Header, key: "00" } }))
    assert.lengthOf(router.state.marks!, 1)
    router.step(reconfigured(3 * second, { authentication: Hmac }))

    assert.isUndefined(router.state.marks)
  })
})
