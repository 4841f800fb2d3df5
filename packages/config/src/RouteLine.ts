/**
 * A line of `virtual_routes` or `static_routes`, in the words of `ip route add`:
 * `[inet|inet6] [TYPE] [to] DESTINATION [via ADDRESS] [dev NAME] … [nexthop …]…`.
 *
 * **Details** a route is of IPv6 if one of its addresses is or it says `inet6`; else it is of IPv4. The older `gw` is `via`;
 * `or ADDRESS` is a second next hop.
 *
 * @see docs/reference/configuration.md
 * @since 0.1.0
 */
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { NextHop, VirtualRoute } from "@holdfast/vrrp/VirtualRoute"
import type * as Address from "@holdfast/wire/Address"
import type { Micros } from "@holdfast/wire/Instant"
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import * as LineOptions from "./LineOptions.ts"
import * as PrefixWord from "./PrefixWord.ts"
import * as RouteMetricOptions from "./RouteMetricOptions.ts"
import * as RoutingName from "./RoutingName.ts"
import type { Span } from "./Span.ts"
import type { Statement } from "./SyntaxTree.ts"
import * as Value from "./Value.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface RouteLine {
  readonly span: Span
  readonly route: VirtualRoute
}

/**
 * Reads a line.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = (statement: Statement, report: Report): RouteLine | undefined => {
  const { span } = statement.keyword
  if (statement.block !== undefined)
    report.error(statement.block.open, "a route takes no block", "remove the block")
  const said: Said = { hops: [], alternatives: [] }
  const words = LineOptions.cursor([statement.keyword, ...statement.arguments])
  const sound = LineOptions.read(said, words, options, "a route", report, (word) =>
    destinationOf(said, word, report)
  )
  if (!sound) return undefined
  const { destination } = said
  if (destination === undefined) {
    report.error(span, "the route has no destination", "write an address, a prefix, or default")
    return undefined
  }
  const family = PrefixWord.familyOf(addressesOf(said), said.family, report)
  if (family === undefined || !agrees(said, family, span, report)) return undefined
  return { span, route: routeOf(said, destination, family) }
}

interface Said extends Hop, RouteMetricOptions.Said {
  family?: Address.Family
  type?: VirtualRoute["type"]
  destination?: PrefixWord.PrefixWord
  from?: PrefixWord.PrefixWord
  source?: PrefixWord.AddressWord
  hops: Array<Hop>
  /** Further routers by the same device (`or`). */
  alternatives: Array<PrefixWord.AddressWord>
  table?: number
  metric?: number
  typeOfService?: number
  scope?: number
  protocol?: number
  preference?: { readonly value: "low" | "medium" | "high"; readonly span: Span }
  order?: "prepend"
  realms?: { readonly value: number; readonly span: Span }
  expires?: { readonly value: Micros; readonly span: Span }
  tracked?: boolean
}

interface Hop {
  via?: PrefixWord.AddressWord
  interface?: InterfaceName
  weight?: number
  onlink?: boolean
}

/** A word that is no option is the destination, once. */
const destinationOf = (said: Said, word: Word, report: Report): boolean | undefined => {
  if (said.destination !== undefined || !/^[0-9a-fA-F.:]+(\/|$)|^(default|all|any)$/.test(word.text))
    return undefined
  const prefix = PrefixWord.prefix(word, report)
  if (prefix !== undefined) said.destination = prefix
  return prefix !== undefined
}

const addressesOf = (
  said: Said
): ReadonlyArray<PrefixWord.PrefixWord | PrefixWord.AddressWord | undefined> => [
  said.destination,
  said.from,
  said.source,
  said.via,
  ...said.alternatives,
  ...said.hops.map(({ via }) => via)
]

