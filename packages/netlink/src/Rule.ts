/**
 * Rules of the routing policy in rtnetlink, of both families: what the kernel says of them, and requests to add and
 * delete them.
 *
 * @see ip-rule(8); include/uapi/linux/fib_rules.h of Linux
 * @since 0.1.0
 */
import type * as Address from "@holdfast/wire/Address"
import * as Attribute from "./Attribute.ts"
import * as Codec from "./Codec.ts"
import * as Message from "./Message.ts"
import type { Query, Request } from "./Request.ts"
import type { Prefix } from "./Route.ts"

/**
 * A rule. What is absent is not looked at.
 *
 * - `action`: a number of `RuleAction`.
 * - `table`: for `RuleAction.table`; zero for others.
 * - `target`: the priority of the rule that `RuleAction.goto` goes on at.
 * - `priority`: the kernel gives one to a new rule without; then it is one less than the least but zero.
 * - `protocol`: who made it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rule {
  readonly family: Address.Family
  readonly action: number
  readonly table: number
  readonly target?: number | undefined
  readonly priority?: number | undefined
  readonly from?: Prefix | undefined
  readonly to?: Prefix | undefined
  readonly inputInterface?: string | undefined
  readonly outputInterface?: string | undefined
  readonly mark?: { readonly value: number; readonly mask: number } | undefined
  readonly typeOfService: number
  readonly ipProtocol?: number | undefined
  readonly sourcePorts?: Range | undefined
  readonly destinationPorts?: Range | undefined
  readonly users?: Range | undefined
  readonly tunnelId?: number | undefined
  readonly realms?: number | undefined
  readonly suppressPrefixLength?: number | undefined
  readonly suppressInterfaceGroup?: number | undefined
  readonly layer3Master: boolean
  readonly inverted: boolean
  readonly protocol: number
}

/**
 * Numbers in a row.
 *
 * @category models
 * @since 0.1.0
 */
export interface Range {
  readonly first: number
  readonly last: number
}

/**
 * What becomes of a packet (FR_ACT_…).
 *
 * @category constants
 * @since 0.1.0
 */
export const RuleAction = {
  table: 1,
  goto: 2,
  nop: 3,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8
} as const

/** Messages of rules (linux/rtnetlink.h). @category constants @since 0.1.0 */
export const RTM_NEWRULE = 32
export const RTM_DELRULE = 33
const RTM_GETRULE = 34

/** Groups of socket memberships that get rules. @category constants @since 0.1.0 */
export const RTNLGRP_IPV4_RULE = 8
export const RTNLGRP_IPV6_RULE = 19

/**
 * Decodes a rule of RTM_NEWRULE or RTM_DELRULE; `undefined` for other families.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (message: Message.Message): Rule | undefined => {
  if (message.type !== RTM_NEWRULE && message.type !== RTM_DELRULE) return undefined
  const decoded = body.decode(message.payload)
  const family = families.find((name) => numberOf[name] === decoded?.header.family)
  if (decoded === undefined || family === undefined) return undefined
  const { header, attributes } = decoded
  const { FRA_FWMARK: value = 0, FRA_FWMASK: mask = 0 } = attributes
  return {
    family,
    action: header.action,
    // The header has room for the first 256 tables only.
    table: attributes.FRA_TABLE ?? header.table,
    target: attributes.FRA_GOTO,
    priority: attributes.FRA_PRIORITY ?? 0,
    from: attributes.FRA_SRC && { address: attributes.FRA_SRC, length: header.sourceLength },
    to: attributes.FRA_DST && { address: attributes.FRA_DST, length: header.destinationLength },
    inputInterface: attributes.FRA_IIFNAME,
    outputInterface: attributes.FRA_OIFNAME,
    mark: mask === 0 ? undefined : { value, mask },
    typeOfService: header.tos,
    ipProtocol: attributes.FRA_IP_PROTO,
    sourcePorts: rangeOf(attributes.FRA_SPORT_RANGE),
    destinationPorts: rangeOf(attributes.FRA_DPORT_RANGE),
    users: rangeOf(attributes.FRA_UID_RANGE),
    tunnelId: attributes.FRA_TUN_ID === undefined ? undefined : Number(attributes.FRA_TUN_ID),
    realms: attributes.FRA_FLOW,
    suppressPrefixLength: suppressed(attributes.FRA_SUPPRESS_PREFIXLEN),
    suppressInterfaceGroup: suppressed(attributes.FRA_SUPPRESS_IFGROUP),
    layer3Master: attributes.FRA_L3MDEV === 1,
    inverted: (header.flags & FIB_RULE_INVERT) !== 0,
    protocol: attributes.FRA_PROTOCOL ?? 0
  }
}

/**
 * Asks for all rules of a family, by rising priority.
 *
 * @category requests
 * @since 0.1.0
 */
