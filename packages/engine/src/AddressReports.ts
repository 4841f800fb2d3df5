/**
 * What the plane of addresses reports, told to the routers and to subscribers.
 *
 * @since 0.1.0
 */
import type { Instant } from "@holdfast/wire/Instant"
import type { AddressEvent } from "./AddressPlane.ts"
import type { EngineEvent } from "./EngineEvent.ts"
import type { Routers } from "./Routers.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface AddressReports {
  readonly tell: (reported: ReadonlyArray<AddressEvent>, at: Instant) => void
}

/**
 * @category constructors
 * @since 0.1.0
 */
export const make = (routers: Routers, publish: (event: EngineEvent) => void): AddressReports => {
  const changeOwnership = (
    { failures, owned, owner }: Extract<AddressEvent, { _tag: "OwnershipChanged" }>,
    at: Instant
  ): void => {
    if (!owned) routers.released(owner)
    const router = routers.named(owner)
    if (router === undefined) {
      if (failures.length > 0)
        publish({ _tag: "AddressesChanged", at, router: owner.trim(), owned, failures })
      return
    }
    if (router.addressesHeld !== owned || failures.length > 0)
      publish({ _tag: "AddressesChanged", at, router: owner, owned, failures })
    router.addressesHeld = owned
    router.addressFailures = failures
    router.step({ _tag: "OwnershipChanged", at, owned, failures })
  }

  const tellOne = (event: AddressEvent, at: Instant): void => {
    if (event._tag === "OwnershipChanged") return changeOwnership(event, at)
    const router = routers.named(event.owner)
    if (router === undefined) return
    if (event._tag === "AddressesRestored")
      publish({ _tag: "AddressesRestored", at, router: event.owner, addresses: event.addresses })
    router.step({ _tag: "AddressesHeld", at, addresses: event.addresses })
  }

  return {
    tell: (reported, at) => {
      for (const event of reported) tellOne(event, at)
    }
  }
}
