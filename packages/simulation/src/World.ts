/**
 * The loop of discrete events that every simulation runs on: a heap of tasks by time.
 *
 * Tasks of one instant run in the order in which they were scheduled, so a run is a function of its inputs. Nothing
 * here waits: `runUntil` jumps from task to task. The pure tier calls it with a far point of time; the shell tier calls
 * it each time Effect's clock has reached `nextAt`.
 *
 * **Invariants**
 * 1. Time never goes back.
 * 2. A task never runs before its time, and never after it was cancelled.
 *
 * @since 0.1.0
 */
import type { Instant } from "@holdfast/wire/Instant"

/**
 * A task that waits for its time.
 *
 * @category models
 * @since 0.1.0
 */
export interface Task {
  readonly at: Instant
  readonly sequence: number
  /** What shall happen; nothing once the task ran or was cancelled. */
  run: (() => void) | undefined
}

/**
 * A loop of discrete events.
 *
 * @category models
 * @since 0.1.0
 */
export interface World {
  /** The time of the task that runs, or up to which the loop has run. */
  readonly now: () => Instant
  /** Schedules a task; one whose time has passed runs next. */
  readonly schedule: (at: Instant, run: () => void) => Task
  readonly cancel: (task: Task) => void
  /** The time of the earliest task, or nothing when there is none. */
  readonly nextAt: () => Instant | undefined
  /** Runs all tasks up to and including `at`, with those they schedule, then sets the time to `at`. */
  readonly runUntil: (at: Instant) => void
}

/**
 * Who drives a loop in somebody else's time.
 *
 * @category models
 * @since 0.1.0
 */
export interface Driver {
  /** The time now, which is then the loop's too. */
  readonly now: () => Instant
  /** Learns of every new task, so that a driver that sleeps until `nextAt` looks again. */
  readonly onScheduled: (task: Task) => void
}

/**
 * Makes a loop at time zero; with a driver, at the driver's time.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (driver?: Driver): World => {
  const heap: Array<Task> = []
  let reached = 0 as Instant
  let sequence = 0
  const now = driver?.now ?? (() => reached)

  const nextAt = (): Instant | undefined => {
    while (heap[0] !== undefined && heap[0].run === undefined) pop(heap)
    return heap[0]?.at
  }

  const runUntil = (end: Instant): void => {
    for (let at = nextAt(); at !== undefined && at <= end; at = nextAt()) {
      const task = pop(heap)
      const run = task?.run
      if (task === undefined || run === undefined) continue
      task.run = undefined
      reached = task.at
      run()
    }
    if (end > reached) reached = end
  }

  return {
    now,
    schedule: (at, run) => {
      const task: Task = { at: at > now() ? at : now(), sequence: sequence++, run }
      push(heap, task)
      driver?.onScheduled(task)
      return task
    },
    cancel: (task) => {
      task.run = undefined
    },
    nextAt,
    runUntil
  }
}

const before = (left: Task, right: Task): boolean =>
  left.at < right.at || (left.at === right.at && left.sequence < right.sequence)

const push = (heap: Array<Task>, task: Task): void => {
  let index = heap.length
  heap.push(task)
  while (index > 0) {
    const parentIndex = (index - 1) >> 1
    const parent = heap[parentIndex]
    if (parent === undefined || !before(task, parent)) break
    heap[index] = parent
    index = parentIndex
  }
  heap[index] = task
}

const pop = (heap: Array<Task>): Task | undefined => {
  const top = heap[0]
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return top
  let index = 0
  for (;;) {
    const left = heap[2 * index + 1]
    const right = heap[2 * index + 2]
    if (left === undefined) break
    const takeRight = right !== undefined && before(right, left)
    const child = takeRight ? right : left
    if (!before(child, last)) break
    heap[index] = child
    index = 2 * index + (takeRight ? 2 : 1)
  }
  heap[index] = last
  return top
}
