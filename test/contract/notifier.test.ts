/** The contract of `Notifier` on both adapters. It needs no network, so it has a file of its own. */
import * as LinuxNotifier from "@holdfast/linux/Notifier"
import * as SimulatedNetwork from "@holdfast/simulation/SimulatedNetwork"
import * as SimulatedNotifier from "@holdfast/simulation/SimulatedNotifier"
import { describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { type NotifierHarness, notifierContract, type RunNotifier } from "./notifier.contract.ts"

/** How long a wait lasts; the kernel answers within milliseconds, a loaded machine does not. */
const waitMillisMax = 10_000
const stepMillis = 2

const eventuallyBy = (pass: (millis: number) => Effect.Effect<void>): NotifierHarness["eventually"] =>
  Effect.fnUntraced(function* (what, check) {
    for (let waited = 0; waited < waitMillisMax; waited += stepMillis) {
      if (check()) return
      yield* pass(stepMillis)
    }
    return yield* Effect.die(new Error(`it does not come true that ${what}`))
  })

describe("linux", () => {
  const text = `echo "start $1" >>"$0/log"; [ "$2" = 0 ] || sleep "$2"; echo "end $1" >>"$0/log"; exit "$3"`
  const readPipe = (path: string): ReadonlyArray<string> => {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      // More than a pipe holds.
      const bytes = Buffer.alloc(0x2_0000)
      return bytes.toString("utf8", 0, readSync(fd, bytes)).split("\n").slice(0, -1)
    } catch {
      // EAGAIN: it is empty.
      return []
    } finally {
      closeSync(fd)
    }
  }
  const run: RunNotifier = (test) =>
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync("/run/holdfast-notifier-")),
        (path) => Effect.sync(() => rmSync(path, { recursive: true }))
      )
      writeFileSync(`${folder}/log`, "")
      yield* test({
        script: (label, { code = 0, millis = 0 } = {}) => ({
          words: ["/bin/sh", "-c", text, folder, label, `${millis / 1_000}`, `${code}`]
        }),
        log: () => readFileSync(`${folder}/log`, "utf8").split("\n").slice(0, -1),
        pipe: (name) => `${folder}/${name}.fifo`,
        impossiblePipe: `${folder}/none/pipe`,
        read: readPipe,
        pipeLinesMax: 16,
        eventually: eventuallyBy(Effect.sleep),
        pass: Effect.sleep
      }).pipe(Effect.scoped, Effect.provide(LinuxNotifier.layer({ security: false, user: "root" })))
    }).pipe(Effect.scoped)
  notifierContract(run)
})

describe("simulation", () => {
  const pass = (millis: number): Effect.Effect<void> =>
    Effect.andThen(TestClock.adjust(`${millis} millis`), Effect.yieldNow)
  const run: RunNotifier = (test) =>
    Effect.gen(function* () {
      const { world } = yield* SimulatedNetwork.make()
      const programs = SimulatedNotifier.make()
      programs.pipeLinesMax = 16
      programs.refusedPipes.set("/none/pipe", "there is no such directory")
      programs.programOf = ({ words: [program, , millis, code] }) =>
        program === "/program" ? { takesMicros: Number(millis) * 1_000, code: Number(code) } : undefined
      yield* test({
        script: (label, { code = 0, millis = 0 } = {}) => ({
          words: ["/program", label, `${millis}`, `${code}`]
        }),
        log: () =>
          programs.runs
            .flatMap(({ endedAt, startedAt, words }) => [
              { at: startedAt, text: `start ${words[1]}` },
              ...(endedAt === undefined ? [] : [{ at: endedAt, text: `end ${words[1]}` }])
            ])
            .toSorted((left, right) => left.at - right.at)
            .map(({ text }) => text),
        pipe: (name) => `/run/${name}.fifo`,
        impossiblePipe: "/none/pipe",
        read: (path) => programs.pipes.get(path)?.splice(0) ?? [],
        pipeLinesMax: 16,
        eventually: eventuallyBy(pass),
        pass
      }).pipe(Effect.scoped, Effect.provide(SimulatedNotifier.layer(world, programs)))
    }).pipe(Effect.scoped, Effect.provide(TestClock.layer()))
  notifierContract(run)
})
