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
import { isIpv6 } from "@holdfast/wire/Address"
import * as Advertisement from "@holdfast/wire/Advertisement"
import { hopLimitVrrp } from "@holdfast/wire/Ipv4"
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
  const encoded = encodedAdverts()
  const sealer = Sealing.make(clockMicros)
  return (state, priority) => {
    const { parameters } = state
    const source = Health.sourceAddress(state)
    if (source === undefined) return
    const { transport } = parameters
    const [destinations, hopLimit] =
      transport._tag === "Multicast"
        ? [[transport.group], hopLimitVrrp]
        : [transport.peers.map(({ address }) => address), transport.hopLimit]
    const seal = sealer.next(parameters.authentication, Authentication.highestSequence(state))
    for (const destination of destinations)
      outbox.advert(
        transmitInterface(parameters),
        seal({
          source,
          destination,
          payload: encoded(parameters, priority, { source, destination }),
          hopLimit
        })
      )
  }
}

/** Adverts change only with the parameters, the priority and their ends, so the bytes are made once. */
const encodedAdverts = (): ((
  parameters: Parameters,
  priority: number,
  ends: Advertisement.Ends
) => Uint8Array) => {
  let made: {
    readonly parameters: Parameters
    readonly priority: number
    readonly byEnds: Map<string, Uint8Array>
  }
  return (parameters, priority, ends) => {
    if (made?.parameters !== parameters || made.priority !== priority)
      made = { parameters, priority, byEnds: new Map() }
    // The checksum of version 2 covers the message alone.
    const key = parameters.version === 2 ? "" : `${ends.source} ${ends.destination}`
    const known = made.byEnds.get(key)
    if (known !== undefined) return known
    const payload = Advertisement.encode(advertisementOf(parameters, priority), ends)
    made.byEnds.set(key, payload)
    return payload
  }
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
