/**
 * How long a new Master of a thousand addresses needs to own and announce them all: from its first advert or
 * announcement to the last gratuitous ARP of the first burst, five for each address.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Daemon from "../lab/Daemon.ts"
import type * as Frame from "../lab/Frame.ts"
import * as Topology from "../lab/Topology.ts"
import type { Contenders } from "./Contender.ts"
import * as Figure from "./Figure.ts"
import * as Pairing from "./Pairing.ts"
import * as Recording from "./Recording.ts"
import * as Routers from "./Routers.ts"

/**
 * @category measurements
 * @since 0.1.0
 */
export const measure = (contenders: Contenders) =>
  Effect.map(Pairing.inTurn(roundCount, contenders, announced), (rounds) => [
    Figure.make(
      {
        name: "1000 addresses announced",
        unit: "ms",
        runs: `${roundCount} bursts of ${addressCount * repeatCount}`,
        reach: { _tag: "TimesKeepalived", factor: 0.7 }
      },
      rounds
    )
  ])

const announced = (program: Daemon.Program): Effect.Effect<number, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const topology = yield* Topology.make
    const recording = yield* Recording.start(topology.LD1, Routers.networkInterface)
    yield* Daemon.start(topology.LD1, program, Routers.withAddresses("LD1", addressCount, priority))
    yield* Effect.sleep(announcedMillis)
    const frames = yield* recording.finish
    const first = frames.find((frame) => frame.kind === "Advert" || isAnnouncement(frame))
    const announcements = frames.filter(isAnnouncement)
    const last = announcements.at(-1)
    const addresses = new Set(announcements.map((frame) => frame.sender)).size
    if (first === undefined || last === undefined || announcements.length !== addressCount * repeatCount) {
      throw new Error(`${program.name} sent ${announcements.length} announcements of ${addresses} addresses`)
    }
    return (last.atMicros - first.atMicros) / 1000
  })

const isAnnouncement = (frame: Frame.Frame): frame is Frame.Arp => frame.kind === "Arp" && frame.gratuitous

const roundCount = 5
const addressCount = 1000
// keepalived's `garp_master_repeat`.
const repeatCount = 5
// Not an owner: the Master begins after three seconds, past the work of the start.
const priority = 200
// Three intervals, the skew and the burst, with room; the second burst comes five seconds after the first.
const announcedMillis = 5_000
