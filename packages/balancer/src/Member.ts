/**
 * One real server in its virtual server: what its checks found, and what follows for its weight.
 *
 * **Details** a server is up if all its checks are; one without checks always is. Nobody's word is needed for a server
 * that serves already: at a start and at a reload it is presumed up until a check says otherwise, so that neither disturbs
 * its connections. Any other server takes no traffic before its checks have passed.
 *
 * @since 0.1.0
 */
import { type Instant, type Micros, plus } from "@holdfast/wire/Instant"
import type { Decided } from "./Checker.ts"
import type { RealServer } from "./Parameters.ts"
import * as PlainData from "./PlainData.ts"
import type { Check, Probe, WeightAdjustment } from "./Probe.ts"

/**
 * What is known by one check. `Presumed` counts as up: the server served when this check had not decided yet.
 *
 * @category models
 * @since 0.1.0
 */
export type Finding =
  | { readonly verdict: "Unknown" }
  | { readonly verdict: "Presumed" | "Up"; readonly adjustment?: WeightAdjustment }
  | { readonly verdict: "Down"; readonly reason: string }

/**
 * - `Unchecked`: not up, and no check has failed: some have not decided.
 *
 * @category models
 * @since 0.1.0
 */
export type Health = "Unchecked" | "Up" | "Down"

/**
 * The state of one real server.
 *
 * - `findings`: one for each check, in the order of `server.checks`.
 * - `told`: what was announced last.
 * - `since`: when its health became this.
 * - `weight`: configured and adjusted by its checks; what the quorum counts.
 * - `risingSince`: it came up then, and its weight grows since.
 *
 * @category models
 * @since 0.1.0
 */
export interface Member {
  readonly server: RealServer
  readonly findings: ReadonlyArray<Finding>
  readonly health: Health
  readonly told: "Up" | "Down" | undefined
  readonly since: Instant
  readonly weight: number
  readonly risingSince: Instant | undefined
}

/**
 * Returns a server that begins. It is presumed up if the kernel has it with a weight above 0 (`servedWeight`), and else
 * unchecked; one with an alpha check is down.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (server: RealServer, at: Instant, servedWeight: number): Member => {
  const isAlpha = server.checks.some(({ alpha }) => alpha)
  const fallback = servedWeight > 0 && !isAlpha ? presumed : unknown
  const findings = server.checks.map(({ alpha, probe }) =>
    alpha ? alphaDown : fallback === presumed && isDynamic(probe) ? presumedAt(servedWeight) : fallback
  )
  const begun: Member = {
    server,
    findings,
    health: "Unchecked",
    told: undefined,
    since: at,
    weight: 0,
    risingSince: undefined
  }
  return { ...settle(begun, at), risingSince: undefined }
}

/**
 * Returns a server after one of its checks decided. It is as it was when that is no news, or when it has no such check.
 *
 * @category steps
 * @since 0.1.0
 */
export const decide = (member: Member, index: number, decided: Decided, at: Instant): Member => {
  const before = member.findings[index]
  const finding = findingOf(decided)
  if (before === undefined || PlainData.equals(before, finding)) return member
  return settle({ ...member, findings: member.findings.with(index, finding) }, at)
}

/**
 * Returns a server that a reload kept, with its new parameters. A check that is equal by value keeps what it knows, wherever
 * it stands now. Where the server was up, a changed or a new check is presumed to pass until it says otherwise.
 *
 * @category steps
 * @since 0.1.0
 */
export const reconfigure = (member: Member, server: RealServer, at: Instant): Member => {
  if (server === member.server) return member
  const fallback = member.health === "Up" ? presumed : unknown
  const findings = server.checks.map((check, index) => known(member, check, index) ?? fallback)
  return settle({ ...member, server, findings }, at)
}

/**
 * Returns a server that comes back while its connections are awaited. Nobody has checked it since it left, so that its
 * passes are presumed.
 *
 * @category steps
 * @since 0.1.0
 */
export const readmit = (member: Member, server: RealServer, at: Instant): Member =>
  reconfigure(
    {
      ...member,
      findings: member.findings.map((finding) =>
        finding.verdict === "Up" ? { ...finding, verdict: "Presumed" } : finding
      )
    },
    server,
    at
  )

/**
 * Returns why a server is down, by its first check that says so.
 *
 * @category queries
 * @since 0.1.0
 */
