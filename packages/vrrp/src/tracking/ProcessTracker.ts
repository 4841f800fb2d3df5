/**
 * The state machine of one tracked process: whether enough of it run, and not too many.
 *
 * Decides; never acts. The shell counts the processes that match and tells the count whenever it changes.
 *
 * **Invariants**
 * 1. The first count counts at once: before it nothing is known.
 * 2. It holds a deadline if and only if the last count contradicts what is known.
 * 3. What is known changes only to what the last count says.
 *
 * **Gotchas** keepalived waits for `fork_delay` only when a process that matches forks, and not when a program is started.
 * Here it is waited for whenever there are more than before.
 *
 * @see keepalived.conf(5), `vrrp_track_process`
 * @since 0.1.0
 */
import { type Instant, type Micros, plus } from "@holdfast/wire/Instant"
import type { Observation } from "../Tracker.ts"
import type { TrackProcess } from "../TrackingParameters.ts"

/**
 * A process as the kernel shows it.
 *
 * - `name`: of the program, 15 bytes of it at most.
 * - `arguments`: its words; the first is its name for itself. Those of the kernel's own processes are none.
 *
 * @category models
 * @since 0.1.0
 */
export interface Process {
  readonly name: string
  readonly arguments: ReadonlyArray<string>
}

/**
 * What is known of a process.
 *
 * @category models
 * @since 0.1.0
 */
export type Knowledge = Extract<Observation, { readonly _tag: "Unknown" | "Up" | "Down" }>

/**
 * - `count`: how many run; nothing before the first count.
 * - `settlesAt`: when what the count says becomes known.
 *
 * @category models
 * @since 0.1.0
 */
export interface ProcessTracker {
  readonly parameters: TrackProcess
  readonly observation: Knowledge
  readonly count: number | undefined
  readonly settlesAt: Instant | undefined
}

/**
 * - `Counted`: so many run now.
 * - `Due`: time passed. Acts only if the deadline is not after `at`.
 *
 * @category models
 * @since 0.1.0
 */
export type Event =
  | { readonly _tag: "Counted"; readonly at: Instant; readonly count: number }
  | { readonly _tag: "Due"; readonly at: Instant }

/**
 * - `ArmTimer`, `DisarmTimer`: the one timer.
 * - `Observe`: what is known changed; `count` is why.
 *
 * @category models
 * @since 0.1.0
 */
export type Action =
  | { readonly _tag: "ArmTimer"; readonly deadline: Instant }
  | { readonly _tag: "DisarmTimer" }
  | { readonly _tag: "Observe"; readonly observation: Knowledge; readonly count: number }

/**
 * @category models
 * @since 0.1.0
 */
export interface Step {
  readonly state: ProcessTracker
  readonly actions: ReadonlyArray<Action>
}

/**
 * Returns a process that nobody has counted.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (parameters: TrackProcess): ProcessTracker => ({
  parameters,
  observation: { _tag: "Unknown" },
  count: undefined,
  settlesAt: undefined
})

/**
 * Returns whether a process is one of those that are counted.
 *
 * **Details** by the name of the program, or where `fullCommand` or arguments are asked for by how it was called. The kernel keeps 15
 * bytes of a name, and so much of it is compared.
 *
 * @category predicates
 * @since 0.1.0
 */
export const matches = (parameters: TrackProcess, process: Process): boolean => {
  if (!needsArguments(parameters)) return process.name === shortened(parameters.command)
  const [called, ...words] = process.arguments
  return called === parameters.command && matchesWords(parameters.parameters, words)
}

/**
 * Returns whether the arguments of processes must be known, or their names are enough.
 *
 * @category predicates
 * @since 0.1.0
 */
export const needsArguments = ({ fullCommand, parameters }: TrackProcess): boolean =>
  fullCommand || parameters !== undefined

const matchesWords = (wanted: TrackProcess["parameters"], words: ReadonlyArray<string>): boolean => {
  if (wanted === undefined) return true
  if (wanted.match === "Exact" && words.length !== wanted.words.length) return false
  const last = wanted.words.length - 1
  return wanted.words.every((word, index) =>
    wanted.match === "Initial" && index === last
      ? words[index]?.startsWith(word) === true
      : words[index] === word
  )
}

const shortened = (command: string): string => {
  const bytes = new TextEncoder().encode(command)
  return bytes.length <= nameBytesMax ? command : new TextDecoder().decode(bytes.subarray(0, nameBytesMax))
}

/** TASK_COMM_LEN of the kernel, without the zero at the end. */
const nameBytesMax = 15

/**
 * Takes one event. Total and deterministic.
 *
 * @category steps
 * @since 0.1.0
 */
export const step = (state: ProcessTracker, event: Event): Step => {
  switch (event._tag) {
    case "Counted":
      return hear(state, event.count, event.at)
    case "Due":
      if (state.settlesAt === undefined || state.count === undefined || event.at < state.settlesAt)
        return { state, actions: [] }
      return settle({ ...state, settlesAt: undefined }, state.count)
  }
}

const hear = (before: ProcessTracker, count: number, at: Instant): Step => {
  const state = { ...before, count }
  if (before.count === undefined) return settle(state, count)
  if (said(state.parameters, count) === state.observation._tag) {
    return before.settlesAt === undefined
      ? { state, actions: [] }
      : { state: { ...state, settlesAt: undefined }, actions: [{ _tag: "DisarmTimer" }] }
  }
  // It contradicts since an earlier count: that one's deadline holds.
  if (before.settlesAt !== undefined) return { state, actions: [] }
  const delay = delayOf(state.parameters, count > before.count)
  if (delay === 0) return settle(state, count)
  const deadline = plus(at, delay)
  return { state: { ...state, settlesAt: deadline }, actions: [{ _tag: "ArmTimer", deadline }] }
}

const settle = (state: ProcessTracker, count: number): Step => {
  const observation: Knowledge = { _tag: said(state.parameters, count) }
  return { state: { ...state, observation }, actions: [{ _tag: "Observe", observation, count }] }
}

const said = ({ quorum, quorumMax }: TrackProcess, count: number): "Up" | "Down" =>
  count >= quorum && (quorumMax === undefined || count <= quorumMax) ? "Up" : "Down"

const delayOf = ({ forkDelay, terminateDelay }: TrackProcess, isMore: boolean): Micros =>
  isMore ? forkDelay : terminateDelay
