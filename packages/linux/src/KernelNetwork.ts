/**
 * What this kernel's devices and addresses are now, and a client to change them; shared by the adapters of this package.
 *
 * @since 0.1.0
 */
import type { Link, Links } from "@holdfast/engine/LinkWatch"
import * as InterfaceAddress from "@holdfast/netlink/InterfaceAddress"
import * as KernelLink from "@holdfast/netlink/Link"
import { NetlinkClient } from "@holdfast/netlink/NetlinkClient"
import type { NetlinkError } from "@holdfast/netlink/NetlinkError"
import type { NetworkChange } from "@holdfast/netlink/NetworkChange"
import * as NetworkState from "@holdfast/netlink/NetworkState"
import * as NetworkWatch from "@holdfast/netlink/NetworkWatch"
import type { SocketError } from "@holdfast/raw-socket/SocketError"
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { MacAddress } from "@holdfast/wire/Address"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/**
 * The kernel's network, watched.
 *
 * @category services
 * @since 0.1.0
 */
export class KernelNetwork extends Context.Service<
  KernelNetwork,
  {
    readonly client: NetlinkClient["Service"]
    /** As last told by the kernel; addresses that `client` added since the last snapshot are not in it. */
    readonly state: () => NetworkState.NetworkState
    /** The same by name, as the engine wants it. */
    readonly links: () => Links
    /** Calls back with what came together, after `state` shows it, until the returned function is called. */
    readonly onChanges: (listener: (changes: ReadonlyArray<NetworkChange>) => void) => () => void
  }
>()("@holdfast/linux/KernelNetwork") {
  /**
   * The network namespace of the thread that builds the layer.
   *
   * @since 0.1.0
   */
  static readonly layer: Layer.Layer<KernelNetwork, SocketError | NetlinkError> = Layer.effect(
    KernelNetwork,
    Effect.gen(function* () {
      const client = yield* NetlinkClient
      const listeners = new Set<(changes: ReadonlyArray<NetworkChange>) => void>()
      let state = NetworkState.empty
      let links: Links | undefined
      yield* NetworkWatch.make({
        topics: ["links", "addresses"],
        addingPort: client.portId,
        onChanges: (changes) => {
          state = NetworkState.applyAll(state, changes)
          links = undefined
          for (const listener of listeners) listener(changes)
        }
      })
      return KernelNetwork.of({
        client,
        state: () => state,
        links: () => (links ??= linksOf(state)),
        onChanges: (listener) => {
          listeners.add(listener)
          return () => void listeners.delete(listener)
        }
      })
    })
  ).pipe(Layer.provide(NetlinkClient.layer))
}

const linksOf = (state: NetworkState.NetworkState): Links =>
  new Map(
    [...state.links.values()].map((link): [InterfaceName, Link] => [
      link.name as InterfaceName,
      {
        name: link.name as InterfaceName,
        index: link.index,
        mac: link.mac ?? macNone,
        mtu: link.mtu,
        up: KernelLink.isRunning(link),
        addresses: NetworkState.addressesOf(state, link.index).map((entry) => ({
          address: entry.address,
          prefixLength: entry.prefixLength,
          secondary: InterfaceAddress.isSecondary(entry),
          scope: entry.scope,
          tentative: InterfaceAddress.isTentative(entry)
        }))
      }
    ])
  )

/** Devices without a link-layer address, such as tunnels: nobody resolves an address on them. */
const macNone = "00:00:00:00:00:00" as MacAddress
