/**
 * A routing rule that a Master holds (one line of `virtual_rules`), or that is there while the program runs
 * (`static_rules`).
 *
 * The words are those of `ip-rule(8)`; the numbers those of linux/fib_rules.h.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { InterfaceName } from "./InterfaceName.ts"
import { Prefix } from "./VirtualRoute.ts"

const Unsigned = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffff_ffff }))

const Range = Schema.Struct({ first: Unsigned, last: Unsigned })

/**
 * What becomes of a packet that the rule is about: it is looked up in a table, goes on at another rule (`goto`), goes on at
 * the next (`nop`), or is refused.
 *
 * @category models
 * @since 0.1.0
 */
export const RuleAction = Schema.TaggedUnion({
  Table: { table: Unsigned },
  Goto: { priority: Unsigned },
  Nop: {},
  Blackhole: {},
  Unreachable: {},
  Prohibit: {}
})

/**
 * @category models
 * @since 0.1.0
 */
export type RuleAction = typeof RuleAction.Type

/**
 * A rule. What is absent is not looked at.
 *
 * @category models
 * @since 0.1.0
 */
export const VirtualRule = Schema.Struct({
  family: Schema.Literals(["Ipv4", "Ipv6"]),
  action: RuleAction,
  /** Rules are gone through by rising priority; the kernel gives one when absent (`preference`, `priority`, `order`). */
  priority: Schema.optionalKey(Unsigned),
  from: Schema.optionalKey(Prefix),
  to: Schema.optionalKey(Prefix),
  inputInterface: Schema.optionalKey(InterfaceName),
  outputInterface: Schema.optionalKey(InterfaceName),
  mark: Schema.optionalKey(Schema.Struct({ value: Unsigned, mask: Unsigned })),
  typeOfService: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))),
  ipProtocol: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))),
  sourcePorts: Schema.optionalKey(Range),
  destinationPorts: Schema.optionalKey(Range),
  users: Schema.optionalKey(Range),
  tunnelId: Schema.optionalKey(Unsigned),
  realms: Schema.optionalKey(Unsigned),
  suppressPrefixLength: Schema.optionalKey(Unsigned),
  suppressInterfaceGroup: Schema.optionalKey(Unsigned),
  layer3Master: Schema.Boolean,
  /** Whether it is about all other packets (`not`). */
  inverted: Schema.Boolean,
  /** Who made it (`protocol`); 112 where the line names none. */
  protocol: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })),
  /** Whether the state of its devices counts for the router's health; false for `no_track`. */
  tracked: Schema.Boolean
})

/**
 * @category models
 * @since 0.1.0
 */
export type VirtualRule = typeof VirtualRule.Type
