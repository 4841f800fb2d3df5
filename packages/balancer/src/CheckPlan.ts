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
import type { RealServer, VirtualServer } from "./Parameters.ts"
import type * as VirtualServerSet from "./VirtualServerSet.ts"

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
 * Returns the checks of virtual servers.
 *
 * @category constructors
 * @since 0.2.0
 */
export const make = (virtualServers: ReadonlyArray<VirtualServer>): CheckPlan => {
  const checks: Draft = new Map()
  for (const { name, realServers } of virtualServers) {
    for (const server of realServers) subscribe(checks, name, server)
  }
  return checks
}

/**
 * Returns the checks after a reload. Only servers that changed are looked at: a check that has the same subscribers as
 * before is the same object.
 *
 * @category combinators
 * @since 0.2.0
 */
export const update = (before: CheckPlan, reload: VirtualServerSet.Plan): CheckPlan => {
  const gone: Draft = new Map()
  const come: Draft = new Map()
  const replace = (from: VirtualServer | undefined, to: VirtualServer | undefined) => {
    const staying = new Set(from?.realServers)
    for (const server of to?.realServers ?? []) {
      if (!staying.delete(server) && to !== undefined) subscribe(come, to.name, server)
    }
    for (const server of staying) if (from !== undefined) subscribe(gone, from.name, server)
  }
  for (const from of reload.removed) replace(from, undefined)
  for (const { from, to } of reload.changed) replace(from, to)
  for (const to of reload.added) replace(undefined, to)
  const after = new Map(before)
  for (const { key, plan } of [...gone.values(), ...come.values()]) {
    const left = without(after.get(key)?.subscribers ?? [], gone.get(key)?.subscribers ?? [])
    gone.delete(key)
    const subscribers = [...left, ...(come.get(key)?.subscribers ?? [])]
    come.delete(key)
    if (subscribers.length === 0) after.delete(key)
    else after.set(key, { key, plan: before.get(key)?.plan ?? plan, subscribers })
  }
  return after
}

/**
 * What a reload does to the checks. `changed` are those of the new plan for which others wait than before.
 *
 * @category models
 * @since 0.2.0
 */
export interface Difference {
  readonly added: ReadonlyArray<SharedCheck>
  readonly changed: ReadonlyArray<SharedCheck>
  readonly removed: ReadonlyArray<SharedCheck>
}

/**
 * Returns how to come from one plan to its update. What is the same object has not changed.
 *
 * @category queries
 * @since 0.2.0
 */
export const diff = (before: CheckPlan, after: CheckPlan): Difference => {
  const added: Array<SharedCheck> = []
  const changed: Array<SharedCheck> = []
  for (const check of after.values()) {
    const known = before.get(check.key)
    if (known === undefined) added.push(check)
    else if (known !== check) changed.push(check)
  }
  return { added, changed, removed: [...before.values()].filter(({ key }) => !after.has(key)) }
}

type Draft = Map<string, SharedCheck & { readonly subscribers: Array<Subscriber> }>

const subscribe = (checks: Draft, virtualServer: string, server: RealServer): void => {
  for (const [check, plan] of server.checks.entries()) {
    const key = keyOf(plan)
    const subscriber = { virtualServer, server: server.key, check }
    const known = checks.get(key)
    if (known === undefined) checks.set(key, { key, plan, subscribers: [subscriber] })
    else known.subscribers.push(subscriber)
  }
}

const without = (
  subscribers: ReadonlyArray<Subscriber>,
  gone: ReadonlyArray<Subscriber>
): ReadonlyArray<Subscriber> => {
  if (gone.length === 0) return subscribers
  const names = new Set(gone.map(nameOf))
  return subscribers.filter((subscriber) => !names.has(nameOf(subscriber)))
}

const nameOf = ({ check, server, virtualServer }: Subscriber): string => `${check} ${server} ${virtualServer}`

/** Objects of one kind are built with their properties in one order, so that equal ones have equal texts. */
const keyOf = ({ probe, timing }: Plan): string => JSON.stringify([probe, timing])
