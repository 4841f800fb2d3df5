/**
 * A process with virtual devices and a last will that waits to be killed. Prints `ready`.
 *
 * With the argument `done` it ends in order; with `slow` its will is stopped while it writes more than a pipe holds.
 *
 * @since 0.1.0
 */
import { VirtualDevices } from "@holdfast/engine/VirtualDevices"
import * as ParentSettings from "@holdfast/linux/device/ParentSettings"
import * as LinuxDevices from "@holdfast/linux/device/VirtualDevices"
import { KernelNetwork } from "@holdfast/linux/KernelNetwork"
import * as LastWill from "@holdfast/linux/will/LastWill"
import * as InterfaceAddress from "@holdfast/netlink/InterfaceAddress"
import * as NetworkState from "@holdfast/netlink/NetworkState"
import type { VirtualDevice } from "@holdfast/vrrp/SharedParameters"
import type { IpAddress } from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { readFileSync } from "node:fs"

const device = {
  name: "uvmac",
  parent: "eth1",
  mac: "00:00:5e:00:01:52",
  families: ["Ipv4"]
} as unknown as VirtualDevice

const addressesOn = (linkIndex: number): ReadonlyArray<InterfaceAddress.NewAddress> =>
  Array.from({ length: 1_000 }, (_, index) => ({
    linkIndex,
    address: `10.0.${index >> 8}.${index & 0xff}` as IpAddress,
    prefixLength: 32
  }))

const layer = LinuxDevices.layer.pipe(
  Layer.provideMerge(ParentSettings.ParentSettings.layer),
  Layer.provideMerge(KernelNetwork.layer),
  Layer.provideMerge(LastWill.layer)
)

/** Writes again and again while the program of the will is stopped, which must not stop this one. */
const whileStalled = (write: () => void): void => {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8")
  const pid = Number(children.trim())
  process.kill(pid, "SIGSTOP")
  for (let round = 0; round < 50; round++) write()
  process.kill(pid, "SIGCONT")
}

const program = Effect.gen(function* () {
  const network = yield* KernelNetwork
  const will = yield* LastWill.LastWill
  const devices = yield* VirtualDevices
  // The engine that opens the devices knows of no will: their layer has it.
  const { set } = yield* Effect.provideService(
    devices.open((failure) => console.log(failure.message)),
    LastWill.LastWill,
    { write: () => {} }
  )
  for (const { message } of yield* set([device])) console.log(message)
  const linkIndex = NetworkState.linkByName(network.state(), "eth1")?.index ?? 0
  const entries = addressesOn(linkIndex)
  yield* network.client.requestAll(entries.map((entry) => InterfaceAddress.add(entry)))
  const removals = entries.map(InterfaceAddress.remove)
  const others = removals.map((request) => ({ ...request, type: 0xff }))
  if (process.argv.includes("slow")) whileStalled(() => will.write("addresses", others))
  will.write("addresses", removals)
  console.log("ready")
  if (!process.argv.includes("done")) return yield* Effect.never
})

await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(layer)))
