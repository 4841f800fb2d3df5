/**
 * The entry of the command: the main thread reads the command line, a worker thread runs VRRP.
 *
 * Each thread loads its own half: in the bundle, too, what a thread does not need is not evaluated there.
 *
 * @since 0.1.0
 */
import { isMainThread } from "node:worker_threads"
import * as CommandLine from "./CommandLine.ts"
import * as VrrpWorker from "./VrrpWorker.ts"

if (isMainThread) {
  if (CommandLine.runsDaemonHere(process.argv.slice(2))) VrrpWorker.prepare()
  const command = await import("./Command.ts")
  command.main(process.argv.slice(2))
} else {
  const vrrpThread = await import("./VrrpThread.ts")
  vrrpThread.main()
}
