/**
 * The demo without root: started again in a user namespace, where it may make networks of its own and touches no other.
 *
 * @see user_namespaces(7), unshare(1)
 * @since 0.1.0
 */
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as ExitCode from "../ExitCode.ts"
import * as Signals from "./Signals.ts"
import * as Lifeline from "./Lifeline.ts"

/**
 * Runs the demo again inside and returns its exit code; explains itself when the kernel does not let it.
 *
 * @category commands
 * @since 0.1.0
 */
export const runInside: Effect.Effect<number> = Effect.suspend(() => {
  const attempt = spawnSync(unshare[0], [...unshare.slice(1), "true"], { encoding: "utf8" })
  if (isInside() || attempt.status !== 0) return refuse(attempt.error?.message ?? attempt.stderr.trim())
  return Effect.callback<number>((resume) => {
    const child = Lifeline.start({
      words: ["demo"],
      under: unshare,
      stdio: ["inherit", "inherit", "inherit"],
      env: { [insideVariable]: "1" }
    })
    const forward = (signal: NodeJS.Signals) => void child.kill(signal)
    for (const signal of Signals.stopping) process.on(signal, forward)
    child.on("exit", (code, signal) => {
      for (const stopping of Signals.stopping) process.off(stopping, forward)
      resume(Effect.succeed(code ?? Signals.exitCode(signal ?? "SIGTERM")))
    })
  })
})

/**
 * Whether this is the user namespace that the machine started with.
 *
 * @category guards
 * @since 0.1.0
 */
export const isFirst = (): boolean => allUsers.test(readFileSync("/proc/self/uid_map", "utf8"))

/** Every number stands for itself. */
const allUsers = /^\s*0\s+0\s+4294967295\s*$/

const refuse = (reason: string): Effect.Effect<number> =>
  Effect.sync(() => {
    console.error(
      `holdfast: the demo makes networks of its own, which needs root or user namespaces${reason === "" ? "" : ` (${reason})`}`
    )
    console.error(
      "holdfast: run it as root, or allow user namespaces: user.max_user_namespaces above 0, " +
        "kernel.unprivileged_userns_clone=1 or kernel.apparmor_restrict_unprivileged_userns=0, where the kernel has them (sysctl -w)"
    )
    return ExitCode.permission
  })

/** Once inside, a second attempt would end as the first did. */
const isInside = (): boolean => process.env[insideVariable] !== undefined
const insideVariable = "HOLDFAST_DEMO_INSIDE"

const unshare = ["unshare", "--user", "--map-root-user", "--net"] as const
