/**
 * One simulated host: the engine's ports on a `VirtualKernel` and a `SimulatedNetwork`.
 *
 * Each host gives one layer; an engine that is built on it believes that it runs on Linux. The contract suites of
 * `test/contract` hold it to the same rules as the adapter for Linux.
 *
 * **Gotchas** two engines of one program need two layers: `Effect.provide(layer(host), { local: true })`, else the
 * second gets the services of the first.
 *
 * **Example** (Two hosts on one segment)
 *
 * ```ts
 * const network = yield* SimulatedNetwork.make()
 * const r1 = SimulatedHost.make(network, { name: "r1", links: [{ name: "eth0", addresses: ["192.0.2.1/24"] }] })
 * const r2 = SimulatedHost.make(network, { name: "r2", links: [{ name: "eth0", addresses: ["192.0.2.2/24"] }] })
 * yield* program.pipe(Effect.provide(SimulatedHost.layer(r1), { local: true }))
 * ```
 *
 * @since 0.1.0
 */
import { AddressPlane } from "@holdfast/engine/AddressPlane"
import { AdvertTransport } from "@holdfast/engine/AdvertTransport"
import { Announcer } from "@holdfast/engine/Announcer"
import { LinkWatch } from "@holdfast/engine/LinkWatch"
import { VirtualDevices } from "@holdfast/engine/VirtualDevices"
import { WakeTimer } from "@holdfast/engine/WakeTimer"
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { IpAddress } from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SimulatedVirtualDevices from "./SimulatedVirtualDevices.ts"
import * as SimulatedAddressPlane from "./SimulatedAddressPlane.ts"
import * as SimulatedAdvertTransport from "./SimulatedAdvertTransport.ts"
import { Frame, type SimulatedNetwork } from "./SimulatedNetwork.ts"
import * as VirtualKernel from "./VirtualKernel.ts"
import type { VirtualLan } from "./VirtualLan.ts"
import type { Task } from "./World.ts"

/**
 * One host. The fields that can be written are its faults: a test sets them at any time.
 *
 * @category models
 * @since 0.1.0
 */
export interface SimulatedHost {
  readonly name: string
  readonly network: SimulatedNetwork
  readonly kernel: VirtualKernel.VirtualKernel
  /** How long the kernel takes to change addresses, in microseconds. */
  addressDelayMicros: number
  /** Addresses that the kernel refuses, each with its reason. */
  readonly refusedAddresses: Map<IpAddress, string>
  /** Devices on which no channel can be opened, each with its reason. */
  readonly refusedChannels: Map<InterfaceName, string>
  /** The segment that a device is plugged into. */
  readonly lanOf: (device: string) => VirtualLan<Frame>
  /** The name of a device's port on its segment. */
  readonly portOf: (device: string) => string
  /** Makes the receive buffer of a device overflow: so many datagrams are gone. */
  readonly overrun: (device: string, droppedCount: number) => void
  /** Learns of overruns; returns the function that ends it. */
  readonly onOverrun: (observe: (device: string, droppedCount: number) => void) => () => void
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  readonly name: string
  readonly links?: ReadonlyArray<VirtualKernel.LinkOptions> | undefined
  /** Segment by device; a device that is not listed is plugged into `lan`. */
  readonly lans?: Readonly<Record<string, string>> | undefined
}

/**
 * Makes a host.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (network: SimulatedNetwork, options: Options): SimulatedHost => {
  const overrunObservers = new Set<(device: string, droppedCount: number) => void>()
  const kernel = VirtualKernel.make(numberOf(options.name), options.links)
  return {
    name: options.name,
    network,
    kernel,
    addressDelayMicros: 0,
    refusedAddresses: new Map(),
    refusedChannels: new Map(),
    // What is on a device is plugged in where that is.
    lanOf: (device) => network.lan(options.lans?.[kernel.macvlan(device)?.parent ?? device] ?? "lan"),
    portOf: (device) => `${options.name}.${device}`,
    overrun: (device, droppedCount) => {
      for (const observe of overrunObservers) observe(device, droppedCount)
    },
    onOverrun: (observe) => {
      overrunObservers.add(observe)
      return () => {
        overrunObservers.delete(observe)
      }
    }
  }
}

/**
 * The engine's ports on this host.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  host: SimulatedHost
): Layer.Layer<WakeTimer | LinkWatch | AdvertTransport | AddressPlane | Announcer | VirtualDevices> =>
  Layer.mergeAll(
    Layer.succeed(WakeTimer, wakeTimer(host)),
    Layer.succeed(LinkWatch, linkWatch(host)),
    Layer.succeed(AdvertTransport, { open: (channel) => SimulatedAdvertTransport.open(host, channel) }),
    Layer.succeed(AddressPlane, { open: (onEvent) => SimulatedAddressPlane.open(host, onEvent) }),
    Layer.succeed(Announcer, announcer(host)),
    Layer.succeed(VirtualDevices, {
      open: (onFailure) => SimulatedVirtualDevices.open(host, onFailure)
    })
  )

const wakeTimer = ({ network: { world } }: SimulatedHost): WakeTimer["Service"] => ({
  now: world.now,
  // Virtual time wakes on the microsecond.
  leadMicros: 0,
  waitUntil: (deadline) => Math.max(deadline, world.now()) as Task["at"],
  open: (onWake) => {
    let armed: Task | undefined
    const disarm = (): void => {
      if (armed !== undefined) world.cancel(armed)
    }
    const armable = {
      arm: (deadline: Task["at"]) => {
        disarm()
        armed = world.schedule(deadline, () => onWake(world.now()))
      },
      disarm
    }
    return Effect.acquireRelease(Effect.succeed(armable), () => Effect.sync(disarm))
  }
})

/** Changes of one instant are told once, and never from within the call that made them: as netlink would. */
const linkWatch = ({ kernel, network: { world } }: SimulatedHost): LinkWatch["Service"] => ({
  subscribe: (onChange) => {
    let telling: Task | undefined
    const tell = (): void => {
      telling = undefined
      onChange(kernel.links())
    }
    return Effect.acquireRelease(
      Effect.sync(() => {
        onChange(kernel.links())
        return kernel.watch(() => {
          telling ??= world.schedule(world.now(), tell)
        })
      }),
      (unwatch) =>
        Effect.sync(() => {
          unwatch()
          if (telling !== undefined) world.cancel(telling)
        })
    ).pipe(Effect.asVoid)
  }
})

const announcer = (host: SimulatedHost): Announcer["Service"] => ({
  announce: ({ addresses, repeatCount }) => {
    for (const { interface: device, address } of addresses) {
      const link = host.kernel.links().get(device)
      if (link === undefined || !link.up) continue
      for (let repeat = 0; repeat < repeatCount; repeat++)
        host.lanOf(device).send(host.portOf(device), Frame.GratuitousArp({ mac: link.mac, address }))
    }
  },
  // Every burst leaves at once, so nothing ever waits here.
  setPacings: () => {},
  cancel: () => {}
})

/** The number at the end of a name such as `r12`, for hardware addresses that a reader can tell apart. */
const numberOf = (name: string): number => Number(/[0-9]+$/.exec(name)?.[0] ?? 0)
