/**
 * How soon the threads of the daemon run on a machine that is busy.
 *
 * **Details** the VRRP thread is before all that has no deadline. That is not enough: it shares locks with the others, of
 * the allocator and of V8's task queue, and whoever holds one must not stand still behind somebody's computation. So V8's
 * helpers come right behind it, and the main thread as far in front as fairness allows. What the daemon starts is reset to
 * what is usual.
 *
 * @see docs/decisions/0030-the-vrrp-thread-is-real-time.md; sched(7)
 * @since 0.1.0
 */
import { readdirSync, readFileSync } from "node:fs"
import { availableParallelism, setPriority } from "node:os"
import * as Native from "@holdfast/native/Native"

/**
 * Lets the calling thread, which is the VRRP thread, run in time. Where that is not allowed (CAP_SYS_NICE), it asks for short
 * turns; a kernel that does not know them either (before Linux 6.12) runs it as any other.
 *
 * @category actions
 * @since 0.1.0
 */
export const runPunctually = (): void => {
  const native = Native.load()
  // With one processor, who is before others keeps them from running at all: seen in User-Mode Linux.
  if (availableParallelism() < 2) return void native.schedSetTimeSlice(timeSliceNanos)
  if (native.schedSetscheduler(callingThread, roundRobin, priorities.vrrp) < 0)
    return void native.schedSetTimeSlice(timeSliceNanos)
  for (const thread of helpers()) native.schedSetscheduler(thread, roundRobin, priorities.helpers)
  native.schedSetscheduler(process.pid, fair, 0)
  try {
    setPriority(process.pid, niceLeast)
  } catch {
    // RLIMIT_RTPRIO alone allows real time, and not this.
  }
}

const helpers = (): ReadonlyArray<number> =>
  readdirSync("/proc/self/task")
    .filter((thread) => nameOf(thread) === helperName)
    .map(Number)

const nameOf = (thread: string): string => {
  try {
    return readFileSync(`/proc/self/task/${thread}/comm`, "utf8").trim()
  } catch {
    // It ended meanwhile.
    return ""
  }
}

const callingThread = 0

/** What V8's platform calls its threads in Node. */
const helperName = "node-V8Worker"

/** SCHED_RESET_ON_FORK: what a thread starts is not before others. */
const resetOnFork = 0x4000_0000
const roundRobin = 2 | resetOnFork // SCHED_RR
const fair = 0 | resetOnFork // SCHED_OTHER

/** The lowest of real time: before what has no deadline, behind all that somebody has put before others. */
const priorities = { helpers: 1, vrrp: 2 } as const

/** Some 87 times the share of an ordinary thread: it waits for milliseconds at most, and still gives way. */
const niceLeast = -20

/** The shortest that the scheduler grants (0.1 ms): the thread needs little, but then at once, however busy the machine. */
const timeSliceNanos = 100_000