export const list = (family: Address.Family): Query<Rule> => ({
  operation: "rule-list",
  subject: family === "Ipv4" ? "of IPv4" : "of IPv6",
  type: RTM_GETRULE,
  flags: Message.NLM_F_DUMP,
  payload: body.encode({ family: numberOf[family] }, {}),
  decode
})

/**
 * Adds a rule; fails with `AlreadyExists` when there is one of this priority that is the same.
 *
 * @category requests
 * @since 0.1.0
 */
export const add = (rule: Rule): Request =>
  request("rule-add", RTM_NEWRULE, rule, Message.NLM_F_CREATE | Message.NLM_F_EXCL)

/**
 * Deletes the first rule that has all that is given; fails with `NotFound` when there is none.
 *
 * @category requests
 * @since 0.1.0
 */
export const remove = (rule: Rule): Request => request("rule-delete", RTM_DELRULE, rule, 0)

const request = (operation: string, type: number, rule: Rule, flags: number): Request => ({
  operation,
  subject: `${rule.from?.address ?? "all"}${rule.priority === undefined ? "" : ` of priority ${rule.priority}`}`,
  type,
  flags,
  payload: body.encode(
    {
      family: numberOf[rule.family],
      destinationLength: rule.to?.length ?? 0,
      sourceLength: rule.from?.length ?? 0,
      tos: rule.typeOfService,
      action: rule.action,
      flags: rule.inverted ? FIB_RULE_INVERT : 0
    },
    attributesOf(rule)
  )
})

const attributesOf = (rule: Rule): Attribute.Values<typeof table> => ({
  FRA_DST: rule.to?.length === 0 ? undefined : rule.to?.address,
  FRA_SRC: rule.from?.length === 0 ? undefined : rule.from?.address,
  FRA_IIFNAME: rule.inputInterface,
  FRA_GOTO: rule.target,
  FRA_PRIORITY: rule.priority,
  FRA_FWMARK: rule.mark?.value,
  FRA_FLOW: rule.realms,
  FRA_TUN_ID: rule.tunnelId === undefined ? undefined : BigInt(rule.tunnelId),
  FRA_SUPPRESS_IFGROUP: rule.suppressInterfaceGroup,
  FRA_SUPPRESS_PREFIXLEN: rule.suppressPrefixLength,
  FRA_TABLE: rule.table === 0 ? undefined : rule.table,
  FRA_FWMASK: rule.mark?.mask,
  FRA_OIFNAME: rule.outputInterface,
  FRA_L3MDEV: rule.layer3Master ? 1 : undefined,
  FRA_UID_RANGE: rule.users,
  FRA_PROTOCOL: rule.protocol,
  FRA_IP_PROTO: rule.ipProtocol,
  FRA_SPORT_RANGE: rule.sourcePorts,
  FRA_DPORT_RANGE: rule.destinationPorts
})

const rangeOf = (range: Partial<Range> | undefined): Range | undefined =>
  range && { first: range.first ?? 0, last: range.last ?? 0 }

/** The kernel says "none" by all bits. */
const suppressed = (value: number | undefined): number | undefined =>
  value === 0xffff_ffff ? undefined : value

/** `struct fib_rule_hdr`. */
const header = Codec.struct({
  family: Codec.u8,
  destinationLength: Codec.u8,
  sourceLength: Codec.u8,
  tos: Codec.u8,
  table: Codec.u8,
  reserved1: Codec.u8,
  reserved2: Codec.u8,
  action: Codec.u8,
  flags: Codec.u32
})

const userRange = Codec.struct({ first: Codec.u32, last: Codec.u32 })
const portRange = Codec.struct({ first: Codec.u16, last: Codec.u16 })

/** `enum` of FRA_…. */
const table = {
  FRA_DST: [1, Codec.ip],
  FRA_SRC: [2, Codec.ip],
  FRA_IIFNAME: [3, Codec.string],
  FRA_GOTO: [4, Codec.u32],
  FRA_PRIORITY: [6, Codec.u32],
  FRA_FWMARK: [10, Codec.u32],
  FRA_FLOW: [11, Codec.u32],
  FRA_TUN_ID: [12, Codec.be64],
  FRA_SUPPRESS_IFGROUP: [13, Codec.u32],
  FRA_SUPPRESS_PREFIXLEN: [14, Codec.u32],
  FRA_TABLE: [15, Codec.u32],
  FRA_FWMASK: [16, Codec.u32],
  FRA_OIFNAME: [17, Codec.string],
  FRA_L3MDEV: [19, Codec.u8],
  FRA_UID_RANGE: [20, userRange],
  FRA_PROTOCOL: [21, Codec.u8],
  FRA_IP_PROTO: [22, Codec.u8],
  FRA_SPORT_RANGE: [23, portRange],
  FRA_DPORT_RANGE: [24, portRange]
} as const

const body = Attribute.body(header, table)

const numberOf = { Ipv4: 2, Ipv6: 10 } as const
const families = ["Ipv4", "Ipv6"] as const
const FIB_RULE_INVERT = 2
