/**
 * Rules of the routing policy as the kernel is asked for them, and whether it has them. Pure.
 *
 * @since 0.1.0
 */
import * as Rule from "@holdfast/netlink/Rule"
import type { Prefix } from "@holdfast/vrrp/VirtualRoute"
import type { VirtualRule } from "@holdfast/vrrp/VirtualRule"

/**
 * Identifies a rule: two lines with the same key are one rule.
 *
 * @category getters
 * @since 0.1.0
 */
export const keyOf = (rule: VirtualRule): string => JSON.stringify(newRule(rule))

/**
 * Returns the rule as the kernel is asked for it.
 *
 * @category conversions
 * @since 0.1.0
 */
export const newRule = (rule: VirtualRule): Rule.Rule => ({
  family: rule.family,
  action: Rule.RuleAction[actionNames[rule.action._tag]],
  table: rule.action._tag === "Table" ? rule.action.table : 0,
  target: rule.action._tag === "Goto" ? rule.action.priority : undefined,
  priority: rule.priority,
  from: selected(rule.from),
  to: selected(rule.to),
  inputInterface: rule.inputInterface,
  outputInterface: rule.outputInterface,
  mark: rule.mark,
  typeOfService: rule.typeOfService ?? 0,
  ipProtocol: rule.ipProtocol,
  sourcePorts: rule.sourcePorts,
  destinationPorts: rule.destinationPorts,
  users: rule.users,
  tunnelId: rule.tunnelId,
  realms: rule.realms,
  suppressPrefixLength: rule.suppressPrefixLength,
  suppressInterfaceGroup: rule.suppressInterfaceGroup,
  layer3Master: rule.layer3Master,
  inverted: rule.inverted,
  protocol: rule.protocol
})

/**
 * Whether the kernel's rule is the one that is asked for. A rule without priority is found whatever the kernel gave it.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isSame = (rule: VirtualRule, present: Rule.Rule): boolean => {
  const wanted = newRule(rule)
  const priority = wanted.priority === undefined ? undefined : present.priority
  return canonical(wanted) === canonical({ ...present, priority })
}

/** @category conversions @since 0.1.0 */
export const describe = ({ from, priority, to }: VirtualRule): string =>
  [
    "rule",
    `from ${from === undefined ? "all" : `${from.address}/${from.length}`}`,
    ...(to === undefined ? [] : [`to ${to.address}/${to.length}`]),
    ...(priority === undefined ? [] : [`priority ${priority}`])
  ].join(" ")

/** What is given, in one order. */
const canonical = (rule: Rule.Rule): string =>
  JSON.stringify(rule, (_, value: unknown) =>
    typeof value === "object" && value !== null
      ? Object.fromEntries(Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1)))
      : value
  )

/** A prefix of no bits selects everything. */
const selected = (prefix: Prefix | undefined): Prefix | undefined =>
  prefix === undefined || prefix.length === 0 ? undefined : prefix

const actionNames = {
  Table: "table",
  Goto: "goto",
  Nop: "nop",
  Blackhole: "blackhole",
  Unreachable: "unreachable",
  Prohibit: "prohibit"
} as const
