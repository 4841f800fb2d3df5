/**
 * What an engine tells its subscribers: every fact that a person or a program may want to know, once, typed.
 *
 * Log lines are a rendering of these (`describe`), so that nothing can be seen in a log that a program cannot see.
 *
 * @since 0.1.0
 */
import { DropReason, type Fault, Mismatch, RoleName, TransitionCause } from "@holdfast/vrrp/Action"
import { formatSeconds, Instant } from "@holdfast/wire/Instant"
import { IpAddress } from "@holdfast/wire/Address"
import type { Subject } from "@holdfast/vrrp/Tracker"
import * as Schema from "effect/Schema"

/**
 * What became of each virtual router when parameters were applied. Names are those wanted, except `removed`.
 *
 * @category models
 * @since 0.1.0
 */
export const ApplyReport = Schema.Struct({
  kept: Schema.Array(Schema.String),
  changed: Schema.Array(Schema.String),
  replaced: Schema.Array(Schema.String),
  added: Schema.Array(Schema.String),
  removed: Schema.Array(Schema.String)
})

/**
 * @category models
 * @since 0.1.0
 */
export type ApplyReport = typeof ApplyReport.Type

/**
 * The events of an engine.
 *
 * - `RoleChanged`: a virtual router took another role, and why.
 * - `AddressesChanged`: its addresses are now held, or gone; `failures` is what the kernel refused.
 * - `AddressesRestored`: somebody else took addresses away; they are back.
 * - `AdvertDropped`: an advert failed a receive check. Told once per router, reason and source each minute, and
 *   not for the first if `ParametersDiffer` tells it; `count` is how many since the last one told.
 * - `ParametersDiffer`: an advert of a peer does not go with our parameters; told once for each peer and each difference.
 * - `PriorityChanged`: trackers changed the priority.
 * - `LowerPriorityHeard`: a Master heard one of lower priority.
 * - `RivalHeard`: two Masters are heard at once; `RivalGone`: that is over, after `togetherMicros`; `yielded` tells whether it
 *   was this router that gave in.
 * - `GroupChanged`: a sync group as a whole took another role.
 * - `DeviceFailed`: a virtual MAC device cannot be made.
 * - `ForeignRouterHeard`: adverts of a VRID that nobody here runs; from now on the kernel drops them for a minute.
 * - `ReceiveOverrun`: the kernel dropped adverts because nobody read them in time.
 * - `SendFailed`: the kernel refused adverts.
 * - `ChannelFailed`: the device cannot carry adverts; its routers are in Fault until it can.
 * - `Applied`: parameters were applied.
 * - `Stopped`: every router has left and its addresses are gone; the last event.
 *
 * @category models
 * @since 0.1.0
 */
export const EngineEvent = Schema.TaggedUnion({
  RoleChanged: {
    at: Instant,
    router: Schema.String,
    from: RoleName,
    to: RoleName,
    cause: TransitionCause,
    /** The priority with which it goes on. */
    priority: Schema.Int
  },
  AddressesChanged: {
    at: Instant,
    router: Schema.String,
    owned: Schema.Boolean,
    failures: Schema.Array(Schema.String)
  },
  AddressesRestored: { at: Instant, router: Schema.String, addresses: Schema.Array(IpAddress) },
  AdvertDropped: {
    at: Instant,
    router: Schema.String,
    reason: DropReason,
    source: IpAddress,
    count: Schema.Int
  },
  ParametersDiffer: { at: Instant, router: Schema.String, source: IpAddress, mismatch: Mismatch },
  PriorityChanged: {
    at: Instant,
    router: Schema.String,
    role: RoleName,
    from: Schema.Int,
    to: Schema.Int
  },
  LowerPriorityHeard: {
    at: Instant,
    router: Schema.String,
    source: IpAddress,
    priority: Schema.Int,
    ownPriority: Schema.Int
  },
  RivalHeard: { at: Instant, router: Schema.String, source: IpAddress, priority: Schema.Int },
  RivalGone: {
    at: Instant,
    router: Schema.String,
    source: IpAddress,
    togetherMicros: Schema.Int,
    yielded: Schema.Boolean
  },
  GroupChanged: {
    at: Instant,
    group: Schema.String,
    kind: Schema.Literals(["Group", "Instance"]),
    from: RoleName,
    to: RoleName
  },
  DeviceFailed: { at: Instant, interface: Schema.String, message: Schema.String },
  ForeignRouterHeard: { at: Instant, interface: Schema.String, vrid: Schema.Int, source: IpAddress },
  ReceiveOverrun: { at: Instant, interface: Schema.String, droppedCount: Schema.Int },
  SendFailed: { at: Instant, interface: Schema.String, failures: Schema.Array(Schema.String) },
  ChannelFailed: { at: Instant, interface: Schema.String, message: Schema.String },
  Applied: { at: Instant, report: ApplyReport },
  Stopped: { at: Instant }
})

/**
 * @category models
 * @since 0.1.0
 */