export const reasonOf = ({ findings }: Member): string | undefined => {
  for (const finding of findings) if (finding.verdict === "Down") return finding.reason
  return undefined
}

/**
 * Returns the weight while it grows: from 1 to its own, in equal steps over `slowStart`.
 *
 * @category queries
 * @since 0.1.0
 */
export const weightAt = (member: Member, slowStart: Micros, at: Instant): number => {
  const { risingSince, weight } = member
  if (risingSince === undefined) return weight
  const count = stepCount(weight)
  if (count === 0 || at >= plus(risingSince, slowStart)) return weight
  const taken = Math.floor((Math.max(at - risingSince, 0) * count) / slowStart)
  return 1 + Math.floor(((weight - 1) * taken) / count)
}

/**
 * Returns when the weight grows next; nothing when it is its own.
 *
 * @category queries
 * @since 0.1.0
 */
export const nextRiseAt = (member: Member, slowStart: Micros, at: Instant): Instant | undefined => {
  const { risingSince, weight } = member
  if (risingSince === undefined || at >= plus(risingSince, slowStart)) return undefined
  const count = stepCount(weight)
  if (count === 0) return plus(risingSince, slowStart)
  const taken = Math.floor((Math.max(at - risingSince, 0) * count) / slowStart)
  return plus(risingSince, Math.ceil(((taken + 1) * slowStart) / count) as Micros)
}

const stepCount = (weight: number): number => Math.min(Math.max(weight - 1, 0), riseStepsMax)

/** Derives health and weight from the findings. */
const settle = (member: Member, at: Instant): Member => {
  const health = healthOf(member.findings)
  const hasChanged = health !== member.health
  return {
    ...member,
    health,
    since: hasChanged ? at : member.since,
    weight: weightOf(member.server.weight, member.findings),
    risingSince: health !== "Up" ? undefined : hasChanged ? at : member.risingSince
  }
}

const healthOf = (findings: ReadonlyArray<Finding>): Health => {
  let health: Health = "Up"
  for (const { verdict } of findings) {
    if (verdict === "Down") return "Down"
    if (verdict === "Unknown") health = "Unchecked"
  }
  return health
}

/** The last `Set` in the order of the checks replaces the configured weight; every `Add` is added. */
const weightOf = (configured: number, findings: ReadonlyArray<Finding>): number => {
  let [base, sum] = [configured, 0]
  for (const finding of findings) {
    if (!("adjustment" in finding) || finding.adjustment === undefined) continue
    if (finding.adjustment._tag === "Set") base = finding.adjustment.weight
    else sum += finding.adjustment.weight
  }
  return Math.min(Math.max(base + sum, 0), weightMax)
}

/** What a kept server knows of a check: by its place first, because most reloads leave the order. */
const known = ({ findings, server }: Member, check: Check, index: number): Finding | undefined => {
  const place = isSameCheck(server.checks[index], check)
    ? index
    : server.checks.findIndex((before) => isSameCheck(before, check))
  return findings[place]
}

/** `alpha` is of the first time alone. */
const isSameCheck = (left: Check | undefined, right: Check): boolean =>
  left === right ||
  (left !== undefined &&
    PlainData.equals(left.probe, right.probe) &&
    PlainData.equals(left.timing, right.timing))

/** The common ones are shared: there are tens of thousands. */
const findingOf = (decided: Decided): Finding => {
  if (decided.verdict === "Down") return { verdict: "Down", reason: decided.reason }
  return decided.adjustment === undefined ? up : { verdict: "Up", adjustment: decided.adjustment }
}

/** Whether the weight in the kernel may be one that the probe asked for: then that one holds until it reports. */
const isDynamic = (probe: Probe): boolean =>
  probe._tag === "File" || (probe._tag === "Script" && probe.dynamic)

const presumedAt = (weight: number): Finding => ({ verdict: "Presumed", adjustment: { _tag: "Set", weight } })

const unknown: Finding = { verdict: "Unknown" }
const presumed: Finding = { verdict: "Presumed" }
const up: Finding = { verdict: "Up" }
const alphaDown: Finding = { verdict: "Down", reason: "not checked yet (alpha)" }

/** As keepalived bounds them; the kernel's field is larger. */
const weightMax = 65_535

/** Each step is an edit of the kernel's table; more than these nobody sees in the traffic. */
const riseStepsMax = 50
