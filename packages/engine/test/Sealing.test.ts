/** What an advert shows for where it comes from: what is written, and what is judged. */
import { assert, describe, it } from "@effect/vitest"
import * as Sealing from "@holdfast/engine/Sealing"
import type { Authentication, HmacKey } from "@holdfast/vrrp/Parameters"
import type { IpAddress, Ipv4Address } from "@holdfast/wire/Address"
import * as Advertisement from "@holdfast/wire/Advertisement"
import * as AuthenticationHeader from "@holdfast/wire/AuthenticationHeader"
import * as HmacTrailer from "@holdfast/wire/HmacTrailer"
import type { Micros } from "@holdfast/wire/Instant"
import * as Ipv4 from "@holdfast/wire/Ipv4"
import * as Result from "effect/Result"

const source = "192.0.2.1" as Ipv4Address
const group = Ipv4.groupVrrp
const seconds = 1_700_000_000
const clockMicros = (): number => seconds * 1_000_000

const header: Authentication = { _tag: "Header", key: "6b6579" }
const keys: readonly [HmacKey, HmacKey] = [
  { id: 1, secret: "00".repeat(32) },
  { id: 2, secret: "11".repeat(32) }
]
const hmac = (options: Partial<Extract<Authentication, { _tag: "Hmac" }>> = {}): Authentication => ({
  _tag: "Hmac",
  keys,
  activeKeyId: 2,
  window: 5_000_000 as Micros,
  antiReplay: "Clock",
  mode: "Enforce",
  ...options
})

const advert = (authentication?: Authentication, destination: IpAddress = group) => ({
  source,
  destination,
  payload: Advertisement.encode(
    {
      version: 2,
      vrid: 51,
      priority: 100,
      advertIntervalMicros: 1_000_000,
      ...Sealing.fieldsOf(authentication),
      addresses: []
    },
    { source, destination }
  )
})

type Outgoing = ReturnType<ReturnType<Sealing.Sealer["next"]>>

const sequenceOf = ({ payload }: Outgoing): number =>
  Result.getOrThrow(AuthenticationHeader.decode(payload)).sequence

/** An advert as it arrives, with its IPv4 header where it was sealed with one. */
const arrived = ({ identification, ...sent }: Outgoing) => ({
  ...sent,
  hopLimit: 255,
  ...(identification === undefined
    ? {}
    : {
        header: Ipv4.encode(
          AuthenticationHeader.packetOf(
            { source, destination: sent.destination as Ipv4Address, identification },
            sent.payload
          )
        ).subarray(0, Ipv4.headerLengthMin)
      })
})

describe("Sealing: authentication headers", () => {
  it("who has the key believes them, who has another does not, and who has none cannot say", () => {
    const seal = Sealing.make(clockMicros).next(header, undefined)
    const received = arrived(seal(advert(header)))
    const verdictOf = (authentication: Authentication | undefined) =>
      Sealing.inspect(received, authentication, clockMicros)

    const sequence = seconds + 1
    assert.deepStrictEqual(verdictOf(header), { _tag: "Header", sequence, verdict: "Valid" })
    assert.deepStrictEqual(verdictOf({ ...header, key: "6f74686572" }), {
      _tag: "Header",
      sequence,
      verdict: "Invalid"
    })
    for (const other of [undefined, hmac(), { _tag: "Password", password: "6b6579" }] as const)
      assert.deepStrictEqual(verdictOf(other), { _tag: "Header", sequence, verdict: "Unkeyed" })
  })

  it("what is in the datagram is the advert behind the header; what is no such header is nothing", () => {
    const plain = advert(header)
    const received = arrived(Sealing.make(clockMicros).next(header, undefined)(plain))

    assert.deepStrictEqual(Sealing.messageOf(received)?.slice(), plain.payload)
    assert.deepStrictEqual(Sealing.messageOf(arrived(plain)), plain.payload)
    const short = { ...received, payload: received.payload.subarray(0, 23) }
    assert.isUndefined(Sealing.messageOf(short))
    assert.deepStrictEqual(Sealing.inspect(short, header, clockMicros), {
      _tag: "Header",
      sequence: 0,
      verdict: "Malformed"
    })
  })

  it("numbers begin with the time, rise by one an advert, and are the same for all its places", () => {
    const sealer = Sealing.make(clockMicros)
    const first = sealer.next(header, undefined)
    const places = ["192.0.2.2", "192.0.2.3"].map((peer) => first(advert(header, peer as IpAddress)))

    assert.deepStrictEqual(places.map(sequenceOf), [seconds + 1, seconds + 1])
    assert.strictEqual(sequenceOf(sealer.next(header, undefined)(advert(header))), seconds + 2)
  })

  it("who takes over continues above the highest that was believed, and begins anew behind the last number", () => {
    const sealer = Sealing.make(clockMicros)
    const next = (heardMax: bigint | undefined) => sequenceOf(sealer.next(header, heardMax)(advert(header)))

    assert.strictEqual(next(BigInt(seconds + 500)), seconds + 501)
    assert.strictEqual(next(BigInt(seconds)), seconds + 502)
    assert.strictEqual(next(0xffff_ffffn), 1)
  })

  it("the identification is never 0 and covered", () => {
    for (const heardMax of [0xffffn * 30_000n - 2n, 0xffffn * 30_000n - 1n, 0x1_0000n * 30_000n - 1n]) {
      const sealed = Sealing.make(clockMicros).next(header, heardMax)(advert(header))
      assert.isTrue((sealed.identification ?? 0) >= 1 && (sealed.identification ?? 0) <= 0xffff)
      assert.deepInclude(Sealing.inspect(arrived(sealed), header, clockMicros), { verdict: "Valid" })
    }
  })
})