export type EngineEvent = typeof EngineEvent.Type

/**
 * How much a person cares; `detail` is for the search for faults.
 *
 * @category models
 * @since 0.1.0
 */
export type Level = "detail" | "info" | "warning" | "error"

/**
 * Renders an event as one line for people.
 *
 * @category conversions
 * @since 0.1.0
 */
export const describe = (event: EngineEvent): { readonly level: Level; readonly message: string } => {
  switch (event._tag) {
    case "RoleChanged":
      return {
        level: event.to === "Fault" ? "warning" : "info",
        message: `(${event.router}) ${event.from} -> ${event.to}: ${describeCause(event.cause)}`
      }
    case "AddressesChanged":
      return event.failures.length > 0
        ? { level: "error", message: `(${event.router}) addresses refused: ${event.failures.join("; ")}` }
        : { level: "info", message: `(${event.router}) addresses ${event.owned ? "held" : "given up"}` }
    case "AddressesRestored":
      return {
        level: "warning",
        message: `(${event.router}) ${event.addresses.join(", ")} was gone from its device; put back and announced`
      }
    case "AdvertDropped":
      // It counts, and `ParametersDiffer` has both lists.
      if (event.reason === "AddressListMismatch")
        return {
          level: "detail",
          message: `(${event.router}) ${event.count} advert${event.count === 1 ? "" : "s"} from ${event.source}: ${dropRemedies[event.reason]}`
        }
      return {
        level: "warning",
        message: `(${event.router}) dropped ${event.count} advert${event.count === 1 ? "" : "s"} from ${event.source}: ${dropRemedies[event.reason]}`
      }
    case "ParametersDiffer":
      return {
        level: "warning",
        message: `(${event.router}) ${event.source}: ${describeMismatch(event.mismatch)}`
      }
    case "PriorityChanged":
      return {
        level: "info",
        message: `(${event.router}) priority ${event.from} -> ${event.to}`
      }
    case "LowerPriorityHeard":
      // One for each advert: `RivalHeard` and `RivalGone` tell people.
      return {
        level: "detail",
        message: `(${event.router}) ${event.source} is Master with lower priority ${event.priority}; telling it that we are`
      }
    case "RivalHeard":
      return {
        level: "error",
        message: `(${event.router}) two Masters: ${event.source} with priority ${event.priority} speaks while we are Master; can both hear each other?`
      }
    case "RivalGone":
      return {
        level: "warning",
        message: `(${event.router}) two Masters no more: ${event.yielded ? "we leave the role to" : "nothing heard of"} ${event.source}; both were Master for ${formatSeconds(event.togetherMicros)} s`
      }
    case "GroupChanged":
      return {
        level: event.to === "Fault" ? "warning" : "info",
        message: `group ${event.group} ${event.from} -> ${event.to}`
      }
    case "DeviceFailed":
      return { level: "error", message: `${event.interface}: ${event.message}` }
    case "ForeignRouterHeard":
      return {
        level: "info",
        message: `${event.interface}: ${event.source} sends adverts for VRID ${event.vrid}, which no instance here runs; ignoring it`
      }
    case "ReceiveOverrun":
      return {
        level: "warning",
        message: `${event.interface}: the kernel dropped ${event.droppedCount} adverts because they were not read in time`
      }
    case "SendFailed":
      return { level: "error", message: `${event.interface}: adverts not sent: ${event.failures.join("; ")}` }
    case "ChannelFailed":
      return { level: "error", message: `${event.interface}: ${event.message}` }
    case "Applied":
      return { level: "info", message: `configuration applied: ${describeReport(event.report)}` }
    case "Stopped":
      return { level: "info", message: "stopped" }
  }
}

const describeReport = (report: ApplyReport): string =>
  (["added", "changed", "replaced", "removed", "kept"] as const)
    .filter((kind) => report[kind].length > 0)
    .map((kind) => `${kind} ${report[kind].length}`)
    .join(", ") || "no instances"

const describeCause = (cause: TransitionCause): string => {
  switch (cause._tag) {
    case "Started":
      return "started"
    case "Stopped":
      return "stopped"
    case "AddressOwner":
      return "owner of the addresses (priority 255)"
    case "MasterSilent":
      return `no advert for ${formatSeconds(cause.sinceMicros)} s`
    case "MasterLeft":
      return `${cause.source} left (priority 0)`
    case "LowerPriorityHeard":
      return `${cause.source} has lower priority ${cause.priority}`
    case "GroupPromoted":
      return "every member of its group is ready"
    case "GroupDemoted":
      return `${cause.member} of its group is no longer Master`
    case "Stalled":
      return `this process stood still for ${formatSeconds(cause.silentMicros)} s`
    case "HigherPriorityHeard":
      return `${cause.source} has higher priority ${cause.priority}`
    case "HigherAddressHeard":
      return `${cause.source} has the same priority ${cause.priority} and a higher address`
    case "Faulted":
      return cause.faults.map(describeFault).join(", ")
    case "FaultsCleared":
      return "all faults cleared"
  }
}