/** What a route cannot say together. */
const agrees = (said: Said, family: Address.Family, span: Span, report: Report): boolean => {
  const other =
    family === "Ipv4"
      ? { from: said.from, pref: said.preference, expires: said.expires }
      : { realms: said.realms }
  const version = family === "Ipv4" ? "IPv4" : "IPv6"
  let sound = true
  for (const [option, word] of Object.entries(other)) {
    if (word === undefined) continue
    report.error(word.span, `a route of ${version} has no ${option}`, `remove ${option}`)
    sound = false
  }
  if (!hasHop(said) && said.hops.length === 0 && !goesNowhere.has(said.type ?? "unicast")) {
    report.error(span, "the route goes nowhere", "add via ADDRESS or dev NAME")
    sound = false
  }
  const hop = said.via ?? said.hops.find(({ via }) => via !== undefined)?.via
  if (hop !== undefined && said.type !== undefined && goesNowhere.has(said.type)) {
    report.error(hop.span, `a route of type ${said.type} goes nowhere, and so by no router`, "remove via")
    sound = false
  }
  if (said.hops.length > 0 && said.via !== undefined) {
    report.error(said.via.span, "a route has via or nexthop, not both", "write each way as a nexthop")
    sound = false
  }
  return sound
}

const routeOf = (said: Said, destination: PrefixWord.PrefixWord, family: Address.Family): VirtualRoute => {
  const alternatives = said.alternatives.map((via): Hop => ({ ...hopOf(said), via }))
  const hops = said.hops.length > 0 ? said.hops : hasHop(said) ? [said, ...alternatives] : []
  const metrics = RouteMetricOptions.metricsOf(said)
  return {
    family,
    type: said.type ?? "unicast",
    destination: PrefixWord.inFamily(destination, family),
    ...(said.from === undefined ? {} : { from: PrefixWord.inFamily(said.from, family) }),
    ...(said.source === undefined ? {} : { source: said.source.address }),
    nextHops: hops.map(nextHopOf),
    table: said.table === undefined || said.table === 0 ? RoutingName.tableMain : said.table,
    ...(said.metric === undefined ? {} : { metric: said.metric }),
    ...(said.typeOfService === undefined ? {} : { typeOfService: said.typeOfService }),
    ...(said.scope === undefined ? {} : { scope: said.scope }),
    protocol: said.protocol ?? RoutingName.protocolOurs,
    ...(said.preference === undefined ? {} : { preference: said.preference.value }),
    ...(said.realms === undefined ? {} : { realms: said.realms.value }),
    ...(said.expires === undefined ? {} : { expires: said.expires.value }),
    ...(metrics === undefined ? {} : { metrics }),
    tracked: said.tracked ?? true
  }
}

const hopOf = ({ interface: device, onlink }: Hop): Hop => ({
  ...(device === undefined ? {} : { interface: device }),
  ...(onlink === undefined ? {} : { onlink })
})

const hasHop = ({ interface: device, via }: Hop): boolean => via !== undefined || device !== undefined

const nextHopOf = ({ interface: device, onlink, via, weight }: Hop): NextHop => ({
  ...(via === undefined ? {} : { via: via.address }),
  ...(device === undefined ? {} : { interface: device }),
  ...(weight === undefined ? {} : { weight }),
  onlink: onlink ?? false
})

const located =
  <A>(value: Value.Value<A>): Value.Value<{ readonly value: A; readonly span: Span }> =>
  (word, report) => {
    const read = value(word, report)
    return read === undefined ? undefined : { value: read, span: word.span }
  }

/** `nexthop` and what belongs to it, up to the next one. */
const nextHop: LineOptions.Option<Said> = (said, cursor, report, option) => {
  const hop: Hop = {}
  let sound = true
  for (let next = cursor.peek(); next !== undefined && hopOptions.has(next.text); next = cursor.peek()) {
    const word = cursor.take()!
    sound = hopOptions.get(word.text)!(hop, cursor, report, word) && sound
  }
  if (sound && !hasHop(hop)) {
    report.error(option.span, "the nexthop goes nowhere", "write via ADDRESS or dev NAME after it")
    return false
  }
  said.hops.push(hop)
  return sound
}

const alternative: LineOptions.Option<Said> = (said, cursor, report, option) => {
  report.warning(
    option.span,
    "or is the older form of a second nexthop",
    "write nexthop via A … nexthop via B …"
  )
  const hop: Hop = {}
  if (!LineOptions.valued("via", PrefixWord.address)(hop, cursor, report, option)) return false
  if (hop.via !== undefined) said.alternatives.push(hop.via)
  return true
}

