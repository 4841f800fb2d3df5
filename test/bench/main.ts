/**
 * The benchmarks: `node test/bench/main.ts [FIGURE ...] [--checkout] [--update] [--busy-seconds=N]`.
 *
 * Measures our daemon and keepalived in turn, prints each figure with whether it is reached, and with `--update`
 * writes the rows to `docs/reference/performance.md`. Ours is the released bundle, which is built first; with
 * `--checkout` it is the one of the sources. `--busy-seconds` shortens the watch for false takeovers. The exit code is zero when all figures could be measured, reached or not.
 *
 * @since 0.1.0
 */
import { readFileSync, writeFileSync } from "node:fs"
import { cpus, release } from "node:os"
import { delimiter } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Requirement from "../lab/Requirement.ts"
import * as Backup from "./Backup.ts"
import * as Burst from "./Burst.ts"
import * as Checking from "./Checking.ts"
import * as CheckingLateness from "./CheckingLateness.ts"
import * as Contender from "./Contender.ts"
import * as Cpu from "./Cpu.ts"
import * as FalseTakeovers from "./FalseTakeovers.ts"
import * as FullTable from "./FullTable.ts"
import * as Lateness from "./Lateness.ts"
import * as Machine from "./Machine.ts"
import * as Memory from "./Memory.ts"
import * as Reload from "./Reload.ts"
import * as Report from "./Report.ts"
import * as ServerMemory from "./ServerMemory.ts"
import * as Settings from "./Settings.ts"
import * as Start from "./Start.ts"
import * as Stop from "./Stop.ts"
import * as Takeover from "./Takeover.ts"
import * as Weight from "./Weight.ts"

const benches = {
  takeover: Takeover.measure,
  "takeover-subsecond": Takeover.measureSubsecond,
  stop: Stop.measure,
  burst: Burst.measure,
  reload: Reload.measure,
  cpu: Cpu.measure,
  "cpu-subsecond": Cpu.measureSubsecond,
  "cpu-backup": Backup.measure,
  lateness: Lateness.measure,
  "interval-subsecond": Lateness.measureSubsecond,
  start: Start.measure,
  memory: Memory.measure,
  "memory-thousand": Memory.measureThousand,
  "false-takeovers": FalseTakeovers.measure,
  table: FullTable.measure,
  weight: Weight.measure,
  "weight-nf_tables": Weight.measureNfTables,
  checks: Checking.measure,
  "checks-alone": Checking.measureOnOneProcessor,
  "checks-lateness": CheckingLateness.measure,
  "checks-memory": ServerMemory.measure
} as const

/** What needs a kernel with IPVS, which User-Mode Linux brings. */
const onIpvs: ReadonlySet<string> = new Set(["table", "weight", "checks"])

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      checkout: { type: "boolean" },
      update: { type: "boolean" },
      "busy-seconds": { type: "string" }
    }
  })
  const busySeconds = Number(values["busy-seconds"] ?? Settings.defaults.busySeconds)
  if (!(busySeconds > 0)) return fail("--busy-seconds wants a number of seconds")
  const unknown = positionals.filter((name) => !(name in benches))
  if (unknown.length > 0)
    return fail(`no such figure: ${unknown.join(", ")}; there are ${Object.keys(benches).join(", ")}`)
  process.env["PATH"] = [process.env["PATH"], ...Requirement.systemPath].join(delimiter)
  const chosen = Object.entries(benches).filter(
    ([name]) => positionals.length === 0 || positionals.includes(name)
  )
  const needed = chosen.some(([name]) => onIpvs.has(name)) ? Requirement.userModeLinux : []
  const missing = Requirement.missing([...new Set([...Requirement.all, ...needed])])
  if (missing.length > 0) return fail(missing.join("\n"))

  const measureAll = Effect.gen(function* () {
    const contenders = yield* Contender.make(values.checkout === true ? "checkout" : "released bundle")
    const machine = `Node ${process.version}, Linux ${release()}, ${cpus().length} processors`
    console.log(`${contenders.form} at ${contenders.commit}, ${machine}`)
    for (const [name, measure] of chosen)
      yield* run(name, measure(contenders, { busySeconds }), contenders.commit, values.update === true)
  })
  // Interrupted and not killed, so that the copies and configurations on disk go too.
  const interruption = new AbortController()
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => interruption.abort())
  await Effect.runPromise(Effect.scoped(measureAll), { signal: interruption.signal }).catch(() =>
    fail("interrupted")
  )
}

/** Measures one bench and prints it; one that cannot be measured does not keep the others from it. */
const run = (
  name: string,
  measure: ReturnType<(typeof benches)[keyof typeof benches]>,
  commit: string,
  updated: boolean
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const before = Machine.usage()
    const figures = yield* measure
    for (const figure of figures) console.log(Report.line(figure))
    if (!updated) return
    const circumstances = {
      commit,
      day: today(),
      busyShare: Machine.busySince(before)
    }
    const rows = figures.map((figure) => Report.row(figure, circumstances))
    writeFileSync(documentPath, Report.update(readFileSync(documentPath, "utf8"), rows))
  }).pipe(
    Effect.catchCause((cause) =>
      Effect.sync(() => fail(`${name} could not be measured: ${Cause.pretty(cause)}`))
    )
  )

const today = (): string => new Date().toISOString().slice(0, 10)

const fail = (message: string): void => {
  console.error(message)
  process.exitCode = 1
}

const inRepository = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const documentPath = inRepository("docs/reference/performance.md")

await main()
