/**
 * A line of `virtual_rules` or `static_rules`, in the words of `ip rule add`: what packets it is about, and what becomes of
 * them.
 *
 * @see docs/reference/configuration.md
 * @since 0.1.0
 */
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { RuleAction, VirtualRule } from "@holdfast/vrrp/VirtualRule"
import type * as Address from "@holdfast/wire/Address"
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import * as LineOptions from "./LineOptions.ts"
import * as PrefixWord from "./PrefixWord.ts"
import * as RoutingName from "./RoutingName.ts"
import type { Span } from "./Span.ts"
import type { Statement } from "./SyntaxTree.ts"
import * as Value from "./Value.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface RuleLine {
  readonly span: Span
  readonly rule: VirtualRule
}

/**
 * Reads a line.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = (statement: Statement, report: Report): RuleLine | undefined => {
  const { span } = statement.keyword
  if (statement.block !== undefined)
    report.error(statement.block.open, "a rule takes no block", "remove the block")
  const said: Said = {}
  const words = LineOptions.cursor([statement.keyword, ...statement.arguments])
  if (!LineOptions.read(said, words, options, "a rule", report)) return undefined
  const family = PrefixWord.familyOf([said.from, said.to], said.family, report)
  const action = actionOf(said, span, report)
  if (family === undefined || action === undefined) return undefined
  if (said.priority === undefined) {
    const remedy = "write preference NUMBER: rules are gone through by rising preference"
    report.warning(span, "the rule has no preference, and the kernel gives it one", remedy)
  }
  return { span, rule: ruleOf(said, action, family) }
}

type Range = NonNullable<VirtualRule["users"]>

interface Said {
  family?: Address.Family
  action?: RuleAction
  priority?: number
  from?: PrefixWord.PrefixWord
  to?: PrefixWord.PrefixWord
  inputInterface?: InterfaceName
  outputInterface?: InterfaceName
  mark?: NonNullable<VirtualRule["mark"]>
  typeOfService?: number
  ipProtocol?: number
  sourcePorts?: Range
  destinationPorts?: Range
  users?: Range
  tunnelId?: number
  realms?: number
  suppressPrefixLength?: number
  suppressInterfaceGroup?: number
  layer3Master?: boolean
  inverted?: boolean
  protocol?: number
  tracked?: boolean
}

/** A rule for a layer 3 master device looks up that device's own table. */
const actionOf = (said: Said, span: Span, report: Report): RuleAction | undefined => {
  if (said.layer3Master === true) {
    if (said.action === undefined) return { _tag: "Table", table: 0 }
    report.error(span, "a rule has l3mdev or an action, not both", "remove one of them")
    return undefined
  }
  if (said.action === undefined)
    report.error(span, "the rule says nothing of what becomes of packets", "add table NUMBER")
  return said.action
}

const ruleOf = (said: Said, action: RuleAction, family: Address.Family): VirtualRule => {
  const { family: _family, from, layer3Master, protocol, to, tracked, inverted, ...rest } = said
  return {
    ...rest,
    family,
    action,
    ...(from === undefined || isAll(from) ? {} : { from: PrefixWord.inFamily(from, family) }),
    ...(to === undefined || isAll(to) ? {} : { to: PrefixWord.inFamily(to, family) }),
    layer3Master: layer3Master ?? false,
    inverted: inverted ?? false,
    protocol: protocol ?? RoutingName.protocolOurs,
    tracked: tracked ?? true
  }
}

/** All addresses are what a rule is about anyway. */
const isAll = ({ length }: PrefixWord.PrefixWord): boolean => length === 0

/** Says what becomes of packets, once. */
const acts = (said: Said, action: RuleAction, report: Report, option: Word): boolean => {
  if (said.action !== undefined)
    report.error(option.span, "the rule says twice what becomes of packets", "write one action a rule")
  const first = said.action === undefined
  said.action = action
  return first
}

const act =
  (action: RuleAction): LineOptions.Option<Said> =>
  (said, _cursor, report, option) =>
    acts(said, action, report, option)

const actWith =
  (value: Value.Value<number>, action: (value: number) => RuleAction): LineOptions.Option<Said> =>
  (said, cursor, report, option) => {
    const holder: { value?: number } = {}
    const sound = LineOptions.valued("value", value)(holder, cursor, report, option)
    return sound && holder.value !== undefined && acts(said, action(holder.value), report, option)
  }

/** `type` and the name of an action. */
const typed: LineOptions.Option<Said> = (said, cursor, report, option) => {
  const holder: { value?: keyof typeof actions } = {}
  const value = Value.oneOf("blackhole", "unreachable", "prohibit", "nop")
  if (!LineOptions.valued("value", value)(holder, cursor, report, option)) return false
  return holder.value !== undefined && acts(said, actions[holder.value], report, option)
}

