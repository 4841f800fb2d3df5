import * as Service from "@holdfast/balancer/Service"
import { formatEndpoint, type IpAddress } from "@holdfast/wire/Address"

export const endpoint = (
  address: string,
  port: number,
  protocol: Service.Protocol = "TCP"
): Service.ServiceAddress => ({ _tag: "Endpoint", protocol, address: address as IpAddress, port })

export const server = (
  address: string,
  port: number,
  weight = 1,
  differences: Partial<Service.Destination> = {}
): Service.Destination => ({
  key: formatEndpoint(address as IpAddress, port),
  address: address as IpAddress,
  port,
  method: { _tag: "Nat" },
  weight,
  upperThreshold: 0,
  lowerThreshold: 0,
  ...differences
})

export const serviceOf = (
  address: Service.ServiceAddress,
  servers: ReadonlyArray<Service.Destination>,
  differences: Partial<Service.Service> = {}
): Service.Service => ({
  key: Service.keyOf(address),
  address,
  scheduler: "wrr",
  schedulerFlags: [],
  onePacket: false,
  ...differences,
  destinations: new Map(servers.map((one) => [one.key, one]))
})
