/**
 * What `strict_mode` and `vrrp_strict` change: an instance keeps to the RFC where keepalived does not.
 *
 * **Details** what keepalived sets back is a warning and set back here; what it refuses is an error.
 *
 * @see RFC 3768, RFC 9568
 * @since 0.1.0
 */
import type { Parameters } from "@holdfast/vrrp/Parameters"
import { priorityOwner, defaults } from "@holdfast/vrrp/Parameters"
import * as Instant from "@holdfast/wire/Instant"
import type { Report } from "./Diagnostic.ts"
import type { VrrpInstance } from "./VrrpInstance.ts"

/**
 * Reports what an instance says that strict mode excludes.
 *
 * @category compiling
 * @since 0.1.0
 */
export const check = (instance: VrrpInstance, parameters: Parameters, report: Report): void => {
  const own = instance.settings.values
  const { authentication, version } = parameters
  if (own.unicast_peer !== undefined)
    report.error(own.unicast_peer.span, "strict mode has no unicast peers", "remove one of them")
  if (own.auth_hmac !== undefined && authentication?._tag === "Hmac" && authentication.mode !== "Enforce")
    report.error(own.auth_hmac.span, "strict mode needs mode enforce in auth_hmac", "remove one of them")
  const isOwner = parameters.priority === priorityOwner
  const excluded = [
    own.authentication !== undefined && version === 2 ? own.authentication : undefined,
    (own.preempt_delay?.value ?? 0) > 0 ? own.preempt_delay : undefined,
    version === 2 && !isOwner ? own.accept : undefined,
    (own.garp_lower_prio_repeat?.value ?? 0) > 0 ? own.garp_lower_prio_repeat : undefined,
    (own.garp_lower_prio_delay?.value ?? 0) > 0 ? own.garp_lower_prio_delay : undefined,
    own.lower_prio_no_advert?.value === false ? own.lower_prio_no_advert : undefined,
    own.higher_prio_send_advert?.value === true ? own.higher_prio_send_advert : undefined,
    parameters.downAdverts === defaults.downAdverts ? undefined : own.down_timer_adverts
  ]
  for (const [index, setting] of excluded.entries()) {
    if (setting !== undefined)
      report.warning(setting.span, `${names[index]} has no effect in strict mode`, "remove one of them")
  }
  if (own.state !== undefined && (own.state.value === "Master") !== isOwner) {
    const remedy = "the router starts as its priority says; write the other state"
    report.warning(
      own.state.span,
      "in strict mode state MASTER is for priority 255, and BACKUP for all others",
      remedy
    )
  }
  reportDeaf(instance, parameters, report)
}

const names = [
  "authentication",
  "preempt_delay",
  "accept of VRRP version 2",
  "garp_lower_prio_repeat",
  "garp_lower_prio_delay",
  "lower_prio_no_advert off",
  "higher_prio_send_advert",
  "down_timer_adverts"
]

/** What surprises most of those who copied a sample: nobody can talk to the addresses, nor ping them. */
const reportDeaf = (instance: VrrpInstance, parameters: Parameters, report: Report): void => {
  const own = instance.settings.values
  if (accepts(parameters, own.accept !== undefined) || own.no_accept !== undefined) return
  const place = own.strict_mode ?? own.virtual_ipaddress ?? instance.name
  const message =
    "STRICT MODE MAKES THE ADDRESSES DEAF: while this router is Master, every packet to them is dropped, pings and connections too"
  const remedy =
    parameters.version === 3
      ? "remove strict_mode or vrrp_strict, or add accept; keep it where packets are routed through the addresses alone"
      : "remove strict_mode or vrrp_strict; keep it where packets are routed through the addresses alone"
  report.warning(place.span, message, remedy)
}

/** RFC 9568 section 6.1: Accept_Mode is off unless it is asked for; version 2 knows none (RFC 3768 section 6.4.3). */
const accepts = ({ priority, version }: Parameters, asked: boolean): boolean =>
  priority === priorityOwner || (version === 3 && asked)

/**
 * Returns the parameters as strict mode has them.
 *
 * @category compiling
 * @since 0.1.0
 */
export const apply = (instance: VrrpInstance, parameters: Parameters): Parameters => {
  const { authentication, ...rest } = parameters
  const { accept, no_accept } = instance.settings.values
  const asked =
    accept !== undefined && (no_accept === undefined || no_accept.span.offset < accept.span.offset)
  return {
    ...rest,
    ...(authentication?._tag === "Hmac" ? { authentication } : {}),
    preemptDelay: Instant.seconds(0),
    accept: accepts(parameters, asked),
    announcement: {
      ...parameters.announcement,
      lowerPriorityDelay: Instant.seconds(0),
      lowerPriorityRepeatCount: 0
    },
    answerLowerPriority: false,
    answerHigherPriority: false,
    downAdverts: defaults.downAdverts
  }
}