/** The older word for `via`. */
const gateway: LineOptions.Option<Said> = (said, cursor, report, option) => {
  report.warning(option.span, "gw is the older word for via", "write via")
  return LineOptions.valued("via", PrefixWord.address)(said, cursor, report, option)
}

const hopOptions = LineOptions.make<Hop>({
  via: LineOptions.valued("via", PrefixWord.address),
  dev: LineOptions.valued("interface", Value.interfaceName),
  oif: LineOptions.valued("interface", Value.interfaceName),
  weight: LineOptions.valued("weight", Value.integer({ minimum: 1, maximum: 256 })),
  onlink: LineOptions.fixed("onlink", true)
})

type RouteType = VirtualRoute["type"]

const types: ReadonlyArray<RouteType> = [
  "unicast",
  "local",
  "broadcast",
  "multicast",
  "blackhole",
  "unreachable",
  "prohibit",
  "throw"
]

const goesNowhere: ReadonlySet<RouteType> = new Set(["blackhole", "unreachable", "prohibit", "throw"])

const preferenceOf = located(Value.oneOf("low", "medium", "high"))
const expiry = located(Value.seconds({ minimum: 1, maximum: 0xffff_ffff }))
const metric = LineOptions.valued<"metric", number>("metric", RoutingName.unsigned)

const options = LineOptions.make<Said>({
  ...RouteMetricOptions.options,
  ...Object.fromEntries(types.map((type) => [type, LineOptions.fixed<"type", RouteType>("type", type)])),
  inet: LineOptions.fixed<"family", Address.Family>("family", "Ipv4"),
  inet6: LineOptions.fixed<"family", Address.Family>("family", "Ipv6"),
  to: LineOptions.valued("destination", PrefixWord.prefix),
  from: LineOptions.valued("from", PrefixWord.prefix),
  src: LineOptions.valued("source", PrefixWord.address),
  via: LineOptions.valued("via", PrefixWord.address),
  gw: gateway,
  or: alternative,
  dev: LineOptions.valued("interface", Value.interfaceName),
  oif: LineOptions.valued("interface", Value.interfaceName),
  onlink: LineOptions.fixed("onlink", true),
  nexthop: nextHop,
  table: LineOptions.valued("table", RoutingName.table),
  metric,
  priority: metric,
  preference: metric,
  tos: LineOptions.valued("typeOfService", RoutingName.typeOfService),
  dsfield: LineOptions.valued("typeOfService", RoutingName.typeOfService),
  scope: LineOptions.valued("scope", RoutingName.scope),
  protocol: LineOptions.valued("protocol", RoutingName.protocol),
  pref: LineOptions.valued("preference", preferenceOf),
  realms: LineOptions.valued("realms", located(RoutingName.realms)),
  realm: LineOptions.valued("realms", located(RoutingName.realms)),
  expires: LineOptions.valued("expires", expiry),
  no_track: LineOptions.fixed("tracked", false),
  track_group: LineOptions.ignored(1, "a route that somebody takes away is put back"),
  // What the kernel does without a word: an equal route stands behind ours.
  prepend: LineOptions.fixed("order", "prepend"),
  add: LineOptions.ignored(0, "an equal route of somebody else stays, too"),
  append: LineOptions.refused(0, "give the route a higher metric"),
  encap: LineOptions.refusedWithRest("remove the route, or have another program make it"),
  as: LineOptions.refusedWithRest("remove the route, or have another program make it"),
  "ttl-propagate": LineOptions.refused(1, "remove it"),
  fastopen_no_cookie: LineOptions.refused(1, "remove it"),
  vrf: LineOptions.refused(1, "write table and the number of its table"),
  anycast: LineOptions.refused(0, "the kernel makes routes of this kind itself"),
  nat: LineOptions.refused(0, "the kernel has no routes of this kind"),
  xresolve: LineOptions.refused(0, "the kernel has no routes of this kind")
})
