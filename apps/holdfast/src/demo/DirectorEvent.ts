/**
 * What the demo hears of a director's log: the events of its routers, and some of its balancer's.
 *
 * @since 0.1.0
 */
import type { BalancerEvent } from "@holdfast/engine/balancer/BalancerEvent"
import { EngineEvent } from "@holdfast/engine/EngineEvent"
import { Instant } from "@holdfast/wire/Instant"
import * as Schema from "effect/Schema"

const BalancerNews = Schema.TaggedUnion({
  PlaneOpened: { at: Instant },
  PlaneFailed: { at: Instant },
  EditsRefused: { at: Instant },
  BalancerApplied: { at: Instant },
  ServerChanged: {
    at: Instant,
    server: Schema.String,
    up: Schema.Boolean,
    occasion: Schema.Literals(["Initial", "Change", "Stop"])
  }
} satisfies { readonly [K in BalancerEvent["_tag"]]?: Schema.Struct.Fields })

/**
 * @category models
 * @since 0.1.0
 */
export type DirectorEvent = EngineEvent | typeof BalancerNews.Type

const Line = Schema.fromJsonString(
  Schema.Struct({ message: Schema.String, event: Schema.Union([EngineEvent, BalancerNews]) })
)

/**
 * Reads a line of a log in JSON. Lines without such an event, and what is no JSON, are none.
 *
 * @category conversions
 * @since 0.1.0
 */
export const decodeLine = Schema.decodeUnknownOption(Line)
