/**
 * Holds rules of the routing policy in this kernel: what is held is what the last call wanted, as far as the kernel agrees.
 *
 * **Details** rules are few, so they are read before any is added: a rule without priority would be added again and again.
 *
 * @since 0.1.0
 */
import type { NetlinkClient } from "@holdfast/netlink/NetlinkClient"
import type { NetlinkError } from "@holdfast/netlink/NetlinkError"
import type { Request } from "@holdfast/netlink/Request"
import * as Rule from "@holdfast/netlink/Rule"
import type { VirtualRule } from "@holdfast/vrrp/VirtualRule"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { protocolMark } from "./RouteHolder.ts"
import * as RuleTable from "./RuleTable.ts"

/**
 * Rules by their keys, in the order in which they are added.
 *
 * @category models
 * @since 0.1.0
 */
export type Rules = ReadonlyMap<string, VirtualRule>

/**
 * A holder.
 *
 * - `withdraw`: takes away what is held and not wanted, and of `given` what a killed run may have left.
 * - `provide`: adds what is wanted and not held.
 * - `failures`: why rules that were wanted last are not held, by their keys.
 * - `compare`: reads what the kernel has, and forgets what it has not.
 * - `sweep`: takes away all rules with our mark but `named`.
 *
 * @category models
 * @since 0.1.0
 */
export interface RuleHolder {
  readonly withdraw: (wanted: Rules, given: Iterable<VirtualRule>) => Effect.Effect<void>
  readonly provide: (wanted: Rules) => Effect.Effect<void>
  readonly failures: ReadonlyMap<string, string>
  readonly lacksSome: (wanted: Rules) => boolean
  readonly compare: Effect.Effect<void, NetlinkError>
  /** What unmakes all that is held. */
  readonly removals: () => ReadonlyArray<Request>
  readonly sweep: (named: ReadonlyArray<VirtualRule>) => Effect.Effect<void, NetlinkError>
}

/** @category constructors @since 0.1.0 */
export const make = (client: NetlinkClient["Service"]): RuleHolder => {
  const held = new Map<string, VirtualRule>()
  const failures = new Map<string, string>()
  /** Lines whose traces of a killed run are gone. */
  const cleaned = new WeakSet<VirtualRule>()

  const withdraw = Effect.fnUntraced(function* (wanted: Rules, given: Iterable<VirtualRule>) {
    const surplus = new Map<string, VirtualRule>()
    for (const rule of given) {
      if (!cleaned.has(rule)) surplus.set(RuleTable.keyOf(rule), rule)
      cleaned.add(rule)
    }
    for (const [key, rule] of held) surplus.set(key, rule)
    for (const key of wanted.keys()) surplus.delete(key)
    for (const key of failures.keys()) if (!wanted.has(key)) failures.delete(key)
    for (const key of surplus.keys()) held.delete(key)
    // The last added goes first.
    yield* removeAll(client, [...surplus.values()].map(RuleTable.newRule).toReversed())
  })

  const provide = Effect.fnUntraced(function* (wanted: Rules) {
    const missing = [...wanted].filter(([key]) => !held.has(key))
    if (missing.length === 0) return
    const present = yield* Effect.orElseSucceed(
      presentOf(
        client,
        missing.map(([, rule]) => rule)
      ),
      () => []
    )
    const absent: Array<readonly [string, VirtualRule]> = []
    for (const [key, rule] of missing) {
      if (present.some((one) => RuleTable.isSame(rule, one))) held.set(key, rule)
      else absent.push([key, rule])
    }
    if (absent.length === 0) return
    const outcomes = yield* client.requestAll(absent.map(([, rule]) => Rule.add(RuleTable.newRule(rule))))
    for (const [index, [key, rule]] of absent.entries()) {
      const outcome = outcomes[index]!
      failures.delete(key)
      if (Result.isSuccess(outcome) || outcome.failure.reason === "AlreadyExists") held.set(key, rule)
      else failures.set(key, `${RuleTable.describe(rule)}: ${outcome.failure.message}`)
    }
  })

  const compare = Effect.gen(function* () {
    if (held.size === 0) return
    const present = yield* presentOf(client, [...held.values()])
    for (const [key, rule] of held) if (!present.some((one) => RuleTable.isSame(rule, one))) held.delete(key)
  })

  const sweep = Effect.fnUntraced(function* (named: ReadonlyArray<VirtualRule>) {
    const present = [...(yield* client.dump(Rule.list("Ipv4"))), ...(yield* client.dump(Rule.list("Ipv6")))]
    yield* removeAll(
      client,
      present.filter(
        (one) => one.protocol === protocolMark && !named.some((rule) => RuleTable.isSame(rule, one))
      )
    )
  })

  return {
    withdraw,
    provide,
    failures,
    lacksSome: (wanted) => [...wanted.keys()].some((key) => !held.has(key)),
    compare,
    removals: () => Array.from(held.values(), (rule) => Rule.remove(RuleTable.newRule(rule))).toReversed(),
    sweep
  }
}

/** What the kernel does not have is gone already; what it refuses to delete stays, and is told. */
const removeAll = Effect.fnUntraced(function* (
  client: NetlinkClient["Service"],
  rules: ReadonlyArray<Rule.Rule>
) {
  if (rules.length === 0) return
  for (const outcome of yield* client.requestAll(rules.map(Rule.remove)))
    if (Result.isFailure(outcome) && outcome.failure.reason !== "NotFound")
      yield* Effect.logWarning(outcome.failure.message)
})

/** The rules that the kernel has of the families of these. */
const presentOf = Effect.fnUntraced(function* (
  client: NetlinkClient["Service"],
  rules: ReadonlyArray<VirtualRule>
) {
  const present: Array<Rule.Rule> = []
  for (const family of new Set(rules.map((rule) => rule.family)))
    present.push(...(yield* client.dump(Rule.list(family))))
  return present
})