describe("Sealing: trailers", () => {
  const proofOf = (sealed: Outgoing, authentication: Authentication | undefined = hmac()) =>
    Sealing.inspect(arrived(sealed), authentication, clockMicros)

  it("adverts are signed with the active key and believed by any key of ours", () => {
    const sealed = Sealing.make(clockMicros).next(hmac(), undefined)(advert())
    const proof = proofOf(sealed)

    assert.deepInclude(proof, { _tag: "Trailer", keyId: 2, verdict: "Valid", ageMicros: 0 })
    assert.deepInclude(proofOf(sealed, hmac({ keys: [keys[0]] })), { verdict: "UnknownKey" })
    assert.deepInclude(
      proofOf(Sealing.make(clockMicros).next(hmac({ activeKeyId: 1 }), undefined)(advert())),
      {
        keyId: 1,
        verdict: "Valid"
      }
    )
  })

  it("who asks for none takes a trailer for padding; who only receives writes none", () => {
    const plain = advert()
    assert.isUndefined(proofOf(Sealing.make(clockMicros).next(hmac(), undefined)(plain), header))
    assert.strictEqual(Sealing.make(clockMicros).next(hmac({ mode: "ReceiveOnly" }), undefined)(plain), plain)
    assert.notStrictEqual(
      Sealing.make(clockMicros).next(hmac({ mode: "Permissive" }), undefined)(plain),
      plain
    )
    assert.isUndefined(proofOf(plain))
  })

  /** The numbers of two adverts, between which the clock is set back. */
  const across = (back: number, antiReplay: "Clock" | "Monotonic") => {
    let now = clockMicros()
    const sealer = Sealing.make(() => now)
    const sequence = () => {
      const sealed = sealer.next(hmac({ antiReplay }), undefined)(advert())
      return Result.getOrThrow(HmacTrailer.decode(sealed.payload, "Ipv4")).sequence
    }
    const first = sequence()
    now -= back
    return { first, second: sequence(), now }
  }

  it("numbers rise while the clock stands or is set back a little", () => {
    for (const back of [0, 1_000_000]) {
      const { first, second } = across(back, "Clock")
      assert.strictEqual(second, first + 1n)
    }
  })

  it("they follow a clock that is set back further than others believe, where others look at it", () => {
    const clock = across(60_000_000, "Clock")
    assert.strictEqual(clock.second, HmacTrailer.sequenceAt(clock.now))
    const monotonic = across(60_000_000, "Monotonic")
    assert.strictEqual(monotonic.second, monotonic.first + 1n)
  })
})

describe("Sealing: fields of version 2", () => {
  it("a password is filled up to eight bytes; a header has its type; a trailer has none", () => {
    assert.deepStrictEqual(Sealing.fieldsOf({ _tag: "Password", password: "6b6579" }), {
      authenticationType: 1,
      authenticationData: "6b65790000000000"
    })
    assert.deepStrictEqual(Sealing.fieldsOf(header), { authenticationType: 2 })
    assert.deepStrictEqual(Sealing.fieldsOf(hmac()), { authenticationType: 0 })
    assert.deepStrictEqual(Sealing.fieldsOf(undefined), { authenticationType: 0 })
  })
})
