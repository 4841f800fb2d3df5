/**
 * The entry of the command: the main thread reads the command line, a worker thread runs VRRP.
 *
 * @since 0.1.0
 */
import { isMainThread } from "node:worker_threads"
import * as Command from "./Command.ts"
import * as VrrpThread from "./VrrpThread.ts"

if (isMainThread) Command.main(process.argv.slice(2))
else VrrpThread.main()
