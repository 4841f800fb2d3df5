/**
 * The balancer's services and destinations as IPVS has them, both ways.
 *
 * **Details** a foreign service may have what the balancer has no word for: a scheduler of another name is passed on as
 * the kernel spells it, a destination that is local to the director or bypasses it is shown as direct routing.
 *
 * @since 0.1.0
 */
import type {
  Destination,
  Method,
  Persistence,
  Protocol,
  Scheduler,
  SchedulerFlag,
  Service,
  ServiceAddress,
  Tunnel
} from "@holdfast/balancer/Service"
import { keyOf } from "@holdfast/balancer/Service"
import {
  ForwardingMethod,
  type IpvsDestination,
  type IpvsTunnel,
  TunnelFlag,
  TunnelType
} from "@holdfast/netlink/IpvsDestination"
import * as IpvsMessage from "@holdfast/netlink/IpvsMessage"
import { type IpvsService, type IpvsServiceAddress, ServiceFlag } from "@holdfast/netlink/IpvsService"
import { formatEndpoint, isIpv6 } from "@holdfast/wire/Address"

/**
 * Returns what IPVS finds a service by.
 *
 * @category encoding
 * @since 0.1.0
 */
export const addressToIpvs = (address: ServiceAddress): IpvsServiceAddress =>
  address._tag === "Endpoint"
    ? { ...address, protocol: protocolNumbers[address.protocol] }
    : { _tag: "FirewallMark", family: familyNumbers[address.family], mark: address.mark }

/**
 * Returns a service, without its destinations, as IPVS has it.
 *
 * @category encoding
 * @since 0.1.0
 */
export const serviceToIpvs = (service: Service): IpvsService => {
  const { persistence } = service
  const flags = [
    ...service.schedulerFlags.map((flag) => schedulerFlagNumbers[flag]),
    ...(service.onePacket ? [ServiceFlag.onePacket] : []),
    ...(persistence === undefined ? [] : [ServiceFlag.persistent])
  ]
  return {
    address: addressToIpvs(service.address),
    scheduler: service.scheduler,
    flags: flags.reduce((all, flag) => all | flag, 0),
    timeoutSeconds: persistence?.timeoutSeconds ?? 0,
    prefixLength: persistence?.granularity ?? (isInet6(service.address) ? 128 : 32),
    engine: persistence?.engine
  }
}

/**
 * Returns a service that IPVS has, with these destinations; nothing when the balancer has no such protocol.
 *
 * @category decoding
 * @since 0.1.0
 */
export const serviceFromIpvs = (
  service: IpvsService,
  destinations: ReadonlyArray<IpvsDestination>
): Service | undefined => {
  const address = addressFromIpvs(service.address)
  if (address === undefined) return undefined
  return {
    key: keyOf(address),
    address,
    scheduler: service.scheduler as Scheduler,
    schedulerFlags: allSchedulerFlags.filter((flag) => (service.flags & schedulerFlagNumbers[flag]) !== 0),
    onePacket: (service.flags & ServiceFlag.onePacket) !== 0,
    ...((service.flags & ServiceFlag.persistent) !== 0 && { persistence: persistenceOf(service) }),
    destinations: new Map(destinations.map(destinationFromIpvs).map((one) => [one.key, one]))
  }
}

/**
 * Returns a destination as IPVS has it.
 *
 * @category encoding
 * @since 0.1.0
 */
export const destinationToIpvs = ({
  address,
  lowerThreshold,
  method,
  port,
  upperThreshold,
  weight
}: Destination): IpvsDestination => ({
  address,
  port,
  method: methodNumbers[method._tag],
  weight,
  upperThreshold,
  lowerThreshold,
  tunnel: method._tag === "Tunnel" ? tunnelToIpvs(method.tunnel) : undefined
})

/**
 * Returns what a destination of IPVS is found by.
 *
 * @category getters
 * @since 0.1.0
 */
export const keyOfDestination = ({ address, port }: IpvsDestination): string => formatEndpoint(address, port)

const destinationFromIpvs = (destination: IpvsDestination): Destination => ({
  key: keyOfDestination(destination),
  address: destination.address,
  port: destination.port,
  method: methodFromIpvs(destination),
  weight: destination.weight,
  upperThreshold: destination.upperThreshold,
  lowerThreshold: destination.lowerThreshold
})

const addressFromIpvs = (address: IpvsServiceAddress): ServiceAddress | undefined => {
  if (address._tag === "FirewallMark") {
    const family = address.family === IpvsMessage.AF_INET6 ? "inet6" : "inet"
    return { _tag: "FirewallMark", family, mark: address.mark }
  }
  const protocol = protocols.find((name) => protocolNumbers[name] === address.protocol)
  return protocol && { ...address, protocol }
}

const persistenceOf = ({ engine, prefixLength, timeoutSeconds }: IpvsService): Persistence =>
  engine === undefined
    ? { timeoutSeconds, granularity: prefixLength }
    : { timeoutSeconds, granularity: prefixLength, engine }

const methodFromIpvs = ({ method, tunnel }: IpvsDestination): Method => {
  if (method === ForwardingMethod.masquerade) return { _tag: "Nat" }
  return tunnel === undefined ? { _tag: "DirectRouting" } : { _tag: "Tunnel", tunnel: tunnelFromIpvs(tunnel) }
}

const tunnelToIpvs = (tunnel: Tunnel): IpvsTunnel => {
  if (tunnel.type === "ipip") return { type: TunnelType.ipip, port: 0, flags: TunnelFlag.none }
  const flags = checksumFlags[tunnel.checksum]
  return tunnel.type === "gue"
    ? { type: TunnelType.gue, port: tunnel.port, flags }
    : { type: TunnelType.gre, port: 0, flags }
}

const tunnelFromIpvs = ({ flags, port, type }: IpvsTunnel): Tunnel => {
  const checksum = (flags & TunnelFlag.checksum) === 0 ? "nocsum" : "csum"
  if (type === TunnelType.gre) return { type: "gre", checksum }
  if (type !== TunnelType.gue) return { type: "ipip" }
  return { type: "gue", port, checksum: (flags & TunnelFlag.remoteChecksum) === 0 ? checksum : "remcsum" }
}

const isInet6 = (address: ServiceAddress): boolean =>
  address._tag === "Endpoint" ? isIpv6(address.address) : address.family === "inet6"

const protocols = ["TCP", "UDP", "SCTP"] as const

/** IPPROTO_…. */
const protocolNumbers: Readonly<Record<Protocol, number>> = { TCP: 6, UDP: 17, SCTP: 132 }

const familyNumbers = { inet: IpvsMessage.AF_INET, inet6: IpvsMessage.AF_INET6 } as const

const methodNumbers = {
  Nat: ForwardingMethod.masquerade,
  DirectRouting: ForwardingMethod.directRouting,
  Tunnel: ForwardingMethod.tunnel
} as const

const checksumFlags = {
  nocsum: TunnelFlag.none,
  csum: TunnelFlag.checksum,
  remcsum: TunnelFlag.remoteChecksum
} as const

const allSchedulerFlags: ReadonlyArray<SchedulerFlag> = [1, 2, 3]

const schedulerFlagNumbers: Readonly<Record<SchedulerFlag, number>> = {
  1: ServiceFlag.scheduler1,
  2: ServiceFlag.scheduler2,
  3: ServiceFlag.scheduler3
}
