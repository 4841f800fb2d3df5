/**
 * A kernel with IPVS for this command's own tests: User-Mode Linux, which needs no virtualisation.
 *
 * @see test/lab/uml/run, which boots it
 * @since 0.1.0
 */
import { spawn, spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

/**
 * Returns whether this kernel has no IPVS, or does not let this process at it.
 *
 * @category getters
 * @since 0.1.0
 */
export const isNeeded = (): boolean => spawnSync("ipvsadm", ["-Ln"], { stdio: "ignore" }).status !== 0

/**
 * Returns whether this process runs in a kernel that `run` booted.
 *
 * @category getters
 * @since 0.1.0
 */
export const isInside = (): boolean => process.env[insideVariable] === "1"

/**
 * Runs a command inside, and gives each line of its output as it comes. Returns its exit status; 125 when the kernel died.
 *
 * @category actions
 * @since 0.1.0
 */
export const run = (command: ReadonlyArray<string>, onLine: (line: string) => void): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(script, ["-t", `${limitSeconds}`, "--", ...command], {
      env: { ...process.env, [insideVariable]: "1" },
      stdio: ["ignore", "pipe", "inherit"]
    })
    let rest = ""
    child.stdout.setEncoding("utf8")
    child.stdout.on("data", (text: string) => {
      const lines = (rest + text).split("\n")
      rest = lines.pop() ?? ""
      for (const line of lines) onLine(line)
    })
    child.on("error", reject)
    child.on("close", (status) => {
      if (rest !== "") onLine(rest)
      resolve(status ?? diedStatus)
    })
  })

const script = fileURLToPath(new URL("run", import.meta.url))
const insideVariable = "HOLDFAST_INSIDE_UML"
/** What the script ends with when the kernel did. */
const diedStatus = 125
/** The tests take five minutes, and more when its one processor is shared. */
const limitSeconds = 1_500