/**
 * Renders a fault for people.
 *
 * @category conversions
 * @since 0.1.0
 */
export const describeFault = (fault: Fault): string => {
  switch (fault._tag) {
    case "InterfaceMissing":
      return `interface ${fault.interface} does not exist`
    case "InterfaceDown":
      return `interface ${fault.interface} is down`
    case "NoSourceAddress":
      return `interface ${fault.interface} has no address to send from`
    case "NoPeers":
      return "unicast_peer names no router"
    case "TrackerDown":
      return `${describeSubject(fault.subject)} is down`
    case "TrackerUnknown":
      return `${describeSubject(fault.subject)} has no result yet`
    case "TrackerTooLow":
      return `the number in ${describeSubject(fault.subject)} is too low`
    case "GroupMember":
      return `${fault.member} of its group is in Fault`
  }
}

const describeSubject = (subject: Subject): string =>
  subject._tag === "Interface"
    ? `interface ${subject.interface}`
    : `${subject._tag.toLowerCase()} ${subject.name}`

/**
 * Renders a mismatch for people, with what to change.
 *
 * @category conversions
 * @since 0.1.0
 */
export const describeMismatch = (mismatch: Mismatch): string => {
  switch (mismatch._tag) {
    case "Version":
      return `it speaks VRRP version ${mismatch.theirs}, we speak ${mismatch.ours}; set the same \`version\` on both`
    case "Interval":
      return `its advert interval is ${formatSeconds(mismatch.theirsMicros)} s, ours is ${formatSeconds(mismatch.oursMicros)} s; set the same \`advert_int\` on both`
    case "Checksum":
      return mismatch.ours === "Plain"
        ? "its checksum covers the addresses of the packet, ours does not; set `v3_checksum_as_v2` on both or on none"
        : "its checksum does not cover the addresses of the packet; set `v3_checksum_as_v2` on both or on none"
    case "HopLimit":
      return `its adverts arrive with hop limit ${mismatch.theirs}, so that they cross a router, or are forged`
    case "Transport":
      return `it sends to ${mismatch.destination}; give both the same \`unicast_peer\` set-up`
    case "Authentication":
      return dropRemedies[mismatch.reason]
    case "AddressList":
      return describeAddressLists(mismatch)
    case "EqualPriority":
      return `it has our priority ${mismatch.priority}, so that the higher address decides; give each router its own \`priority\``
  }
}

const describeAddressLists = ({
  disjoint,
  ours,
  theirs
}: Extract<Mismatch, { _tag: "AddressList" }>): string => {
  if (disjoint)
    return `it has our VRID and none of our addresses, but ${theirs.join(", ")}; give one of the two another \`virtual_router_id\`, or both the same \`virtual_ipaddress\``
  const parts = [
    ...(ours.length === 0 ? [] : [`it lacks ${ours.join(", ")}`]),
    ...(theirs.length === 0 ? [] : [`it has ${theirs.join(", ")}, which we have not`])
  ]
  return `${parts.join(", and ")}; set the same \`virtual_ipaddress\` on both`
}

const dropRemedies: Record<DropReason, string> = {
  NotRunning: "this router is not running",
  AuthenticationHeaderMissing: "it carries no authentication header (AH); set the same `auth_type` on both",
  AuthenticationHeaderInvalid:
    "its authentication header (AH) does not verify; set the same `auth_pass` on both",
  HmacMissing: "it is not signed; set the same `auth_hmac` keys on both, or `mode permissive` until you have",
  HmacMalformed: "its signature has an unknown form",
  HmacKeyUnknown: "it is signed with a key we do not have; add that `key` to `auth_hmac`",
  HmacInvalid: "its signature does not verify; set the same `key` on both",
  HmacStale: "it was signed too long ago or in the future; set both clocks, or a larger `time_window`",
  HmacReplayed: "it was heard before: somebody repeats adverts",
  OwnerIgnoresAdverts: "this router owns its addresses, and `owner_ignore_adverts` is set",
  AuthenticationHeaderUnexpected: "it carries an authentication header (AH); this router uses none",
  LengthInvalid: "its length does not match its contents",
  HopLimitInvalid: "its TTL is not 255, so it crossed a router or was forged",
  VersionMismatch: "it is of another VRRP version; set the same `version` on both",
  AuthenticationTypeInvalid: "its authentication type is unknown",
  AuthenticationMismatch: "its authentication is not ours; set the same `auth_type` and `auth_pass` on both",
  IntervalMismatch: "its advert interval differs; set the same `advert_int` on both",
  TypeInvalid: "it is not an advertisement",
  ChecksumInvalid: "its checksum is wrong",
  TransportMismatch:
    "it is unicast where multicast is configured, or the reverse; give both the same `unicast_peer` set-up",
  AddressListMismatch:
    "its address list differs (the advert counts all the same); set the same `virtual_ipaddress` on both",
  SourceNotPeer: "its source is not among `unicast_peer`"
}
