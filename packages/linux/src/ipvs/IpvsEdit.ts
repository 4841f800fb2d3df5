/**
 * The edits of a forwarding table as requests to IPVS, and what its refusals mean.
 *
 * @since 0.1.0
 */
import type { Edit } from "@holdfast/balancer/ForwardingTable"
import type { Service } from "@holdfast/balancer/Service"
import type { Refusal } from "@holdfast/engine/ForwardingPlane"
import * as IpvsDestination from "@holdfast/netlink/IpvsDestination"
import * as IpvsService from "@holdfast/netlink/IpvsService"
import type { NetlinkError } from "@holdfast/netlink/NetlinkError"
import type { Request } from "@holdfast/netlink/Request"
import * as IpvsTable from "./IpvsTable.ts"

/**
 * Returns the request that carries an edit out. `family` is the message type of IPVS.
 *
 * @category requests
 * @since 0.1.0
 */
export const requestOf = (family: number, edit: Edit): Request => {
  const address = IpvsTable.addressToIpvs(edit.service.address)
  switch (edit._tag) {
    case "AddService":
      return IpvsService.add(family, IpvsTable.serviceToIpvs(edit.service))
    case "ChangeService":
      return IpvsService.change(family, IpvsTable.serviceToIpvs(edit.service))
    case "RemoveService":
      return IpvsService.remove(family, address)
    case "AddDestination":
      return IpvsDestination.add(family, address, IpvsTable.destinationToIpvs(edit.destination))
    case "ChangeDestination":
      return IpvsDestination.change(family, address, IpvsTable.destinationToIpvs(edit.destination))
    case "RemoveDestination":
      return IpvsDestination.remove(family, address, edit.destination)
  }
}

/**
 * Returns what a refusal of the kernel means for the one who asked.
 *
 * IPVS says ESRCH when there is no such service. ENOENT means of a destination that it is not there, but of a service
 * that the kernel has no such scheduler or persistence engine.
 *
 * @category conversions
 * @since 0.1.0
 */
export const refusalOf = (edit: Edit, error: NetlinkError): Refusal => {
  const isOfService = edit._tag === "AddService" || edit._tag === "ChangeService"
  const lacksModule = isOfService && error.code === "ENOENT"
  return {
    edit,
    mismatch: !lacksModule && (error.reason === "AlreadyExists" || error.reason === "NotFound"),
    message: lacksModule ? lackOf(edit.service) : reasonOf(edit, error)
  }
}

const lackOf = ({ persistence, scheduler }: Service): string => {
  const parts = [`scheduler ${scheduler} (modprobe ip_vs_${scheduler})`]
  const engine = persistence?.engine
  if (engine !== undefined) parts.push(`persistence engine ${engine} (modprobe ip_vs_pe_${engine})`)
  return `this kernel has no ${parts.join(" or no ")}`
}

const reasonOf = (edit: Edit, error: NetlinkError): string => {
  if (error.code === "ESRCH") return "the kernel has no such service: somebody else removed it"
  if (error.reason === "AlreadyExists") return "it is there already: somebody else added it"
  if (error.code === "ENOENT") return "it is not there: somebody else removed it"
  if (error.code === "ERANGE") return "the weight or the thresholds are out of range"
  // IPVS checks that a destination is one: the commonest mistake that is left.
  if (edit._tag === "AddDestination" && error.reason === "Invalid")
    return "the kernel does not take this address, or this family of addresses with this method (EINVAL)"
  return error.message
}
