/**
 * The VRRP advertisement (RFC 3768 section 5; RFC 9568 section 5): bytes to value and back.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Ipv4Address } from "./Address.ts"

/**
 * A decoded advertisement. Version 3 joins as a second value of `version`.
 *
 * @category models
 * @since 0.1.0
 */
export const Advertisement = Schema.Struct({
  version: Schema.Literal(2),
  /** Virtual router identifier, 0 to 255 on the wire; 0 is never ours. */
  vrid: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })),
  /** 0 when a Master leaves; 255 from the owner of the addresses. */
  priority: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })),
  /** Between adverts in microseconds: whole seconds 0 to 255 in version 2. */
  advertIntervalMicros: Schema.Int,
  /** Authentication type of version 2: 0 none, 1 simple text password, 2 IP authentication header; others are carried as they are. */
  authenticationType: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })),
  addresses: Schema.Array(Ipv4Address)
})

/**
 * @category models
 * @since 0.1.0
 */
export type Advertisement = typeof Advertisement.Type

/**
 * Why bytes are no advertisement.
 *
 * @category models
 * @since 0.1.0
 */
export const MalformedReason = Schema.Literals(["Length", "Version", "Type", "Checksum"])

/**
 * @category models
 * @since 0.1.0
 */
export type MalformedReason = typeof MalformedReason.Type
