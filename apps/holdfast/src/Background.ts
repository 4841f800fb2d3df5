/**
 * Going to the background: the daemon is started again as a session of its own, and this process waits until it runs.
 *
 * @since 0.1.0
 */
import { spawn } from "node:child_process"
import { closeSync, writeSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as ExitCode from "./ExitCode.ts"

/**
 * Starts the daemon in the background with the same words, and returns the exit code: 0 once its routers run, its own
 * when it ends before.
 *
 * @category commands
 * @since 0.1.0
 */
export const detach = (words: ReadonlyArray<string>): Effect.Effect<number> =>
  Effect.callback<number>((resume) => {
    const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...words, "--dont-fork"], {
      detached: true,
      stdio: ["ignore", "ignore", "pipe", "pipe"],
      env: { ...process.env, [readyVariable]: String(readyDescriptor) }
    })
    child.stderr!.pipe(process.stderr)
    child.stdio[readyDescriptor]!.once("data", () => {
      // Whatever is still open to the daemon would keep this process waiting for it.
      for (const pipe of child.stdio) pipe?.destroy()
      child.unref()
      resume(Effect.succeed(ExitCode.ok))
    })
    child.once("exit", (code) => resume(Effect.succeed(code ?? ExitCode.failed)))
  })

/**
 * Tells the process that waits, if one does, that the routers run.
 *
 * @category commands
 * @since 0.1.0
 */
export const reportReady = (): void => {
  const descriptor = Number(process.env[readyVariable])
  if (!Number.isInteger(descriptor) || descriptor < readyDescriptor) return
  writeSync(descriptor, "ready\n")
  closeSync(descriptor)
}

const readyDescriptor = 3
const readyVariable = "HOLDFAST_READY_FD"
