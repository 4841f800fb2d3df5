/**
 * What an engine tells its subscribers: every fact that a person or a program may want to know, once, typed.
 *
 * Log lines are a rendering of these (`describe`), so that nothing can be seen in a log that a program cannot see.
 *
 * @since 0.1.0
 */
import { DropReason, type Fault, RoleName, TransitionCause } from "@holdfast/vrrp/Action"
import { formatSeconds, Instant } from "@holdfast/wire/Instant"
import { Ipv4Address } from "@holdfast/wire/Address"
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
 * - `AdvertDropped`: an advert failed a receive check. Told once per router, reason and source each minute; `count` is how many since the last one told.
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
  RoleChanged: { at: Instant, router: Schema.String, from: RoleName, to: RoleName, cause: TransitionCause },
  AddressesChanged: {
    at: Instant,
    router: Schema.String,
    owned: Schema.Boolean,
    failures: Schema.Array(Schema.String)
  },
  AddressesRestored: { at: Instant, router: Schema.String, addresses: Schema.Array(Ipv4Address) },
  AdvertDropped: {
    at: Instant,
    router: Schema.String,
    reason: DropReason,
    source: Ipv4Address,
    count: Schema.Int
  },
  ForeignRouterHeard: { at: Instant, interface: Schema.String, vrid: Schema.Int, source: Ipv4Address },
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
 * How much a person cares.
 *
 * @category models
 * @since 0.1.0
 */
export type Level = "info" | "warning" | "error"

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
      return {
        level: "warning",
        message: `(${event.router}) dropped ${event.count} advert${event.count === 1 ? "" : "s"} from ${event.source}: ${dropRemedies[event.reason]}`
      }
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
      return `interface ${fault.interface} has no IPv4 address to send from`
  }
}

const dropRemedies: Record<DropReason, string> = {
  NotRunning: "this router is not running",
  AuthenticationHeaderUnexpected: "it carries an authentication header (AH); this router uses none",
  LengthInvalid: "its length does not match its contents",
  HopLimitInvalid: "its TTL is not 255, so it crossed a router or was forged",
  VersionMismatch: "it is not VRRP version 2; set the same `version` on both",
  AuthenticationTypeInvalid: "its authentication type is unknown",
  AuthenticationMismatch: "it uses authentication; this router does not",
  IntervalMismatch: "its advert interval differs; set the same `advert_int` on both",
  TypeInvalid: "it is not an advertisement",
  ChecksumInvalid: "its checksum is wrong",
  TransportMismatch:
    "it is unicast where multicast is configured, or the reverse; give both the same `unicast_peer` set-up",
  AddressListMismatch:
    "its address list differs (the advert counts all the same); set the same `virtual_ipaddress` on both",
  SourceNotPeer: "its source is not among `unicast_peer`"
}
