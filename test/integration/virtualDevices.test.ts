/**
 * Virtual MAC devices, as the kernel and the wire show them: the settings around them, whose MAC address a client learns
 * for a virtual address, whose address reports of groups carry, and what a killed process leaves.
 */
import { VirtualDevices } from "@holdfast/engine/VirtualDevices"
import * as ArpGuard from "@holdfast/linux/device/ArpGuard"
import * as ParentSettings from "@holdfast/linux/device/ParentSettings"
import * as LinuxDevices from "@holdfast/linux/device/VirtualDevices"
import { KernelNetwork } from "@holdfast/linux/KernelNetwork"
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { VirtualDevice } from "@holdfast/vrrp/SharedParameters"
import type { Ipv4Address, MacAddress } from "@holdfast/wire/Address"
import * as Arp from "@holdfast/wire/Arp"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import * as Capture from "../lab/Capture.ts"
import * as Child from "../lab/Child.ts"
import * as Entry from "../lab/Entry.ts"
import type * as Frame from "../lab/Frame.ts"
import * as Namespace from "../lab/Namespace.ts"
import * as RawSender from "../lab/RawSender.ts"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"

const parentMac = "02:00:00:00:03:b5"
const virtualMac = "00:00:5e:00:01:52"
const virtualAddress = "192.168.3.117"

const ip = (line: string): string => execFileSync("ip", line.split(" "), { encoding: "utf8", stdio: "pipe" })
const setting = (path: string): number => Number(readFileSync(`/proc/sys/net/${path}`, "utf8"))
const change = (path: string, value: number): void => writeFileSync(`/proc/sys/net/${path}`, `${value}`)
const ipv4 = (device: string, names: ReadonlyArray<string>): Readonly<Record<string, number>> =>
  Object.fromEntries(names.map((name) => [name, setting(`ipv4/conf/${device}/${name}`)]))
const parentNames = ["arp_announce", "arp_ignore", "arp_filter", "rp_filter"]

/** A director, whose thread this one becomes, and a client, on one cable: `eth1` of both. */
const cable = Effect.gen(function* () {
  const director = yield* Namespace.make("director")
  const client = yield* Namespace.make("client")
  yield* Entry.enter(director)
  ip("link set lo up")
  ip(`link add eth1 address ${parentMac} type veth peer name eth1 netns ${NetworkNamespace.pathOf(client)}`)
  NetworkNamespace.within(client, () => {
    change("ipv6/conf/eth1/accept_dad", 0)
    ip("address add 192.168.3.10/24 dev eth1")
    ip("address add 2001:db8::10/64 dev eth1")
    ip("link set eth1 up")
  })
  change("ipv6/conf/default/accept_dad", 0)
  change("ipv6/conf/eth1/accept_dad", 0)
  ip("address add 192.168.3.181/24 dev eth1")
  ip("link set eth1 up")
  return { director, client }
})

const layer = Layer.mergeAll(LinuxDevices.layer, ArpGuard.ArpGuard.layer).pipe(
  Layer.provide(ParentSettings.ParentSettings.layer),
  Layer.provide(KernelNetwork.layer)
)

const device = (differences: Partial<VirtualDevice> = {}): VirtualDevice => ({
  name: "uvmac" as InterfaceName,
  parent: "eth1" as InterfaceName,
  mac: virtualMac as VirtualDevice["mac"],
  families: ["Ipv4"],
  ...differences
})

const open = Effect.gen(function* () {
  const devices = yield* VirtualDevices
  return yield* devices.open((failure) => assert.fail(failure.message))
})

const eventually = Effect.fnUntraced(function* (what: string, check: () => boolean) {
  for (let attempt = 0; attempt < 1_000; attempt++) {
    if (check()) return
    yield* Effect.sleep("10 millis")
  }
  return yield* Effect.die(new Error(`it does not come true that ${what}`))
})

/** The answer, also a refusal, comes from the virtual address; so the director has to ask for the client's MAC address. */
const knock = (client: Namespace.Namespace, address: string) =>
  Child.run(client, [
    process.execPath,
    "-e",
    `require("node:net").connect(80, "${address}").on("error", ({ code }) => console.log(code))`
  ])

const neighbourOf = (client: Namespace.Namespace): string =>
  NetworkNamespace.within(client, () => ip(`neighbour show ${virtualAddress} dev eth1`))

const isArpOf =
  (senderMac: string, sender: string) =>
  (frame: Frame.Frame): boolean =>
    frame.kind === "Arp" && frame.senderMac === senderMac && frame.sender === sender

