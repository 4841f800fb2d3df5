/**
 * From "send an advert" to packets in the outbox: one to the group or one to each peer, encoded, and signed where the router
 * has a key.
 *
 * @since 0.1.0
 */
import * as Authentication from "@holdfast/vrrp/Authentication"
import * as Health from "@holdfast/vrrp/Health"
import { type Parameters, transmitInterface } from "@holdfast/vrrp/Parameters"
import type { State } from "@holdfast/vrrp/State"
import { type IpAddress, isIpv6 } from "@holdfast/wire/Address"
import * as Advertisement from "@holdfast/wire/Advertisement"
import { hopLimitVrrp } from "@holdfast/wire/Ipv4"
import type { OutgoingAdvert } from "./AdvertTransport.ts"
import type { Outbox } from "./Outbox.ts"
import * as Sealing from "./Sealing.ts"

/**
 * What sending needs of the engine. `clockMicros`: now, since 1970.
 *
 * @category models
 * @since 0.1.0
 */
export interface Means {
  readonly outbox: Outbox
  readonly clockMicros: () => number
}

/**
 * Returns what sends the adverts of one router. A router without a source address sends nothing.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = ({ clockMicros, outbox }: Means): ((state: State, priority: number) => void) => {
  const sealer = Sealing.make(clockMicros)
  let made: Made | undefined
  return (state, priority) => {
    const { marks, parameters } = state
    const source = Health.sourceAddress(state)
    if (source === undefined) return
    if (made?.parameters !== parameters || made.priority !== priority || made.source !== source)
      made = { parameters, priority, source, adverts: advertsOf(parameters, priority, source) }
    const heardMax = marks === undefined ? undefined : Authentication.highestSequence(state)
    const seal = sealer.next(parameters.authentication, heardMax)
    const device = transmitInterface(parameters)
    for (const advert of made.adverts) outbox.advert(device, seal(advert))
  }
}

/** Adverts change only with these, so they are made once: before a seal they are the same objects each time. */
interface Made {
  readonly parameters: Parameters
  readonly priority: number
  readonly source: IpAddress
  readonly adverts: ReadonlyArray<OutgoingAdvert>
}

const advertsOf = (
  parameters: Parameters,
  priority: number,
  source: IpAddress
): ReadonlyArray<OutgoingAdvert> => {
  const { transport } = parameters
  const [destinations, hopLimit] =
    transport._tag === "Multicast"
      ? [[transport.group], hopLimitVrrp]
      : [transport.peers.map(({ address }) => address), transport.hopLimit]
  const advertisement = advertisementOf(parameters, priority)
  return destinations.map((destination) => ({
    source,
    destination,
    payload: Advertisement.encode(advertisement, { source, destination }),
    hopLimit
  }))
}

const advertisementOf = (parameters: Parameters, priority: number): Advertisement.Advertisement => {
  const { advertInterval: advertIntervalMicros, vrid } = parameters
  const advertised = parameters.addresses.filter((entry) => entry.advertised)
  const common = { vrid, priority, advertIntervalMicros }
  return parameters.version === 2
    ? {
        version: 2,
        ...common,
        ...Sealing.fieldsOf(parameters.authentication),
        addresses: advertised.flatMap(({ address }) => (isIpv6(address) ? [] : [address]))
      }
    : {
        version: 3,
        ...common,
        checksum: parameters.plainChecksum ? "Plain" : "PseudoHeader",
        addresses: advertised.map((entry) => entry.address)
      }
}
