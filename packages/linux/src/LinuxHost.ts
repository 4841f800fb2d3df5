/**
 * All ports of the engine on this kernel: what an application that runs on Linux gives to `Engine.layer`.
 *
 * @since 0.1.0
 */
import * as Layer from "effect/Layer"
import * as AddressPlane from "./AddressPlane.ts"
import * as AdvertTransport from "./AdvertTransport.ts"
import * as Announcer from "./Announcer.ts"
import { KernelNetwork } from "./KernelNetwork.ts"
import { ArpGuard } from "./device/ArpGuard.ts"
import { ParentSettings } from "./device/ParentSettings.ts"
import * as VirtualDevices from "./device/VirtualDevices.ts"
import * as LinkWatch from "./LinkWatch.ts"
import * as LastWill from "./will/LastWill.ts"
import * as WakeTimer from "./WakeTimer.ts"

const ports = (isOwnThread: boolean) =>
  Layer.mergeAll(
    AddressPlane.layer,
    AdvertTransport.layer(isOwnThread),
    Announcer.layer,
    LinkWatch.layer,
    VirtualDevices.layer,
    WakeTimer.layer
  ).pipe(
    Layer.provide(
      ArpGuard.layer.pipe(Layer.provideMerge(ParentSettings.layer), Layer.provideMerge(KernelNetwork.layer))
    ),
    // Around all that writes to it: what ends in order has nothing left to will.
    Layer.provide(LastWill.layer)
  )

/**
 * The ports in the network namespace of the thread that builds the layer. Needs CAP_NET_ADMIN and CAP_NET_RAW.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = ports(false)

/**
 * The same for a thread that runs the engine and nothing else: it waits up to a millisecond for the rest of a burst of
 * adverts, which halves what a Backup of hundreds of routers costs.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerOfOwnThread = ports(true)
