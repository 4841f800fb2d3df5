/**
 * What operators' programs are told of routers: from the engine's events to keepalived's words.
 *
 * Pure. An instance with addresses of both families is two routers and one thing to tell of: Master when both are, in
 * Fault when one is, Backup otherwise.
 *
 * @see keepalived `notify`, `notify_fifo`
 * @since 0.1.0
 */
import type { RoleName } from "@holdfast/vrrp/Action"
import type { Notice } from "@holdfast/vrrp/NotificationParameters"
import type { Parameters } from "@holdfast/vrrp/Parameters"
import type { EngineEvent } from "../EngineEvent.ts"

/**
 * One thing to tell. `priority` is the effective one; groups have none, and 0 is told.
 *
 * @category models
 * @since 0.1.0
 */
export interface Told {
  readonly type: "INSTANCE" | "GROUP"
  readonly name: string
  readonly notice: Notice
  readonly priority: number
}

/**
 * How an instance that leaves is told: its program stops, or a reload no longer has it.
 *
 * @category models
 * @since 0.1.0
 */
export type Leaving = "STOP" | "DELETED"

/**
 * Follows routers and groups.
 *
 * @category models
 * @since 0.1.0
 */
export interface Notices {
  /** Makes these the routers that instances consist of. Those that leave are told of by the events that follow. */
  readonly setRouters: (routers: ReadonlyArray<Parameters>) => void
  /** Returns what is to be told of an event, in order; mostly nothing. */
  readonly of: (event: EngineEvent, leaving: Leaving) => ReadonlyArray<Told>
  /** Returns what was last told of the state of each instance and group. */
  readonly states: () => ReadonlyArray<Told>
}

/**
 * @category constructors
 * @since 0.1.0
 */
export const make = (): Notices => {
  /** Instance by router. */
  let instances: ReadonlyMap<string, string> = new Map()
  const roles = new Map<string, RoleName>()
  const told = new Map<string, Told>()

  const tellState = (next: Told, hasLeft: boolean): ReadonlyArray<Told> => {
    const key = `${next.type} ${next.name}`
    if (told.get(key)?.notice === next.notice) return []
    if (hasLeft) told.delete(key)
    else told.set(key, next)
    return [next]
  }

  const instanceOf = (router: string): string => instances.get(router) ?? router

  const partners = (instance: string): ReadonlyArray<string> => {
    const names = [...instances].filter(([, name]) => name === instance).map(([router]) => router)
    return names.length === 0 ? [instance] : names
  }

  const changeRole = (
    event: Extract<EngineEvent, { _tag: "RoleChanged" }>,
    leaving: Leaving
  ): ReadonlyArray<Told> => {
    const name = instanceOf(event.router)
    roles.set(event.router, event.to)
    const notice = together(partners(name).map((router) => roles.get(router) ?? "Init")) ?? leaving
    if (event.to === "Init") roles.delete(event.router)
    const { priority, to } = event
    return tellState({ type: "INSTANCE", name, notice, priority }, to === "Init")
  }

  return {
    setRouters: (routers) => {
      instances = new Map([
        ...[...instances].filter(([router]) => roles.has(router)),
        ...routers.map(({ instance, name }): [string, string] => [name, instance ?? name])
      ])
    },
    of: (event, leaving) => {
      switch (event._tag) {
        case "RoleChanged":
          return changeRole(event, leaving)
        case "GroupChanged": {
          if (event.kind === "Instance") return []
          const notice = together([event.to]) ?? leaving
          const all = tellState(
            { type: "GROUP", name: event.group, notice, priority: 0 },
            event.to === "Init"
          )
          // As keepalived: of a group that a reload no longer has nothing is told.
          return all.filter((each) => each.notice !== "DELETED")
        }
        case "LowerPriorityHeard":
          return [
            {
              type: "INSTANCE",
              name: instanceOf(event.router),
              notice: "MASTER_RX_LOWER_PRI",
              priority: event.ownPriority
            }
          ]
        case "PriorityChanged":
          if (event.role !== "Master" && event.role !== "Backup") return []
          return [
            {
              type: "INSTANCE",
              name: instanceOf(event.router),
              notice: event.role === "Master" ? "MASTER_PRIORITY" : "BACKUP_PRIORITY",
              priority: event.to
            }
          ]
        default:
          return []
      }
    },
    states: () => [...told.values()]
  }
}

/** What several routers are as one; nothing when they run no more. */
const together = (roles: ReadonlyArray<RoleName>): Notice | undefined => {
  if (roles.includes("Fault")) return "FAULT"
  if (roles.every((role) => role === "Init")) return undefined
  return roles.every((role) => role === "Master") ? "MASTER" : "BACKUP"
}
