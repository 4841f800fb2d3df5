/**
 * The whole test command: `node test/run.ts [unit|system|ipvs] [filter ...]`.
 *
 * Runs the projects `unit`, `system` with `apps`, and `ipvs`, of each only the files whose path holds a filter where one is
 * given. The last line reads `N passed, N failed, N skipped`, and the exit code is zero when none failed.
 *
 * **Details**
 * - System tests need privilege. Without it they run in a user namespace of their own where the kernel allows that,
 *   else they are skipped.
 * - Tests of IPVS run here where this kernel has it, else all in one User-Mode Linux, as this same command, beside those of
 *   `apps`, which wait most of the time.
 * - What is missing on the machine is said at the start, and the tests that need it are skipped.
 *   `HOLDFAST_REQUIRE_ALL=1` makes it a failure.
 *
 * @since 0.1.0
 */
import { spawnSync } from "node:child_process"
import { globSync } from "node:fs"
import { delimiter } from "node:path"
import { fileURLToPath } from "node:url"
import { startVitest } from "vitest/node"
import * as Requirement from "./lab/Requirement.ts"
import * as UserModeLinux from "./lab/uml/UserModeLinux.ts"
import * as TotalsReporter from "./reporter.ts"

const parts = ["unit", "system", "ipvs"] as const
type Project = (typeof parts)[number] | "apps"

const main = async (): Promise<void> => {
  const [first, ...rest] = process.argv.slice(2)
  const chosen = parts.find((part) => part === first)
  const filters = chosen === undefined && first !== undefined ? [first, ...rest] : rest
  const wanted = chosen === undefined ? parts : [chosen]

  process.env["PATH"] = [process.env["PATH"], ...Requirement.systemPath].join(delimiter)
  if (wanted.some((part) => part !== "unit") && !Requirement.privileged() && canUnshare()) {
    process.exitCode = runUnshared()
    return
  }
  const counting = TotalsReporter.make()
  const runOne = (project: Project): Promise<void> =>
    (project === "ipvs"
      ? runIpvs(filters, counting)
      : run(project, filters, counting, Requirement.all)
    ).catch((error: unknown) => {
      console.error(`The ${project} tests could not run:`, error)
      counting.fail()
    })
  const isWanted = (part: (typeof parts)[number]): boolean => wanted.includes(part)
  if (isWanted("unit")) await runOne("unit")
  if (isWanted("system")) await runOne("system")
  const apps = isWanted("system") ? runOne("apps") : Promise.resolve()
  // Here they would be two runs of one process, and in User-Mode Linux they are not.
  if (UserModeLinux.isInside() || !UserModeLinux.isNeeded()) await apps
  await Promise.all([apps, isWanted("ipvs") ? runOne("ipvs") : undefined])

  const totals = counting.totals()
  console.log(`\n${TotalsReporter.describe(totals)}`)
  // vitest sets a code of its own, also for "no test file fits the filter" in one of the two projects.
  process.exit(totals.failed === 0 ? 0 : 1)
}

/** Runs the tests of IPVS where there is IPVS: here, or in a kernel that is brought along. */
const runIpvs = async (
  filters: ReadonlyArray<string>,
  counting: TotalsReporter.TotalsReporter
): Promise<void> => {
  const files = globSync("{packages,apps,test}/**/*.ipvs.test.ts", {
    cwd: root,
    exclude: ["**/node_modules"]
  })
  if (filters.length > 0 && !files.some((file) => filters.some((filter) => file.includes(filter)))) return
  const isHere = UserModeLinux.isInside() || !UserModeLinux.isNeeded()
  const needed = isHere ? Requirement.ipvs : Requirement.userModeLinux
  if (isHere || Requirement.missing(needed).length > 0) {
    await run("ipvs", filters, counting, needed)
    return
  }
  console.log("\nThis kernel has no IPVS: its tests run in User-Mode Linux.")
  let totals: TotalsReporter.Totals | undefined
  const command = [process.execPath, fileURLToPath(import.meta.url), "ipvs", ...filters]
  const status = await UserModeLinux.run(command, (line) => {
    const closing = TotalsReporter.parse(line)
    if (closing === undefined) console.log(line)
    else totals = closing
  })
  if (totals === undefined) throw new Error(`User-Mode Linux ended with ${status} and no result`)
  counting.add(totals)
}

const run = async (
  project: Project,
  filters: ReadonlyArray<string>,
  counting: TotalsReporter.TotalsReporter,
  requirements: ReadonlyArray<Requirement.Requirement>
): Promise<void> => {
  const missing = project === "unit" ? [] : Requirement.missing(requirements)
  for (const reason of missing) {
    console.log(`${Requirement.allRequired() ? "missing" : `some ${project} tests are skipped`}: ${reason}`)
  }
  // No file of the projects system and apps can pass without privilege, none of IPVS without all: collect them and run none.
  const isHopeless = project === "ipvs" ? missing.length > 0 : project !== "unit" && !Requirement.privileged()
  const none = isHopeless && !Requirement.allRequired()
  const vitest = await startVitest("test", [...filters], {
    root,
    project: [project],
    watch: false,
    passWithNoTests: true,
    reporters: ["default", counting.reporter],
    ...(none ? { testNamePattern: matchesNothing } : {})
  })
  await vitest.close()
}

/** Whether this user may make a user namespace and have all capabilities in it. */
const canUnshare = (): boolean => spawnSync("unshare", [...unshareOptions, "true"]).status === 0

/** Runs this command again in a user namespace, where it may do all to networks of its own and nothing to the machine. */
const runUnshared = (): number => {
  const [node, ...command] = [process.execPath, ...process.argv.slice(1)]
  return spawnSync("unshare", [...unshareOptions, node, ...command], { stdio: "inherit" }).status ?? 1
}

// Its own user with capabilities, not root: as root tcpdump would change its user, which such a namespace forbids.
const unshareOptions = ["--user", "--map-current-user", "--keep-caps", "--net"]
const root = fileURLToPath(new URL("..", import.meta.url))
const matchesNothing = "(?!)"

await main()
