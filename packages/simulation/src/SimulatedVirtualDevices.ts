/**
 * Virtual MAC devices of one simulated host.
 *
 * A device bears a mark, so that one of a killed run is known; it is up while its parent is.
 *
 * @since 0.1.0
 */
import type { DeviceFailure, DeviceLevels } from "@holdfast/engine/VirtualDevices"
import type { VirtualDevice } from "@holdfast/vrrp/SharedParameters"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { SimulatedHost } from "./SimulatedHost.ts"
import type { VirtualKernel } from "./VirtualKernel.ts"

/**
 * Opens the devices of a host.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = (
  { kernel }: SimulatedHost,
  onFailure: (failure: DeviceFailure) => void
): Effect.Effect<DeviceLevels, never, Scope.Scope> =>
  Effect.gen(function* () {
    let wanted: ReadonlyArray<VirtualDevice> = []
    let told = new Set<string>()
    let isSettling = false

    /** Returns what fails now and did not before. What is changed here is told here, too, and is no news. */
    const settle = (): ReadonlyArray<DeviceFailure> => {
      if (isSettling) return []
      isSettling = true
      const names = new Set(wanted.map(({ name }) => name))
      for (const name of kernel.links().keys())
        if (isMarked(kernel, name) && !names.has(name)) kernel.deleteLink(name)
      const failures = wanted.flatMap((device) => place(kernel, device))
      const news = failures.filter(({ message }) => !told.has(message))
      told = new Set(failures.map(({ message }) => message))
      isSettling = false
      return news
    }
    const set = (devices: ReadonlyArray<VirtualDevice>): ReadonlyArray<DeviceFailure> => {
      wanted = devices
      told = new Set()
      return settle()
    }

    const unwatch = kernel.watch(() => {
      for (const failure of settle()) onFailure(failure)
    })
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        unwatch()
        set([])
      })
    )
    return { set: (devices) => Effect.sync(() => set(devices)) } satisfies DeviceLevels
  })

/** Makes one device what it shall be; returns what is against it. */
const place = (kernel: VirtualKernel, device: VirtualDevice): ReadonlyArray<DeviceFailure> => {
  const { mac, name } = device
  const parent = kernel.links().get(device.parent)
  const link = kernel.links().get(name)
  const isRight = link?.mac === mac && kernel.macvlan(name)?.parent === device.parent
  if (isRight && parent !== undefined) {
    kernel.setUp(name, parent.up)
    return []
  }
  if (link !== undefined && !isMarked(kernel, name))
    return [{ name, message: `${name} is there, with the address ${link.mac}: ip link delete ${name}` }]
  kernel.deleteLink(name)
  if (parent === undefined) return [{ name, message: `${name}: interface ${device.parent} does not exist` }]
  kernel.addLink({ name, mac, parent: device.parent, alias: mark, up: parent.up })
  return []
}

const isMarked = (kernel: VirtualKernel, name: string): boolean => kernel.macvlan(name)?.alias === mark

const mark = "holdfast"