/** A client that asks, and what it has learnt when the director has asked for its address, too. */
const assertNoLeak = Effect.fnUntraced(function* (client: Namespace.Namespace) {
  const frames = yield* Capture.start(client, "eth1", "arp")
  ip(`address add ${virtualAddress}/32 dev uvmac`)

  assert.include(yield* knock(client, virtualAddress), "ECONNREFUSED")

  yield* frames.waitFor(
    "a question of the director's",
    (frame) => frame.kind === "Arp" && frame.sender === "192.168.3.181"
  )
  assert.isFalse(frames.entries.some(isArpOf(parentMac, virtualAddress)))
  assert.isTrue(frames.entries.some(isArpOf(virtualMac, virtualAddress)))
  assert.include(neighbourOf(client), virtualMac)
})

const run = (test: Effect.Effect<void, unknown, VirtualDevices | ArpGuard.ArpGuard | Scope.Scope>) =>
  test.pipe(Effect.scoped, Effect.provide(layer))

describe("settings", () => {
  it.live("are made for the device and its parent, and those of the parent are put back", () =>
    Effect.gen(function* () {
      yield* cable
      const before = ipv4("eth1", parentNames)
      yield* run(
        Effect.gen(function* () {
          const { set } = yield* open
          assert.deepStrictEqual(yield* set([device()]), [])

          assert.deepStrictEqual(ipv4("eth1", parentNames), {
            arp_announce: 2,
            arp_ignore: 1,
            arp_filter: 1,
            rp_filter: before["rp_filter"] === 1 ? 2 : (before["rp_filter"] ?? 0)
          })
          assert.deepStrictEqual(
            ipv4("uvmac", ["arp_ignore", "arp_announce", "accept_local", "rp_filter", "promote_secondaries"]),
            { arp_ignore: 1, arp_announce: 2, accept_local: 1, rp_filter: 0, promote_secondaries: 1 }
          )
          assert.strictEqual(setting("ipv6/conf/uvmac/disable_ipv6"), 1)
          assert.strictEqual(setting("ipv6/conf/uvmac/addr_gen_mode"), 1)
          yield* set([])

          assert.deepStrictEqual(ipv4("eth1", parentNames), before)
        })
      )
    }).pipe(Effect.scoped)
  )

  it.live("that somebody else changed meanwhile are left alone", () =>
    Effect.gen(function* () {
      yield* cable
      yield* run(
        Effect.gen(function* () {
          const { set } = yield* open
          yield* set([device()])
          change("ipv4/conf/eth1/arp_ignore", 2)

          yield* set([])

          assert.strictEqual(setting("ipv4/conf/eth1/arp_ignore"), 2)
          assert.strictEqual(setting("ipv4/conf/eth1/arp_announce"), 0)
        })
      )
    }).pipe(Effect.scoped)
  )

  it.live(
    "for all devices are pushed down to each, so that the virtual one can have another, and put back",
    () =>
      Effect.gen(function* () {
        yield* cable
        ip("link add eth2 type veth peer name eth2-peer")
        change("ipv4/conf/eth1/rp_filter", 0)
        change("ipv4/conf/eth2/rp_filter", 2)
        change("ipv4/conf/all/rp_filter", 1)
        const all = () =>
          ["all", "default", "eth1", "eth2"].map((name) => setting(`ipv4/conf/${name}/rp_filter`))
        const before = all()
        const scope = yield* Scope.make()
        const context = yield* Layer.buildWithScope(layer, scope)
        yield* Effect.gen(function* () {
          const { set } = yield* open
          assert.deepStrictEqual(yield* set([device()]), [])

          assert.deepStrictEqual(all(), [0, 1, 2, 2])
          assert.strictEqual(setting("ipv4/conf/uvmac/rp_filter"), 0)
        }).pipe(Effect.provide(context), Scope.provide(scope))

        yield* Scope.close(scope, Exit.void)

        assert.deepStrictEqual(all(), before)
      }).pipe(Effect.scoped)
  )

  it.live("of the parent's group hold for the device, also when it changes", () =>
    Effect.gen(function* () {
      yield* cable
      ip("link set eth1 group 7")
      yield* run(
        Effect.gen(function* () {
          const { set } = yield* open

          assert.deepStrictEqual(yield* set([device()]), [])

          const group = (): string => JSON.parse(ip("-json link show dev uvmac"))[0].group
          assert.strictEqual(group(), "7")
          ip("link set eth1 group 8")
          yield* eventually("the group is the parent's", () => group() === "8")
        })
      )
    }).pipe(Effect.scoped)
  )
})

