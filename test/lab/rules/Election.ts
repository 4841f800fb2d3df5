/**
 * What two virtual routers on one Ethernet owe each other, whichever programs they are of: the higher priority is
 * elected, the other one takes over when it falls silent or leaves, and yields when it comes back.
 *
 * Judged by the wire, by the kernel, and by what each program says of the other one.
 *
 * @since 0.1.0
 */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type * as Child from "../Child.ts"
import * as Configuration from "../Configuration.ts"
import * as Frame from "../Frame.ts"
import type * as Journal from "../Journal.ts"
import * as Segment from "../Segment.ts"
import { assertWithin } from "./Takeover.ts"

/**
 * What a running program says of its virtual router and its neighbour.
 *
 * @category models
 * @since 0.1.0
 */
export interface View {
  readonly role: string
  /** Adverts that it refused, and why. */
  readonly complaints: ReadonlyArray<string>
  /** Where it has the virtual addresses, as the kernel says. */
  readonly owns: boolean
}

/**
 * A program that runs a virtual router.
 *
 * @category models
 * @since 0.1.0
 */
export interface Playing {
  /** Ends it without a last word. */
  readonly crash: Effect.Effect<unknown>
  /** Asks it to stop, and waits for its end. */
  readonly leave: Effect.Effect<Child.Exit>
  readonly view: Effect.Effect<View, Child.CommandFailed>
}

/**
 * A program that can be started in a director, with that director's priority.
 *
 * @category models
 * @since 0.1.0
 */
export interface Player {
  /** How many of its first adverts as Master are lost. */
  readonly lostCount: number
  readonly start: (
    segment: Segment.Segment,
    director: Configuration.Director
  ) => Effect.Effect<Playing, Child.CommandFailed | Journal.NeverCame, Scope.Scope>
}

/**
 * What the adverts and the announcements of both are to be.
 *
 * @category models
 * @since 0.1.0
 */
export interface Expected {
  readonly version: 2 | 3
  readonly advertMicros: number
  /** In the order of the adverts. */
  readonly addresses: ReadonlyArray<string>
  /** Whether the checksum covers the addresses of the packet, too. */
  readonly sumsAddresses: boolean
  readonly hasAuthenticationHeader: boolean
  readonly hopLimits: ReadonlyArray<number>
  readonly ends: (from: Configuration.Director) => {
    readonly source: string
    readonly destination: string
    readonly sourceMac: string
    /** That the addresses are announced with. */
    readonly mac: string
  }
}

/**
 * The program of each director; LD1 has the higher priority.
 *
 * @category models
 * @since 0.1.0
 */
export type Players = Readonly<Record<Configuration.Director, Player>>

/**
 * LD1 is elected; killed, it is replaced; back, it takes over; asked to stop, it is replaced at once.
 *
 * @category rules
 * @since 0.1.0
 */
export const takeTurns = (players: Players, expected: Expected) =>
  Effect.gen(function* () {
    const segment = yield* Segment.make
    const { frames } = segment
    const LD2 = yield* players.LD2.start(segment, "LD2")
    const first = yield* players.LD1.start(segment, "LD1")
    yield* assertMaster(segment, "LD1", 0, expected)
    yield* assertViews(first, LD2)

    let mark = frames.entries.length
    yield* first.crash
    const silent = yield* assertMaster(segment, "LD2", mark, expected)
    const last = frames.entries.slice(0, frames.entries.indexOf(silent)).findLast(advertOf("LD1"))
    const down = silent.atMicros - (last?.atMicros ?? 0)
    const late = margin(expected) + players.LD2.lostCount * expected.advertMicros
    assertWithin(down, masterDownMicros(expected), masterDownMicros(expected) + late, "silence")

    mark = frames.entries.length
    const second = yield* players.LD1.start(segment, "LD1")
    const back = yield* assertMaster(segment, "LD1", mark, expected)
    const beside = frames.entries.slice(frames.entries.indexOf(back)).filter(advertOf("LD2"))
    assert.isAtMost(beside.length, 1, "adverts of LD2 beside its successor")
    yield* assertViews(second, LD2)

    mark = frames.entries.length
    const leaving = yield* Effect.forkChild(second.leave)
    const source = expected.ends("LD1").source
    const zero = yield* frames.waitFor("priority 0", Frame.advertOf(source, 0), { from: mark })
    const taken = yield* assertMaster(segment, "LD2", mark, expected)
    const skew = taken.atMicros - zero.atMicros
    assertWithin(skew, skewMicros(expected), skewMicros(expected) + late, "from priority 0")
    assert.deepStrictEqual(yield* Fiber.join(leaving), { code: 0, signal: null })
    yield* becomes(LD2, { role: "Master", complaints: [], owns: true })
    yield* becomes(second, { role: "", complaints: [], owns: false })
    return { downMicros: down, skewMicros: skew }
  })

