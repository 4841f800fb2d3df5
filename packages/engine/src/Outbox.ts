/**
 * What the steps of one pass want done, in the order that the protocol needs: adverts, then addresses, then announcements.
 *
 * A pass steps every router that has something to hear; its adverts leave in one call per device.
 *
 * @see docs/ARCHITECTURE.md, "The life of an advert"
 * @since 0.1.0
 */
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { Ownership } from "./AddressPlane.ts"
import type { OutgoingAdvert } from "./AdvertTransport.ts"
import type { Burst } from "./Announcer.ts"

/**
 * The edges that an outbox empties into; none of them waits.
 *
 * @category models
 * @since 0.1.0
 */
export interface Edges {
  readonly send: (device: InterfaceName, adverts: ReadonlyArray<OutgoingAdvert>) => void
  readonly setOwnership: (owner: string, ownership: Ownership) => void
  readonly announce: (burst: Burst) => void
}

/**
 * An outbox.
 *
 * @category models
 * @since 0.1.0
 */
export interface Outbox {
  readonly advert: (device: InterfaceName, advert: OutgoingAdvert) => void
  /** Every level is told, in order: an owner that lost its addresses in this pass and took them again holds them anew. */
  readonly ownership: (owner: string, ownership: Ownership) => void
  readonly burst: (burst: Burst) => void
  readonly flush: () => void
  readonly isEmpty: () => boolean
}

/**
 * Makes an outbox over its edges.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (edges: Edges): Outbox => {
  const adverts = new Map<InterfaceName, Array<OutgoingAdvert>>()
  const ownerships: Array<readonly [owner: string, ownership: Ownership]> = []
  const bursts: Array<Burst> = []

  return {
    advert: (device, advert) => {
      const batch = adverts.get(device)
      if (batch === undefined) adverts.set(device, [advert])
      else batch.push(advert)
    },
    ownership: (owner, ownership) => void ownerships.push([owner, ownership]),
    burst: (burst) => void bursts.push(burst),
    isEmpty: () => adverts.size + ownerships.length + bursts.length === 0,
    flush: () => {
      if (adverts.size > 0) {
        for (const [device, batch] of adverts) edges.send(device, batch)
        adverts.clear()
      }
      if (ownerships.length > 0)
        for (const [owner, ownership] of ownerships.splice(0)) edges.setOwnership(owner, ownership)
      if (bursts.length > 0) for (const burst of bursts.splice(0)) edges.announce(burst)
    }
  }
}