describe("ARP", () => {
  it.live("never tells the parent's MAC address for an address of a virtual device", () =>
    Effect.gen(function* () {
      const { client } = yield* cable
      yield* run(
        Effect.gen(function* () {
          const { set } = yield* open
          yield* set([device()])
          yield* assertNoLeak(client)
        })
      )
    }).pipe(Effect.scoped)
  )

  it.live("nor for one on a macvlan that an operator made", () =>
    Effect.gen(function* () {
      const { client } = yield* cable
      const before = ipv4("eth1", parentNames)
      yield* run(
        Effect.gen(function* () {
          const guard = yield* ArpGuard.ArpGuard
          guard.set("VI_1", new Set(["uvmac" as InterfaceName, "eth1" as InterfaceName]))
          ip(`link add link eth1 name uvmac address ${virtualMac} type macvlan mode private`)
          ip("link set uvmac up")
          yield* eventually("the parent is guarded", () => setting("ipv4/conf/eth1/arp_announce") === 2)
          yield* assertNoLeak(client)

          guard.set("VI_1", new Set())

          yield* eventually(
            "the settings are back",
            () => JSON.stringify(ipv4("eth1", parentNames)) === JSON.stringify(before)
          )
        })
      )
    }).pipe(Effect.scoped)
  )
})

const isAnswerToTwin = (frame: Frame.Frame): boolean =>
  frame.kind === "Arp" && frame.operation === 2 && frame.target === virtualAddress

const hasTwinTable = (): boolean =>
  execFileSync("nft", ["list", "tables"], { encoding: "utf8" }).includes("arp holdfast_twins")

describe("the device with the same MAC address on another director", () => {
  it.live("gets no answer to its announcements while the address is still here", () =>
    Effect.gen(function* () {
      const { client } = yield* cable
      yield* run(
        Effect.gen(function* () {
          const guard = yield* ArpGuard.ArpGuard
          const { set } = yield* open
          yield* set([device()])
          ip(`address add ${virtualAddress}/32 dev uvmac`)
          const frames = yield* Capture.start(client, "eth1", "arp")
          const sender = yield* RawSender.make(client, "eth1")
          const announce = sender.send(
            Arp.gratuitousFrame(virtualMac as MacAddress, virtualAddress as Ipv4Address)
          )

          yield* announce
          yield* frames.waitFor("answer without the guard", isAnswerToTwin)

          guard.set("VI_1", new Set(["uvmac" as InterfaceName]))
          yield* eventually("the table is there", hasTwinTable)
          const from = frames.entries.length
          yield* announce
          assert.include(yield* knock(client, virtualAddress), "ECONNREFUSED")
          assert.isEmpty(frames.entries.slice(from).filter(isAnswerToTwin))

          guard.set("VI_1", new Set())
          yield* eventually("the table is gone", () => !hasTwinTable())
        })
      )
    }).pipe(Effect.scoped)
  )
})

/** Of MLD version 2 (RFC 3810), behind a hop-by-hop header of eight bytes. */
const isReport = ({ bytes }: Frame.Frame): boolean => bytes[20] === 0 && bytes[14 + 40 + 8] === 143

describe("reports of groups", () => {
  it.live("leave with the parent's MAC address, never with the virtual one", () =>
    Effect.gen(function* () {
      const { client } = yield* cable
      change("ipv6/conf/all/forwarding", 1)
      const frames = yield* Capture.start(client, "eth1", "ip6")
      yield* run(
        Effect.gen(function* () {
          const { set } = yield* open
          assert.deepStrictEqual(yield* set([device({ families: ["Ipv6"] })]), [])
          const holds = (group: string) => (frame: Frame.Frame) =>
            isReport(frame) && Buffer.from(frame.bytes).toString("hex").includes(group)
          yield* eventually("the device is a router's", () =>
            readFileSync("/proc/net/igmp6", "utf8").includes(
              "uvmac           ff020000000000000000000000000002"
            )
          )

          ip("address add 2001:db8::7/128 dev uvmac nodad")
          yield* frames.waitFor("a report of the address", holds("ff0200000000000000000001ff000007"))
          ip("address delete 2001:db8::7/128 dev uvmac")
          const before = frames.entries.length
          yield* frames.waitFor("another one", holds("ff0200000000000000000001ff000007"), { from: before })

          // The client reports its own groups, too.
          const sources = frames.entries.filter(isReport).map(({ sourceMac }) => sourceMac)
          assert.include(sources, parentMac)
          assert.notInclude(sources, virtualMac)
        })
      )
      assert.notInclude(execFileSync("nft", ["list", "tables"], { encoding: "utf8" }), "holdfast_devices")
    }).pipe(Effect.scoped)
  )
})

describe("reports of groups of IPv4", () => {
  it.live("leave with the parent's MAC address, too", () =>
    Effect.gen(function* () {
      const { client } = yield* cable
      const frames = yield* Capture.start(client, "eth1", "igmp")
      yield* run(
        Effect.gen(function* () {
          const { set } = yield* open
          yield* set([device()])

          ip("address add 239.1.2.3/32 dev uvmac autojoin")

          yield* frames.waitFor("a report", () => true)
          assert.deepStrictEqual([...new Set(frames.entries.map(({ sourceMac }) => sourceMac))], [parentMac])
        })
      )
    }).pipe(Effect.scoped)
  )
})

