/**
 * Which checks are made, and for whom: checks with equal probe and equal timing are one.
 *
 * **Details** what tells checks apart is a text of their probe and timing. It is the same after a reload, so that a check
 * that is still wanted goes on with what it knows. There is one text for each check that is made, none for each server.
 *
 * **Gotchas** a check is made as long as somebody wants it: it rests only where all its subscribers do (`ha_suspend`).
 *
 * @since 0.2.0
 */
import type { Plan } from "./Checker.ts"
import type { VirtualServer } from "./Parameters.ts"

/**
 * A real server that waits for a check: the one with number `check` of `server` in `virtualServer`.
 *
 * @category models
 * @since 0.2.0
 */
export interface Subscriber {
  readonly virtualServer: string
  readonly server: string
  readonly check: number
}

/**
 * One check that is made.
 *
 * @category models
 * @since 0.2.0
 */
export interface SharedCheck {
  readonly key: string
  readonly plan: Plan
  readonly subscribers: ReadonlyArray<Subscriber>
}

/**
 * Checks by key.
 *
 * @category models
 * @since 0.2.0
 */
export type CheckPlan = ReadonlyMap<string, SharedCheck>

/**
 * Returns the checks of virtual servers. With the plan that `before` is, those that a reload left as objects are found
 * without their texts.
 *
 * @category constructors
 * @since 0.2.0
 */
export const make = (
  virtualServers: ReadonlyArray<VirtualServer>,
  before: CheckPlan = new Map()
): CheckPlan => {
  const keys = new Map<Plan, string>()
  for (const { key, plan } of before.values()) keys.set(plan, key)
  const checks = new Map<string, SharedCheck & { readonly subscribers: Array<Subscriber> }>()
  for (const { name, realServers } of virtualServers) {
    for (const server of realServers) {
      for (const [index, plan] of server.checks.entries()) {
        const key = keys.get(plan) ?? keyOf(plan)
        const subscriber = { virtualServer: name, server: server.key, check: index }
        const known = checks.get(key)
        if (known === undefined) checks.set(key, { key, plan, subscribers: [subscriber] })
        else known.subscribers.push(subscriber)
      }
    }
  }
  return checks
}

/**
 * What a reload does to the checks. `kept` are those of the new plan: other servers may wait for them than before.
 *
 * @category models
 * @since 0.2.0
 */
export interface Difference {
  readonly added: ReadonlyArray<SharedCheck>
  readonly removed: ReadonlyArray<SharedCheck>
  readonly kept: ReadonlyArray<SharedCheck>
}

/**
 * Returns how to come from one plan to another.
 *
 * @category queries
 * @since 0.2.0
 */
export const diff = (before: CheckPlan, after: CheckPlan): Difference => {
  const [added, kept]: [Array<SharedCheck>, Array<SharedCheck>] = [[], []]
  for (const check of after.values()) (before.has(check.key) ? kept : added).push(check)
  return { added, kept, removed: [...before.values()].filter(({ key }) => !after.has(key)) }
}

/** Objects of one kind are built with their properties in one order, so that equal ones have equal texts. */
const keyOf = ({ probe, timing }: Plan): string => JSON.stringify([probe, timing])
