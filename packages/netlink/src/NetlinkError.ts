/**
 * Why the kernel did not do what it was asked by netlink.
 *
 * @since 0.1.0
 */
import * as Errno from "@holdfast/raw-socket/Errno"
import * as Schema from "effect/Schema"
import type { Acknowledgement } from "./Message.ts"
import type { Request } from "./Request.ts"

/**
 * What went wrong.
 *
 * - `PermissionDenied`: the process lacks CAP_NET_ADMIN in this network namespace.
 * - `LinkNotFound`: there is no such device.
 * - `AlreadyExists`, `NotFound`: the object is there already, or is not there.
 * - `Busy`, `NotSupported`, `Invalid`, `Unreachable`: the kernel cannot do it, now or ever, or with this gateway.
 * - `Refused`: any other error of the kernel; its name is in `code`.
 * - `AnswerLost`, `TimedOut`: whether the kernel did it is not known.
 * - `DumpInterrupted`: the objects kept changing while they were listed.
 * - `Malformed`: the answer is not what was asked for.
 *
 * @category models
 * @since 0.1.0
 */
export const Reason = Schema.Literals([
  "PermissionDenied",
  "LinkNotFound",
  "AlreadyExists",
  "NotFound",
  "Busy",
  "NotSupported",
  "Invalid",
  "Unreachable",
  "Refused",
  "AnswerLost",
  "TimedOut",
  "DumpInterrupted",
  "Malformed"
])

/**
 * @category models
 * @since 0.1.0
 */
export type Reason = typeof Reason.Type

/**
 * A request that was not carried out, or whose outcome is not known.
 *
 * - `operation`, `subject`: what was asked, such as `address-add` and `192.0.2.1/24 on link 2`.
 * - `code`: the name of the kernel's error, such as `EEXIST`; empty when the kernel did not answer.
 * - `text`: what the kernel itself says of it; empty when it says nothing.
 *
 * @category errors
 * @since 0.1.0
 */
export class NetlinkError extends Schema.TaggedError<NetlinkError>()("NetlinkError", {
  operation: Schema.String,
  subject: Schema.String,
  reason: Reason,
  code: Schema.String,
  text: Schema.String
}) {
  /** Says what failed, what the kernel says of it, and what to do. */
  override get message(): string {
    const kernel = [this.code, this.text].filter((part) => part !== "").join(": ")
    const cause = kernel === "" ? this.reason : kernel
    return `${this.operation} ${this.subject}: ${cause}; ${remedies[this.reason]}`
  }
}

/**
 * Returns the error of a request that the kernel refused.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromAcknowledgement = (request: Request, { errno, text }: Acknowledgement): NetlinkError =>
  make(request, reasons[Errno.nameOf(errno)] ?? "Refused", Errno.nameOf(errno), text)

/**
 * Returns the error of a request that has no answer, or no good one.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (request: Request, reason: Reason, code = "", text = ""): NetlinkError =>
  new NetlinkError({ operation: request.operation, subject: request.subject, reason, code, text })

const reasons: Readonly<Record<string, Reason>> = {
  EPERM: "PermissionDenied",
  EACCES: "PermissionDenied",
  ENODEV: "LinkNotFound",
  EEXIST: "AlreadyExists",
  ENOENT: "NotFound",
  ESRCH: "NotFound",
  EADDRNOTAVAIL: "NotFound",
  EBUSY: "Busy",
  // The same number as EOPNOTSUPP.
  ENOTSUP: "NotSupported",
  EAFNOSUPPORT: "NotSupported",
  EPROTONOSUPPORT: "NotSupported",
  EINVAL: "Invalid",
  ERANGE: "Invalid",
  ENETDOWN: "Unreachable",
  ENETUNREACH: "Unreachable",
  EHOSTUNREACH: "Unreachable"
}

const remedies: Readonly<Record<Reason, string>> = {
  PermissionDenied: "it needs CAP_NET_ADMIN in this network namespace: run as root or grant the capability",
  LinkNotFound: "there is no such network device: check its name, or wait until it exists",
  AlreadyExists: "it is there already: use it, replace it, or delete it first",
  NotFound: "it is not there: somebody else may have deleted it",
  Busy: "the kernel is using it: try again, or release it first",
  NotSupported: "this kernel cannot do that: load the module or build the kernel with it",
  Invalid: "a value is not acceptable: check names, addresses and prefix lengths",
  Unreachable:
    "the device is down or the gateway is on no attached network: set the device up, check the gateway",
  Refused: "see netlink(7) and errno(3)",
  AnswerLost: "it may have been done or not: read the state back and try again",
  TimedOut: "it may have been done or not: read the state back and try again",
  DumpInterrupted: "the state keeps changing: try again when it is quieter",
  Malformed: "the kernel answered something else: report this with the kernel's version"
}