const victim = fileURLToPath(new URL("./deviceVictim.ts", import.meta.url))
const leftovers = (): ReadonlyArray<string> => [
  ...ip("-oneline address show dev eth1 to 10.0.0.0/8").split("\n").filter(Boolean),
  ...ip("-oneline link show type macvlan").split("\n").filter(Boolean),
  ...execFileSync("nft", ["list", "tables"], { encoding: "utf8" }).split("\n").filter(Boolean)
]

/** Starts the victim and waits until it has everything. */
const startVictim = Effect.fnUntraced(function* (
  director: Namespace.Namespace,
  ...words: ReadonlyArray<string>
) {
  const lines: Array<string> = []
  const child = yield* Child.start(director, [process.execPath, victim, ...words])
  Child.onLines(child.stdout, (line) => lines.push(line))
  Child.onLines(child.stderr, (line) => lines.push(line))
  yield* eventually("the victim is ready", () => lines.includes("ready"))
  assert.deepStrictEqual(lines, ["ready"])
  return child
})

describe("a process that is killed", () => {
  it.live("leaves no address, no device, no rule and no setting", () =>
    Effect.gen(function* () {
      const { director } = yield* cable
      const before = ipv4("eth1", parentNames)
      const child = yield* startVictim(director)
      assert.isAbove(leftovers().length, 1_000)

      yield* child.signal("SIGKILL")

      yield* eventually("everything is gone", () => leftovers().length === 0)
      assert.deepStrictEqual(ipv4("eth1", parentNames), before)
    }).pipe(Effect.scoped)
  )

  it.live("nor when its will was told to end before, or could not read for a while", () =>
    Effect.gen(function* () {
      const { director } = yield* cable
      const child = yield* startVictim(director, "slow")
      const [, will] = Child.tree(child.pid)
      for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.kill(will ?? 0, signal)
      // Time for a list that had to wait to reach the program.
      yield* Effect.sleep("200 millis")

      yield* child.signal("SIGKILL")

      yield* eventually("everything is gone", () => leftovers().length === 0)
    }).pipe(Effect.scoped)
  )

  it.live("and ends in order takes away its devices itself, and its will is not carried out", () =>
    Effect.gen(function* () {
      const { director } = yield* cable
      yield* Child.run(director, [process.execPath, victim, "done"])

      yield* Effect.sleep("300 millis")
      assert.lengthOf(leftovers(), 1_000)
    }).pipe(Effect.scoped)
  )

  it.live("without a will leaves devices that the next process knows by their mark", () =>
    Effect.gen(function* () {
      yield* cable
      for (const name of ["uvmac", "old"]) {
        ip(
          `link add link eth1 name ${name} address ${virtualMac.replace("52", name === "old" ? "53" : "52")} type macvlan mode private`
        )
        ip(`link set ${name} alias holdfast`)
      }
      const index = JSON.parse(ip("-json link show dev uvmac"))[0].ifindex
      yield* run(
        Effect.gen(function* () {
          const { set } = yield* open
          assert.deepStrictEqual(yield* set([device()]), [])

          const shown: ReadonlyArray<{ ifname: string; ifindex: number }> = JSON.parse(
            ip("-json link show type macvlan")
          )
          assert.deepStrictEqual(
            shown.map(({ ifindex, ifname }) => [ifname, ifindex]),
            [["uvmac", index]]
          )
          assert.strictEqual(setting("ipv4/conf/uvmac/arp_ignore"), 1)
        })
      )
      assert.strictEqual(ip("link show type macvlan"), "")
    }).pipe(Effect.scoped)
  )
})

describe("many devices", () => {
  it.live("are made and taken away in good time", () =>
    Effect.gen(function* () {
      yield* cable
      yield* run(
        Effect.gen(function* () {
          const { set } = yield* open
          const many = Array.from({ length: 1_000 }, (_, index) =>
            device({
              name: `v${index}` as InterfaceName,
              mac: `02:00:5e:00:${(index >> 8).toString(16).padStart(2, "0")}:${(index & 0xff).toString(16).padStart(2, "0")}` as VirtualDevice["mac"]
            })
          )
          const startedAt = performance.now()
          assert.deepStrictEqual(yield* set(many), [])
          const madeAt = performance.now()
          assert.lengthOf(ip("-oneline link show type macvlan").trim().split("\n"), 1_000)
          yield* set([])
          if (process.env["SHOW"] !== undefined)
            console.log(`made in ${madeAt - startedAt} ms, gone in ${performance.now() - madeAt} ms`)
          assert.strictEqual(ip("link show type macvlan"), "")
        })
      )
    }).pipe(Effect.scoped)
  )
})
