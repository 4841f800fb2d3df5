/**
 * The synchronisation daemon of IPVS as a level: the halves that shall run, with their settings.
 *
 * @since 0.1.0
 */
import type { SyncDaemon } from "@holdfast/balancer/Parameters"
import * as IpvsConfiguration from "@holdfast/netlink/IpvsConfiguration"
import * as IpvsDaemon from "@holdfast/netlink/IpvsDaemon"
import type { NetlinkClient } from "@holdfast/netlink/NetlinkClient"
import type { NetlinkError } from "@holdfast/netlink/NetlinkError"
import type { Request } from "@holdfast/netlink/Request"
import * as Effect from "effect/Effect"

/**
 * Runs exactly these halves. One that runs with other settings is stopped and started, one that runs as told is left.
 *
 * **Gotchas** `maxLength` is compared only when it is told: the kernel's own depends on the device.
 *
 * @category actions
 * @since 0.1.0
 */
export const set = Effect.fnUntraced(function* (
  client: NetlinkClient["Service"],
  family: number,
  daemon: SyncDaemon,
  wanted: Readonly<Record<IpvsDaemon.Half, boolean>>
): Effect.fn.Return<void, NetlinkError> {
  const running = yield* client.dump(IpvsDaemon.list(family))
  const requests: Array<Request> = []
  for (const half of halves) {
    const present = running.find((one) => one.half === half)
    const level = wanted[half] ? daemonOf(half, daemon) : undefined
    if (present !== undefined && level !== undefined && isEqual(present, level)) continue
    if (present !== undefined) requests.push(IpvsDaemon.stop(family, present))
    if (level !== undefined) requests.push(IpvsDaemon.start(family, level))
  }
  if (requests.length === 0) return
  // The kernel never answers the stop of a half that was started a moment ago: it ends with EINTR, which netlink passes
  // over (netlink_rcv_skb of net/netlink/af_netlink.c). So last comes a request that changes nothing and is answered.
  const outcomes = yield* client.requestAll([...requests, IpvsConfiguration.setTimeouts(family, {})])
  for (const outcome of outcomes) yield* Effect.fromResult(outcome)
})

/**
 * Returns what a refusal means, where that is not what the kernel's error means elsewhere.
 *
 * @category conversions
 * @since 0.1.0
 */
export const explain = (error: NetlinkError): string => {
  const cause = causes[error.code]
  return cause === undefined ? error.message : `${error.operation} ${error.subject}: ${error.code}: ${cause}`
}

const daemonOf = (half: IpvsDaemon.Half, daemon: SyncDaemon): IpvsDaemon.IpvsDaemon => ({
  half,
  interface: daemon.interface,
  syncId: daemon.syncId,
  maxLength: daemon.maxLength,
  port: daemon.port ?? portDefault,
  ttl: daemon.ttl ?? ttlDefault,
  group: daemon.group ?? groupDefault
})

const isEqual = (present: IpvsDaemon.IpvsDaemon, level: IpvsDaemon.IpvsDaemon): boolean =>
  present.interface === level.interface &&
  present.syncId === level.syncId &&
  present.port === level.port &&
  present.ttl === level.ttl &&
  present.group === level.group &&
  (level.maxLength === undefined || present.maxLength === level.maxLength)

const causes: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: "the device has no address of the family of the multicast group, or not yet",
  EINVAL:
    "a setting is out of range, or a server has an address of another family than its service: IPVS does not synchronise that"
}

const halves = ["master", "backup"] as const

/** What the kernel takes by itself (`IP_VS_SYNC_PORT`, `IP_VS_SYNC_GROUP` and one hop). */
const portDefault = 8848
const ttlDefault = 1
const groupDefault = "224.0.0.81" as NonNullable<SyncDaemon["group"]>
