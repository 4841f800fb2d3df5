/**
 * What of a virtual server nf_tables cannot do, and what is taken instead.
 *
 * **Details**
 * `impossible` is an error: the service would not be there. `notes` are for the operator to know: the service is there
 * and does nearly what was asked. Both are empty for what is exactly as asked.
 *
 * @since 0.1.0
 */
import type { VirtualServer } from "./Parameters.ts"
import type { Method, Scheduler } from "./Service.ts"

/**
 * Says what is done otherwise, in sentences for the operator.
 *
 * @category getters
 * @since 0.1.0
 */
export const notes = (virtualServer: VirtualServer): ReadonlyArray<string> => {
  const servers = virtualServer.realServers
  const scheduler = ofScheduler(virtualServer)
  return [
    ...(scheduler === undefined ? [] : [scheduler]),
    ...(servers.some(({ lowerThreshold, upperThreshold }) => lowerThreshold !== 0 || upperThreshold !== 0)
      ? ["uthreshold and lthreshold have no effect: nf_tables does not count open connections"]
      : []),
    ...(virtualServer.onePacket
      ? ["ops has no effect: datagrams of one client address and port go to one server while the flow lasts"]
      : []),
    ...(virtualServer.persistence?.engine === undefined
      ? []
      : [
          `persistence_engine ${virtualServer.persistence.engine} is not there: clients are told apart by their addresses`
        ])
  ].map((note) => `${virtualServer.name}: ${note}`)
}

/**
 * Says what cannot be done at all.
 *
 * @category getters
 * @since 0.1.0
 */
export const impossible = (virtualServer: VirtualServer): ReadonlyArray<string> =>
  [...virtualServer.realServers, ...virtualServer.sorryServers]
    .filter(({ method }) => method._tag !== "Nat")
    .map(
      ({ key, method }) =>
        `${virtualServer.name}: ${key}: lvs_method ${methodNames[method._tag]} needs IPVS: nf_tables can only do NAT`
    )

const ofScheduler = ({ scheduler, schedulerFlags }: VirtualServer): string | undefined => {
  const instead = substitutes[scheduler]
  if (instead !== undefined) return `lvs_sched ${scheduler} is done as ${instead}`
  return scheduler === "sh" && schedulerFlags.includes(1)
    ? "sh-fallback is always so: servers of weight 0 are never chosen"
    : undefined
}

/** What is not here is exact. lc knows no weights, and neither does rr. */
const substitutes: Partial<Readonly<Record<Scheduler, string>>> = {
  lc: "rr: nf_tables does not count open connections",
  wlc: "wrr: nf_tables does not count open connections",
  sed: "wrr: nf_tables does not count open connections",
  nq: "wrr: nf_tables does not count open connections",
  twos: "wrr: nf_tables does not count open connections",
  ovf: "wrr: nf_tables does not count open connections",
  lblc: "wrr: nf_tables does not remember which server has which destination",
  lblcr: "wrr: nf_tables does not remember which server has which destination",
  mh: "sh: when a server comes or goes, most clients get another one"
}

const methodNames: Readonly<Record<Method["_tag"], string>> = {
  Nat: "NAT",
  DirectRouting: "DR",
  Tunnel: "TUN"
}
