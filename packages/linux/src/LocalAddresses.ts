/**
 * `LocalAddresses` on rtnetlink: whenever the kernel tells of a change, everything is read again.
 *
 * @since 0.1.0
 */
import { LocalAddresses, LocalAddressesError } from "@holdfast/engine/LocalAddresses"
import * as InterfaceAddress from "@holdfast/netlink/InterfaceAddress"
import * as LocalAddress from "@holdfast/netlink/LocalAddress"
import * as NetlinkClient from "@holdfast/netlink/NetlinkClient"
import * as NetlinkTransport from "@holdfast/netlink/NetlinkTransport"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"

/**
 * The port in the network namespace of the thread that subscribes.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<LocalAddresses> = Layer.succeed(
  LocalAddresses,
  LocalAddresses.of({
    subscribe: Effect.fnUntraced(
      function* (onChange) {
        const changed = yield* Latch.make(false)
        const client = yield* NetlinkClient.make({
          open: NetlinkTransport.kernel({
            groups: [InterfaceAddress.RTNLGRP_IPV4_IFADDR, InterfaceAddress.RTNLGRP_IPV6_IFADDR]
          }),
          onNotifications: () => void changed.openUnsafe(),
          onLoss: () => void changed.openUnsafe()
        })
        const read = Effect.map(client.dump(LocalAddress.list), (addresses) => onChange(new Set(addresses)))
        yield* read
        yield* Effect.gen(function* () {
          yield* changed.await
          changed.closeUnsafe()
          // What cannot be read now is read again at the next change; until then what is known stays.
          yield* Effect.ignore(read)
        }).pipe(Effect.forever, Effect.forkScoped)
      },
      Effect.mapError(
        (error) =>
          new LocalAddressesError({ message: `cannot watch this machine's addresses: ${error.message}` })
      )
    )
  })
)
