/**
 * What tests of `AddressPlane` on this kernel share: a network namespace for each, levels, and `ip` and `nft` as witnesses.
 */
import { type AddressEvent, AddressPlane, type Ownership } from "@holdfast/engine/AddressPlane"
import * as LinuxAddressPlane from "@holdfast/linux/AddressPlane"
import { ArpGuard } from "@holdfast/linux/device/ArpGuard"
import { ParentSettings } from "@holdfast/linux/device/ParentSettings"
import { KernelNetwork } from "@holdfast/linux/KernelNetwork"
import * as InterfaceAddress from "@holdfast/netlink/InterfaceAddress"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import type { InterfaceName, VirtualAddress } from "@holdfast/vrrp/Parameters"
import type { VirtualRoute } from "@holdfast/vrrp/VirtualRoute"
import type { VirtualRule } from "@holdfast/vrrp/VirtualRule"
import type { IpAddress } from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { execFileSync } from "node:child_process"
import { connect } from "node:net"
import * as Entry from "../lab/Entry.ts"

/** One line, words apart by one blank. */
const flat = (text: string): string => text.replaceAll(/\s+/g, " ").trim()
export const ip = (words: string): string =>
  flat(execFileSync("ip", words.split(" "), { encoding: "utf8", stdio: "pipe" }))
export const nft = (words: string): string =>
  flat(execFileSync("nft", words.split(" "), { encoding: "utf8", stdio: "pipe" }))
/** The rules of both families with our mark. */
export const ruleLines = (): ReadonlyArray<string> =>
  ["-4", "-6"].flatMap((family) =>
    execFileSync("ip", [family, "rule", "show"], { encoding: "utf8" })
      .split("\n")
      .map(flat)
      .filter((line) => line.endsWith("proto 112"))
  )
/** The addresses with our mark, which not every `ip` can show. */
export const marked = Effect.map(
  Effect.flatMap(KernelNetwork, ({ client }) => client.dump(InterfaceAddress.list())),
  (found) => found.filter(({ protocol }) => protocol === 112).map(({ address: text }): string => text)
)

/** Whether a connection to a port where nobody listens is refused: packets are taken, and answered. */
export const isHeard = (text: string): Effect.Effect<boolean> =>
  Effect.callback<boolean>((resume) => {
    const socket = connect({ host: text, port: 1 })
    socket.once("error", () => resume(Effect.succeed(true)))
    return Effect.sync(() => socket.destroy())
  }).pipe(Effect.timeoutOrElse({ duration: "300 millis", orElse: () => Effect.succeed(false) }))

export const eth0 = "eth0" as InterfaceName
const eth1 = "eth1" as InterfaceName

export const addLink = (device: string): void => {
  ip(`link add ${device} type veth peer name ${device}-peer`)
  // So that no link-local address of its own is among those that are looked at.
  for (const end of [device, `${device}-peer`]) ip(`link set ${end} addrgenmode none`)
  ip(`link set ${device}-peer up`)
  ip(`link set ${device} up`)
}

const isRunning = (device: string): boolean => ip(`link show dev ${device}`).includes("state UP")

export const address = (text: string, details: Partial<VirtualAddress> = {}): VirtualAddress => ({
  address: text as IpAddress,
  prefixLength: text.includes(":") ? 128 : 32,
  interface: eth0,
  scope: 0,
  advertised: true,
  tracked: true,
  ...details
})

export const route = (prefix: string, via: string, details: Partial<VirtualRoute> = {}): VirtualRoute => {
  const [text = "", length = ""] = prefix.split("/")
  return {
    family: text.includes(":") ? "Ipv6" : "Ipv4",
    type: "unicast",
    destination: { address: text as IpAddress, length: Number(length) },
    nextHops: [{ via: via as IpAddress, interface: eth0, onlink: false }],
    table: 254,
    protocol: 112,
    tracked: true,
    ...details
  }
}

export const rule = (from: string, table: number, details: Partial<VirtualRule> = {}): VirtualRule => ({
  family: from.includes(":") ? "Ipv6" : "Ipv4",
  action: { _tag: "Table", table },
  from: { address: from as IpAddress, length: from.includes(":") ? 128 : 32 },
  layer3Master: false,
  inverted: false,
  protocol: 112,
  tracked: true,
  ...details
})

export const level = (owned: boolean, parts: Partial<Ownership> = {}): Ownership => ({
  owned,
  addresses: [],
  accept: true,
  routes: [],
  rules: [],
  keepForeign: false,
  ...parts
})

/** Far less than the period of comparisons, which would heal all. */
const waitMax = "10 seconds"
const step = "5 millis"

export const eventually = (what: string, check: () => boolean): Effect.Effect<void> =>
  Effect.sync(check).pipe(
    Effect.delay(step),
    Effect.repeat({ until: (isTrue) => isTrue }),
    Effect.timeoutOrElse({
      duration: waitMax,
      orElse: () => Effect.die(new Error(`it does not come true that ${what}`))
    }),
    Effect.asVoid
  )

/** A plane, and levels that are waited for. */
export const open = Effect.gen(function* () {
  const events: Array<AddressEvent> = []
  const levels = yield* (yield* AddressPlane).open((event) => events.push(event))
  const answers = (): ReadonlyArray<ReadonlyArray<string>> =>
    events.flatMap((event) => (event._tag === "OwnershipChanged" ? [event.failures] : []))
  /** Sets a level, waits until it is carried out, and returns what failed. */
  const settle = Effect.fnUntraced(function* (ownership: Ownership, owner = "web") {
    const before = answers().length
    levels.set(owner, ownership)
    yield* eventually("it is answered", () => answers().length > before)
    return answers().at(-1) ?? []
  })
  return { levels, settle, events }
})

const layer = LinuxAddressPlane.layer.pipe(
  Layer.provide(ArpGuard.layer),
  Layer.provide(ParentSettings.layer),
  Layer.provideMerge(KernelNetwork.layer)
)

/** `eth0` with 192.0.2.1/24 and 2001:db8::1/64, and `eth1`. */
export const run = (
  test: () => Effect.Effect<void, unknown, AddressPlane | KernelNetwork | Scope.Scope>,
  prepare: Effect.Effect<void, unknown> = Effect.void
) =>
  Effect.gen(function* () {
    yield* Entry.enter(yield* NetworkNamespace.make)
    ip("link set lo up")
    for (const device of [eth0, eth1]) addLink(device)
    // A cable gets its carrier a moment after both ends are up; what the kernel tells of that is not part of any test.
    yield* eventually("both devices run", () => [eth0, eth1].every(isRunning))
    ip("address add 192.0.2.1/24 dev eth0")
    ip("address add 2001:db8::1/64 dev eth0 nodad")
    yield* prepare
    yield* test().pipe(Effect.scoped, Effect.provide(layer))
  }).pipe(Effect.scoped)
