/**
 * The options of a route that are metrics: `mtu`, `rtt`, `initcwnd` and their like, each perhaps with `lock`.
 *
 * @since 0.1.0
 */
import type { RouteMetrics } from "@holdfast/vrrp/VirtualRoute"
import * as LineOptions from "./LineOptions.ts"
import * as RoutingName from "./RoutingName.ts"
import * as Value from "./Value.ts"

/**
 * What a line says of metrics.
 *
 * @category models
 * @since 0.1.0
 */
export interface Said {
  metrics?: { -readonly [Key in keyof RouteMetrics]: RouteMetrics[Key] }
  locked?: Array<string>
}

/**
 * Returns the metrics of a line, if it says any.
 *
 * @category compiling
 * @since 0.1.0
 */
export const metricsOf = ({ locked, metrics }: Said): RouteMetrics | undefined =>
  metrics === undefined ? undefined : { ...metrics, ...(locked === undefined ? {} : { locked }) }

type Numeric = Exclude<keyof RouteMetrics, "congctl" | "locked">

/** Reads a metric, which `lock` before it keeps the kernel from changing. */
const metric =
  <K extends Exclude<keyof RouteMetrics, "locked">>(
    name: K,
    value: Value.Value<NonNullable<RouteMetrics[K]>>
  ): LineOptions.Option<Said> =>
  (said, cursor, report, option) => {
    const locks = lockable.has(name) && cursor.peek()?.text === "lock"
    if (locks) cursor.take()
    const holder: { value?: NonNullable<RouteMetrics[K]> } = {}
    if (!LineOptions.valued("value", value)(holder, cursor, report, option)) return false
    said.metrics = { ...said.metrics, [name]: holder.value }
    if (locks) (said.locked ??= []).push(name)
    return true
  }

/** A time in milliseconds: with a unit, or a bare number of them. */
const milliseconds: Value.Value<number> = (word, report) => {
  const [, number, unit = "ms"] = /^([0-9]+(?:\.[0-9]+)?)(ms|msec|msecs|s|sec|secs)?$/.exec(word.text) ?? []
  const value =
    number === undefined ? Number.NaN : Math.round(Number(number) * (unit.startsWith("s") ? 1000 : 1))
  if (value <= millisecondsMax) return value
  report.error(
    word.span,
    `${word.text} is no time`,
    "write milliseconds, such as 200 or 200ms, or seconds, such as 2s"
  )
  return undefined
}

/** RTAX_FEATURE_ECN, the only one that a route may switch on. */
const features: Value.Value<number> = (word, report) => Value.oneOf("ecn")(word, report) && 1

const count = RoutingName.unsigned
const numeric = (
  names: ReadonlyArray<Numeric>,
  value: Value.Value<number>
): Readonly<Record<string, LineOptions.Option<Said>>> =>
  Object.fromEntries(names.map((name) => [name, metric(name, value)]))

/** The metrics that `ip route` lets be locked. */
const lockable: ReadonlySet<string> = new Set([
  "mtu",
  "hoplimit",
  "advmss",
  "rtt",
  "rttvar",
  "reordering",
  "window",
  "cwnd",
  "ssthresh",
  "rto_min",
  "congctl"
])

/** A day: whoever waits longer has mistaken the unit. */
const millisecondsMax = 86_400_000
/** TCP_CA_NAME_MAX of linux/tcp.h, less the closing zero. */
const congestionNameMax = 15

const congestionControl: Value.Value<string> = (word, report) => {
  if (word.text.length <= congestionNameMax) return word.text
  report.error(
    word.span,
    `${word.text} is no congestion control`,
    "see sysctl net.ipv4.tcp_available_congestion_control"
  )
  return undefined
}

/**
 * The options by their names.
 *
 * @category options
 * @since 0.1.0
 */
export const options: Readonly<Record<string, LineOptions.Option<Said>>> = {
  ...numeric(
    ["mtu", "hoplimit", "advmss", "reordering", "window", "cwnd", "ssthresh", "initcwnd", "initrwnd"],
    count
  ),
  ...numeric(["rtt", "rttvar", "rto_min"], milliseconds),
  quickack: metric("quickack", Value.integer({ minimum: 0, maximum: 1 })),
  features: metric("features", features),
  congctl: metric("congctl", congestionControl)
}
