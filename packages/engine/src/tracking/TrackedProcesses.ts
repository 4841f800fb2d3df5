/**
 * The tracked processes: counts those that match and carries out what their reducers ask for.
 *
 * The watch is open only while there is something to count: on a busy machine the kernel tells of many processes.
 *
 * @since 0.1.0
 */
import { keyOf } from "@holdfast/vrrp/Tracker"
import type { TrackProcess } from "@holdfast/vrrp/TrackingParameters"
import * as ProcessTracker from "@holdfast/vrrp/tracking/ProcessTracker"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { Slot } from "../TimerHeap.ts"
import { type ProcessChange, type Processes, ProcessWatch, type ProcessWatching } from "./ProcessWatch.ts"
import type { TrackingShell } from "./TrackingShell.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface ProcessStatus {
  readonly name: string
  readonly observation: ProcessTracker.Knowledge
  readonly count: number
}

/**
 * @category models
 * @since 0.1.0
 */
export interface TrackedProcesses {
  /** Makes these the processes that are counted, by difference. */
  readonly apply: (wanted: ReadonlyArray<TrackProcess>) => Effect.Effect<void>
  readonly status: () => ReadonlyArray<ProcessStatus>
}

/** `members` are the numbers of the processes that match. */
interface Tracked {
  state: ProcessTracker.ProcessTracker
  members: Set<number>
  readonly subject: string
  readonly slot: Slot
}

interface Watch extends ProcessWatching {
  readonly scope: Scope.Closeable
}

/**
 * Makes none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  shell: TrackingShell
): Effect.Effect<TrackedProcesses, never, ProcessWatch | Scope.Scope> =>
  Effect.gen(function* () {
    const watches = yield* ProcessWatch
    const scope = yield* Effect.scope
    const tracked = new Map<string, Tracked>()
    let watch: Watch | undefined

    const step = (one: Tracked, event: ProcessTracker.Event): void => {
      const { actions, state } = ProcessTracker.step(one.state, event)
      one.state = state
      for (const action of actions) {
        switch (action._tag) {
          case "ArmTimer":
            shell.arm(one.slot, action.deadline)
            break
          case "DisarmTimer":
            shell.disarm(one.slot)
            break
          case "Observe": {
            shell.observe(one.subject, action.observation)
            const { name } = state.parameters
            const up = action.observation._tag === "Up"
            shell.publish({ _tag: "ProcessChanged", at: shell.now(), name, up, count: action.count })
          }
        }
      }
    }

    const count = (one: Tracked): void => {
      if (one.members.size !== one.state.count)
        step(one, { _tag: "Counted", at: shell.now(), count: one.members.size })
    }

    const hear = (changes: ReadonlyArray<ProcessChange>): void => {
      for (const one of tracked.values()) {
        for (const change of changes) take(one, change)
        count(one)
      }
    }

    const open = Effect.gen(function* () {
      const own = yield* Scope.fork(scope)
      const watching = yield* watches
        .open(hear, (report) => shell.publish({ _tag: "WatchReported", at: shell.now(), report }))
        .pipe(Scope.provide(own))
      return { ...watching, scope: own }
    })

    const begin = (parameters: TrackProcess, processes: Processes): void => {
      const one: Tracked = {
        state: ProcessTracker.make(parameters),
        members: membersOf(parameters, processes),
        subject: keyOf({ _tag: "Process", name: parameters.name }),
        slot: shell.slot((at) => step(one, { _tag: "Due", at }))
      }
      tracked.set(parameters.name, one)
      count(one)
    }

    return {
      apply: Effect.fnUntraced(function* (wanted) {
        const names = new Set(wanted.map(({ name }) => name))
        for (const one of tracked.values()) {
          if (names.has(one.state.parameters.name)) continue
          tracked.delete(one.state.parameters.name)
          shell.disarm(one.slot)
          shell.forget(one.subject)
        }
        const news = wanted.filter(
          (parameters) => !Equal.equals(tracked.get(parameters.name)?.state.parameters, parameters)
        )
        if (wanted.length === 0 && watch !== undefined) {
          yield* Scope.close(watch.scope, Exit.void)
          watch = undefined
        }
        if (news.length === 0) return
        watch ??= yield* open
        const processes = watch.list()
        for (const parameters of news) {
          const present = tracked.get(parameters.name)
          if (present !== undefined) shell.disarm(present.slot)
          begin(parameters, processes)
        }
      }),
      status: () =>
        Array.from(tracked.values(), ({ members, state }) => ({
          name: state.parameters.name,
          observation: state.observation,
          count: members.size
        }))
    }
  })

const membersOf = (parameters: TrackProcess, processes: Processes): Set<number> =>
  new Set(
    Array.from(processes).flatMap(([pid, process]) =>
      ProcessTracker.matches(parameters, process) ? [pid] : []
    )
  )

const take = (one: Tracked, change: ProcessChange): void => {
  const { members } = one
  switch (change._tag) {
    case "Listed":
      one.members = membersOf(one.state.parameters, change.processes)
      return
    case "Forked":
      if (members.has(change.parent)) members.add(change.pid)
      return
    case "Executed":
      if (ProcessTracker.matches(one.state.parameters, change.process)) members.add(change.pid)
      else members.delete(change.pid)
      return
    case "Exited":
      members.delete(change.pid)
  }
}
