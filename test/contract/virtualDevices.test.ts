/** The contract of `VirtualDevices` on this kernel. Each test has a network namespace of its own. */
import * as ParentSettings from "@holdfast/linux/device/ParentSettings"
import * as VirtualDevices from "@holdfast/linux/device/VirtualDevices"
import { KernelNetwork } from "@holdfast/linux/KernelNetwork"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import { describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { execFileSync } from "node:child_process"
import * as Entry from "../lab/Entry.ts"
import { type DevicesHarness, type RunDevices, virtualDevicesContract } from "./virtualDevices.contract.ts"

const ip = (...words: ReadonlyArray<string>): string =>
  execFileSync("ip", words, { encoding: "utf8", stdio: "pipe" })

interface Shown {
  readonly ifname: string
  readonly link: string
  readonly address: string
  readonly flags: ReadonlyArray<string>
}

const macvlans = (): ReadonlyArray<Shown> =>
  JSON.parse(ip("-json", "link", "show", "type", "macvlan") || "[]")

/** How long a wait lasts; the kernel answers within milliseconds, a loaded machine does not. */
const waitMillisMax = 10_000
const stepMillis = 5

const eventually = Effect.fnUntraced(function* (what: string, check: () => boolean) {
  for (let waited = 0; waited < waitMillisMax; waited += stepMillis) {
    if (check()) return
    yield* Effect.sleep(stepMillis)
  }
  return yield* Effect.die(new Error(`it does not come true that ${what}`))
})

const addLink = (device: string): void => {
  ip("link", "add", device, "type", "veth", "peer", "name", `${device}-peer`)
  ip("link", "set", `${device}-peer`, "up")
  ip("link", "set", device, "up")
}

const harness: DevicesHarness = {
  find: (device) => {
    const shown = macvlans().find(({ ifname }) => ifname === device)
    return shown && { parent: shown.link, mac: shown.address, up: shown.flags.includes("UP") }
  },
  names: () => macvlans().map(({ ifname }) => ifname),
  addForeign: (device, mac) => {
    const kind = ["type", "macvlan", "mode", "private"]
    ip("link", "add", "link", "eth0", "name", device, "address", mac, ...kind)
  },
  addLink,
  deleteLink: (device) => void ip("link", "delete", device),
  rename: (from, to) => {
    ip("link", "set", from, "down")
    ip("link", "set", from, "name", to)
    ip("link", "set", to, "up")
  },
  eventually
}

const layer = VirtualDevices.layer.pipe(
  Layer.provide(ParentSettings.ParentSettings.layer),
  Layer.provide(KernelNetwork.layer)
)

const run: RunDevices = (test) =>
  Effect.gen(function* () {
    yield* Entry.enter(yield* NetworkNamespace.make)
    addLink("eth0")
    addLink("eth1")
    yield* test(harness).pipe(Effect.scoped, Effect.provide(layer))
  }).pipe(Effect.scoped)

describe("linux", () => void virtualDevicesContract(run))