/** Waits for a Master's adverts and announcements, and returns its first advert. */
const assertMaster = (
  { frames }: Segment.Segment,
  director: Configuration.Director,
  from: number,
  expected: Expected
) =>
  Effect.gen(function* () {
    const adverts = yield* frames.waitForCount(2, `advert of ${director}`, advertOf(director), { from })
    const ends = expected.ends(director)
    for (const advert of adverts) {
      assert.include(expected.hopLimits, advert.ttl)
      assert.deepInclude(advert, {
        version: expected.version,
        checksumsRight: true,
        sumsAddresses: expected.sumsAddresses,
        hasAuthenticationHeader: expected.hasAuthenticationHeader,
        addresses: expected.addresses,
        source: ends.source,
        destination: ends.destination,
        sourceMac: ends.sourceMac
      })
    }
    for (const address of expected.addresses) {
      const announced = Frame.announcementOf(address, ends.mac)
      const announcement = yield* frames.waitFor(`announcement of ${address} by ${ends.mac}`, announced, {
        from
      })
      if (announcement.kind === "NeighbourAdvert") {
        // RFC 9568 6.4.1: to all nodes, and overriding what they know.
        assert.deepInclude(announcement, { destination: "ff02::1", isOverride: true })
      }
    }
    return adverts[0] as Frame.Advert
  })

const advertOf =
  (director: Configuration.Director) =>
  (frame: Frame.Frame): frame is Frame.Advert =>
    frame.kind === "Advert" && frame.priority === Configuration.priority[director]

const assertViews = (LD1: Playing, LD2: Playing) =>
  Effect.all(
    [
      becomes(LD1, { role: "Master", complaints: [], owns: true }),
      becomes(LD2, { role: "Backup", complaints: [], owns: false })
    ],
    { concurrency: "unbounded" }
  )

/** Looks until a program says what is expected of it. */
const becomes = (playing: Playing, expected: View) =>
  Effect.gen(function* () {
    const last = yield* playing.view.pipe(
      Effect.repeat({
        until: (view) => JSON.stringify(view) === JSON.stringify(expected),
        schedule: Schedule.spaced(lookMillis),
        times: looks
      })
    )
    assert.deepStrictEqual(last, expected)
  })

/** RFC 9568 6.1; of version 2, RFC 3768 6.1, where an interval is a second. FRR and keepalived cut to centiseconds. */
const skewMicros = ({ version, advertMicros }: Expected): number => {
  const unit = version === 2 ? 1_000_000 : advertMicros
  const micros = ((256 - Configuration.priority.LD2) * unit) / 256
  return Math.floor(micros / 10_000) * 10_000
}

const masterDownMicros = (expected: Expected): number => 3 * expected.advertMicros + skewMicros(expected)

/** How late a takeover may be on a busy machine, and yet tell priority 0 from silence. */
const margin = ({ advertMicros }: Expected): number => Math.min(400_000, 2 * advertMicros)
const lookMillis = 25
const looks = 120
