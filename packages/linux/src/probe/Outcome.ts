/**
 * What an attempt to reach a server says about it.
 *
 * @since 0.1.0
 */
import type { ProbeResult } from "@holdfast/balancer/Probe"
import type { ConnectionFailure } from "@holdfast/raw-socket/ConnectionTarget"
import * as Errno from "@holdfast/raw-socket/Errno"

/**
 * The server answers.
 *
 * @category constants
 * @since 0.1.0
 */
export const passed: ProbeResult = { _tag: "Passed" }

/**
 * Returns a failure of the server.
 *
 * @category constructors
 * @since 0.1.0
 */
export const failed = (reason: string): ProbeResult => ({ _tag: "Failed", reason })

/**
 * Returns what a failed connection says. What this machine will never give, such as an option that takes a privilege,
 * makes the probe impossible; all else may pass and is a failure, in the words of the system: `connection refused`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const ofFailure = ({ errno, reason, stage }: ConnectionFailure): ProbeResult =>
  stage === "Setup" && impossible.has(Errno.nameOf(errno)) ? { _tag: "Refused", reason } : failed(reason)

const impossible: ReadonlySet<string> = new Set([
  "EPERM",
  "EACCES",
  "EINVAL",
  "EAFNOSUPPORT",
  "EPROTONOSUPPORT",
  "ENOPROTOOPT"
])