const actions = {
  blackhole: { _tag: "Blackhole" },
  unreachable: { _tag: "Unreachable" },
  prohibit: { _tag: "Prohibit" },
  nop: { _tag: "Nop" }
} as const satisfies Record<string, RuleAction>

/** Reads `FIRST-LAST`, or one number for both. */
const range =
  (maximum: number): Value.Value<Range> =>
  (word, report) => {
    const [from = "", to = from] = word.text.split("-")
    const bound = Value.integer({ minimum: 0, maximum })
    const first = bound({ ...word, text: from }, report)
    const last = first === undefined ? undefined : bound({ ...word, text: to }, report)
    if (first === undefined || last === undefined) return undefined
    if (first <= last && word.text.split("-").length < 3) return { first, last }
    report.error(word.span, `${word.text} is no range`, "write FIRST-LAST, such as 1000-1999")
    return undefined
  }

/** Reads `MARK[/MASK]`, each decimal or hexadecimal. */
const mark: Value.Value<NonNullable<VirtualRule["mark"]>> = (word, report) => {
  const [text = "", maskText] = word.text.split("/")
  const value = RoutingName.unsigned({ ...word, text }, report)
  const mask = maskText === undefined ? markMax : RoutingName.unsigned({ ...word, text: maskText }, report)
  return value === undefined || mask === undefined ? undefined : { value, mask }
}

/** The kernel has no table 0 for rules. */
const table: Value.Value<number> = (word, report) => {
  const value = RoutingName.table(word, report)
  if (value !== 0) return value
  report.error(word.span, "a rule looks up no table 0", "write the number of a table, such as main")
  return undefined
}

const markMax = 0xffff_ffff
const unsignedMax = 0xffff_ffff
const portMax = 65_535

const lookup = actWith(table, (number) => ({ _tag: "Table", table: number }))
const preference = LineOptions.valued<"priority", number>("priority", RoutingName.unsigned)
const input = LineOptions.valued<"inputInterface", InterfaceName>("inputInterface", Value.interfaceName)
const service = LineOptions.valued<"typeOfService", number>("typeOfService", RoutingName.typeOfService)
const tunnel = LineOptions.valued<"tunnelId", number>("tunnelId", RoutingName.unsigned)
const realms = LineOptions.valued<"realms", number>("realms", RoutingName.realms)
const prefixLength = LineOptions.valued<"suppressPrefixLength", number>(
  "suppressPrefixLength",
  Value.integer({ minimum: 0, maximum: 128 })
)
const ipProtocol = LineOptions.valued<"ipProtocol", number>("ipProtocol", RoutingName.ipProtocol)

const options = LineOptions.make<Said>({
  inet: LineOptions.fixed<"family", Address.Family>("family", "Ipv4"),
  inet6: LineOptions.fixed<"family", Address.Family>("family", "Ipv6"),
  from: LineOptions.valued("from", PrefixWord.prefix),
  to: LineOptions.valued("to", PrefixWord.prefix),
  table: lookup,
  lookup,
  goto: actWith(RoutingName.unsigned, (priority) => ({ _tag: "Goto", priority })),
  nop: act(actions.nop),
  blackhole: act(actions.blackhole),
  unreachable: act(actions.unreachable),
  prohibit: act(actions.prohibit),
  type: typed,
  preference,
  priority: preference,
  order: preference,
  iif: input,
  dev: input,
  oif: LineOptions.valued("outputInterface", Value.interfaceName),
  fwmark: LineOptions.valued("mark", mark),
  tos: service,
  dsfield: service,
  ipproto: ipProtocol,
  // As the manual spells it.
  ip_proto: ipProtocol,
  sport: LineOptions.valued("sourcePorts", range(portMax)),
  dport: LineOptions.valued("destinationPorts", range(portMax)),
  uidrange: LineOptions.valued("users", range(unsignedMax)),
  "tunnel-id": tunnel,
  tunnel_id: tunnel,
  realms,
  realm: realms,
  suppress_prefixlength: prefixLength,
  sup_pl: prefixLength,
  suppress_ifgroup: LineOptions.valued("suppressInterfaceGroup", RoutingName.unsigned),
  sup_group: LineOptions.valued("suppressInterfaceGroup", RoutingName.unsigned),
  l3mdev: LineOptions.fixed("layer3Master", true),
  not: LineOptions.fixed("inverted", true),
  protocol: LineOptions.valued("protocol", RoutingName.protocol),
  no_track: LineOptions.fixed("tracked", false),
  track_group: LineOptions.ignored(1, "a rule that somebody takes away is put back"),
  nat: LineOptions.refused(1, "the kernel has no rules of this kind")
})
