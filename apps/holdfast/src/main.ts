/**
 * The entry of the command: the main thread reads the command line, a worker thread runs VRRP.
 *
 * Each thread loads its own half: in the bundle, too, what a thread does not need is not evaluated there.
 *
 * @since 0.1.0
 */
import { setFlagsFromString } from "node:v8"
import { isMainThread } from "node:worker_threads"
import * as CommandLine from "./CommandLine.ts"
import * as VrrpWorker from "./VrrpWorker.ts"

/** The optimising compilers of V8 cost more memory than the daemon's own data, and gain nothing for it. */
const baselineOnly = ["--no-opt", "--no-maglev"]

if (isMainThread) {
  if (CommandLine.runsDaemonHere(process.argv.slice(2))) VrrpWorker.prepare()
  const command = await import("./Command.ts")
  command.main(process.argv.slice(2))
} else {
  // Said here and not on the command line, where each thread would start later for it: docs/decisions/0014.
  for (const flag of baselineOnly) setFlagsFromString(flag)
  const vrrpThread = await import("./VrrpThread.ts")
  vrrpThread.main()
}
