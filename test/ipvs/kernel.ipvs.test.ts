/** Everything that IPVS can be told, as `ipvsadm` sees it. */
import * as ForwardingTable from "@holdfast/balancer/ForwardingTable"
import { type Destination, schedulers, type Service } from "@holdfast/balancer/Service"
import { ForwardingPlane } from "@holdfast/engine/ForwardingPlane"
import * as Linux from "@holdfast/linux/ForwardingPlane"
import { assert, describe, it } from "@effect/vitest"
import type { IpAddress } from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { readFileSync, writeFileSync } from "node:fs"
import { execFileSync } from "node:child_process"
import * as UserModeLinux from "../lab/uml/UserModeLinux.ts"
import {
  additionOf,
  endpoint,
  mark,
  server,
  serviceOf,
  sorted,
  tableOf
} from "../contract/ForwardingPlaneHarness.ts"
import * as Laboratory from "./Laboratory.ts"

const address = endpoint("TCP", "192.0.2.1", 80)
const address6 = endpoint("TCP", "fd00::1", 443)

/** A service and the lines of `ipvsadm -Sn` that describe it. */
type Case = readonly [rule: string, service: Service, saved: ReadonlyArray<string>]

/** No kernel of Debian has `twos`. */
const present = schedulers.filter((scheduler) => scheduler !== "twos")

const service = (differences: Partial<Service>, on = address) => serviceOf(on, [], differences)
const persistent = (timeoutSeconds: number, granularity: number, engine?: string): Partial<Service> => ({
  persistence: { timeoutSeconds, granularity, ...(engine !== undefined && { engine }) }
})
const udp = endpoint("UDP", "192.0.2.1", 5060)

const serviceCases: ReadonlyArray<Case> = [
  ...present.map((scheduler): Case => [
    `scheduler ${scheduler}`,
    service({ scheduler }),
    [`-A -t 192.0.2.1:80 -s ${scheduler}`]
  ]),
  [
    "sh-fallback",
    service({ scheduler: "sh", schedulerFlags: [1] }),
    ["-A -t 192.0.2.1:80 -s sh -b sh-fallback"]
  ],
  ["sh-port", service({ scheduler: "sh", schedulerFlags: [2] }), ["-A -t 192.0.2.1:80 -s sh -b sh-port"]],
  [
    "mh-fallback and mh-port",
    service({ scheduler: "mh", schedulerFlags: [1, 2] }),
    ["-A -t 192.0.2.1:80 -s mh -b mh-fallback,mh-port"]
  ],
  [
    "a flag without a name",
    service({ scheduler: "rr", schedulerFlags: [3] }),
    ["-A -t 192.0.2.1:80 -s rr -b flag-3"]
  ],
  ["one packet", service({ onePacket: true }, udp), ["-A -u 192.0.2.1:5060 -s rr -o"]],
  ["persistence", service(persistent(300, 32)), ["-A -t 192.0.2.1:80 -s rr -p 300"]],
  [
    "persistence by network",
    service(persistent(300, 24)),
    ["-A -t 192.0.2.1:80 -s rr -p 300 -M 255.255.255.0"]
  ],
  ["persistence by a /8", service(persistent(60, 8)), ["-A -t 192.0.2.1:80 -s rr -p 60 -M 255.0.0.0"]],
  ["persistence of IPv6", service(persistent(60, 128), address6), ["-A -t [fd00::1]:443 -s rr -p 60"]],
  [
    "persistence by network of IPv6",
    service(persistent(60, 56), address6),
    ["-A -t [fd00::1]:443 -s rr -p 60 -M 56"]
  ],
  [
    "persistence by Call-ID",
    service(persistent(60, 32, "sip"), udp),
    ["-A -u 192.0.2.1:5060 -s rr -p 60 --pe sip"]
  ],
  [
    "everything at once",
    service({ ...persistent(60, 16, "sip"), scheduler: "sh", schedulerFlags: [1, 2], onePacket: true }, udp),
    ["-A -u 192.0.2.1:5060 -s sh -p 60 -M 255.255.0.0 --pe sip -o -b sh-fallback,sh-port"]
  ],
  [
    "every port",
    service(persistent(60, 32), endpoint("TCP", "192.0.2.1", 0)),
    ["-A -t 192.0.2.1:0 -s rr -p 60"]
  ],
  ["SCTP", service({}, endpoint("SCTP", "192.0.2.1", 2905)), ["-A --sctp-service 192.0.2.1:2905 -s rr"]],
  ["a mark", service({}, mark("inet", 2_147_483_647)), ["-A -f 2147483647 -s rr"]],
  // Of marks from the upper half of 32 bits ipvsadm shows the sign.
  ["the highest mark", service({}, mark("inet", 0xffff_ffff)), ["-A -f -1 -s rr"]],
  ["a mark of IPv6", service({}, mark("inet6", 7)), ["-A -f 7 -6 -s rr"]]
]

const withServer = (differences: Partial<Destination>, at = "198.51.100.1", on = address) =>
  serviceOf(on, [server(at, 80, differences)])

const tunnelTo = (tunnel: Extract<Destination["method"], { readonly _tag: "Tunnel" }>["tunnel"]) =>
  withServer({ method: { _tag: "Tunnel", tunnel } })

const first = "-A -t 192.0.2.1:80 -s rr"
const line = "-a -t 192.0.2.1:80 -r 198.51.100.1:80"

const destinationCases: ReadonlyArray<Case> = [
  ["masquerading", withServer({}), [first, `${line} -m -w 1`]],
  ["direct routing", withServer({ method: { _tag: "DirectRouting" } }), [first, `${line} -g -w 1`]],
  ["weight 0", withServer({ weight: 0 }), [first, `${line} -m -w 0`]],
  ["weight 65535", withServer({ weight: 65_535 }), [first, `${line} -m -w 65535`]],
  ["ipip", tunnelTo({ type: "ipip" }), [first, `${line} -i -w 1 --tun-type ipip`]],
  [
    "gue",
    tunnelTo({ type: "gue", port: 6080, checksum: "nocsum" }),
    [first, `${line} -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum`]
  ],
  [
    "gue with checksum",
    tunnelTo({ type: "gue", port: 6080, checksum: "csum" }),
    [first, `${line} -i -w 1 --tun-type gue --tun-port 6080 --tun-csum`]
  ],
  [
    "gue with remote checksum",
    tunnelTo({ type: "gue", port: 6080, checksum: "remcsum" }),
    [first, `${line} -i -w 1 --tun-type gue --tun-port 6080 --tun-remcsum`]
  ],
  [
    "gre",
    tunnelTo({ type: "gre", checksum: "nocsum" }),
    [first, `${line} -i -w 1 --tun-type gre --tun-nocsum`]
  ],
  [
    "gre with checksum",
    tunnelTo({ type: "gre", checksum: "csum" }),
    [first, `${line} -i -w 1 --tun-type gre --tun-csum`]
  ],
  [
    "a tunnel of IPv6 for a service of IPv4",
    withServer({ method: { _tag: "Tunnel", tunnel: { type: "ipip" } } }, "fd01::4"),
    [first, "-a -t 192.0.2.1:80 -r [fd01::4]:80 -i -w 1 --tun-type ipip"]
  ],
  [
    "masquerading of IPv6",
    withServer({}, "fd01::4", address6),
    ["-A -t [fd00::1]:443 -s rr", "-a -t [fd00::1]:443 -r [fd01::4]:80 -m -w 1"]
  ]
]

describe("IPVS and ipvsadm agree on", () => {
  for (const [rule, expected, saved] of [...serviceCases, ...destinationCases]) {
    it.live(rule, () =>
      Effect.gen(function* () {
        const { ipvsadm, open } = yield* Laboratory.make
        const plane = yield* open

        const refusals = yield* plane.apply(additionOf(expected))

        assert.deepStrictEqual(
          refusals.map(({ message }) => message),
          []
        )
        assert.deepStrictEqual(
          ipvsadm("-Sn")
            .trim()
            .split("\n")
            .map((one) => one.trim()),
          saved
        )
        assert.deepStrictEqual(sorted(yield* plane.read), sorted(tableOf(expected)))
      }).pipe(Effect.scoped)
    )
  }

  it.live("thresholds", () =>
    Effect.gen(function* () {
      const { ipvsadm, open } = yield* Laboratory.make
      const plane = yield* open

      yield* plane.apply(additionOf(withServer({ upperThreshold: 500, lowerThreshold: 400 })))

      assert.match(ipvsadm("-Ln --thresholds"), /198\.51\.100\.1:80 +500 +400 /)
    }).pipe(Effect.scoped)
  )

  it.live("timeouts", () =>
    Effect.gen(function* () {
      const { ipvsadm, open } = yield* Laboratory.make
      const plane = yield* open

      yield* plane.setTimeouts({ tcpSeconds: 1000, tcpFinSeconds: 33, udpSeconds: 17 })

      assert.include(ipvsadm("-Ln --timeout"), "1000 33 17")
    }).pipe(Effect.scoped)
  )

  it.live("the halves of the synchronisation daemon and their settings, also when they change", () =>
    Effect.gen(function* () {
      const { ipvsadm, open } = yield* Laboratory.make
      const plane = yield* open
      const running = () =>
        ipvsadm("-Ln --daemon")
          .trim()
          .split("\n")
          .map((one) => one.trim())
      const daemon = { interface: "eth0", syncId: 51 }

      yield* plane.setSyncDaemon(daemon, { master: true, backup: false })
      assert.deepStrictEqual(running(), [
        "master sync daemon (mcast=eth0, syncid=51, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)"
      ])
      yield* plane.setSyncDaemon(
        { ...daemon, port: 8850, ttl: 2, maxLength: 1400 },
        { master: true, backup: true }
      )
      assert.deepStrictEqual(running(), [
        "master sync daemon (mcast=eth0, syncid=51, maxlen=1400, group=224.0.0.81, port=8850, ttl=2)",
        "backup sync daemon (mcast=eth0, syncid=51, maxlen=1400, group=224.0.0.81, port=8850, ttl=2)"
      ])
      yield* plane.setSyncDaemon(daemon, { master: false, backup: true })
      assert.match(running().join("\n"), /^backup .*port=8848/)
      yield* plane.setSyncDaemon(daemon, { master: false, backup: false })
      assert.deepStrictEqual(running(), [""])
    }).pipe(Effect.scoped)
  )
})

const daemonSettings = [
  [{ syncId: 52 }, "syncid=52"],
  [{ maxLength: 1400 }, "maxlen=1400"],
  [{ port: 8850 }, "port=8850"],
  [{ ttl: 2 }, "ttl=2"],
  [{ group: "224.0.1.1" as IpAddress }, "group=224.0.1.1"],
  [{ group: "ff02::51" as IpAddress }, "group=ff02::51"],
  [{ interface: "eth0-peer" }, "mcast=eth0-peer"]
] as const

describe("IPVS", () => {
  for (const [setting, shown] of daemonSettings) {
    it.live(`starts the synchronisation daemon anew when its settings become ${shown}`, () =>
      Effect.gen(function* () {
        const { ip, ipvsadm, open } = yield* Laboratory.make
        ip("address add 192.0.2.253/24 dev eth0-peer", "address add fd00::fe/64 dev eth0 nodad")
        const plane = yield* open
        const daemon = { interface: "eth0", syncId: 51 }
        yield* plane.setSyncDaemon(daemon, { master: true, backup: false })

        yield* plane.setSyncDaemon({ ...daemon, ...setting }, { master: true, backup: false })

        assert.include(ipvsadm("-Ln --daemon"), shown)
      }).pipe(Effect.scoped)
    )
  }

  it.live("says why the synchronisation daemon does not start", () =>
    Effect.gen(function* () {
      const { ip, open } = yield* Laboratory.make
      const plane = yield* open
      const start = (group: string) =>
        plane.setSyncDaemon(
          { interface: "eth0", syncId: 51, group: group as IpAddress },
          { master: true, backup: false }
        )
      const mixed = withServer({ method: { _tag: "Tunnel", tunnel: { type: "ipip" } } }, "fd01::4")

      yield* plane.apply(additionOf(mixed))
      assert.include((yield* Effect.flip(start("224.0.0.81"))).message, "another family than its service")
      yield* plane.flush
      ip("address flush dev eth0")
      assert.include((yield* Effect.flip(start("ff02::51"))).message, "has no address")
    }).pipe(Effect.scoped)
  )

  it.live("sees what ipvsadm made, and carries a difference out", () =>
    Effect.gen(function* () {
      const { ipvsadm, open } = yield* Laboratory.make
      const plane = yield* open
      ipvsadm("-A -t 192.0.2.1:80 -s wrr -p 300")
      ipvsadm("-a -t 192.0.2.1:80 -r 198.51.100.1:80 -m -w 3")
      ipvsadm("-a -t 192.0.2.1:80 -r 198.51.100.2:80 -g")
      ipvsadm("-A -f 7 -6 -s rr")
      const desired = tableOf(
        serviceOf(address, [server("198.51.100.1", 80, { weight: 5 }), server("198.51.100.3", 80)]),
        service({}, udp)
      )
      const actual = yield* plane.read

      const refusals = yield* plane.apply(ForwardingTable.diff(actual, desired))

      assert.deepStrictEqual(refusals, [])
      assert.deepStrictEqual(sorted(yield* plane.read), sorted(desired))
      assert.deepStrictEqual(ipvsadm("-Sn").trim().split(/ *\n/).toSorted(), [
        "-A -t 192.0.2.1:80 -s rr",
        "-A -u 192.0.2.1:5060 -s rr",
        "-a -t 192.0.2.1:80 -r 198.51.100.1:80 -m -w 5",
        "-a -t 192.0.2.1:80 -r 198.51.100.3:80 -m -w 1"
      ])
    }).pipe(Effect.scoped)
  )

  for (const [rule, refused, reason] of [
    [
      "a scheduler that it does not have",
      service({ scheduler: "twos" }),
      /no scheduler twos .*modprobe ip_vs_twos/
    ],
    [
      "a persistence engine that it does not have",
      service(persistent(60, 32, "nosuch"), udp),
      /no persistence engine nosuch .*modprobe ip_vs_pe_nosuch/
    ]
  ] as const) {
    it.live(`refuses ${rule}, and says so`, () =>
      Effect.gen(function* () {
        const { open } = yield* Laboratory.make
        const plane = yield* open

        const [refusal] = yield* plane.apply([{ _tag: "AddService", service: refused }])

        assert.isFalse(refusal?.mismatch)
        assert.match(refusal?.message ?? "", reason)
      }).pipe(Effect.scoped)
    )
  }

  it.live("refuses a server whose lower threshold is above the upper one, and one of the wrong family", () =>
    Effect.gen(function* () {
      const { open } = yield* Laboratory.make
      const plane = yield* open
      const wrong = serviceOf(address, [
        server("198.51.100.1", 80, { upperThreshold: 10, lowerThreshold: 20 }),
        server("fd01::4", 80),
        server("198.51.100.2", 80)
      ])

      const refusals = yield* plane.apply(additionOf(wrong))

      assert.deepStrictEqual(
        refusals.map(({ message, mismatch }) => [message, mismatch]),
        [
          ["the weight or the thresholds are out of range", false],
          [
            "the kernel does not take this address, or this family of addresses with this method (EINVAL)",
            false
          ]
        ]
      )
      assert.deepStrictEqual(
        [...(yield* plane.read).get(wrong.key)!.destinations.keys()],
        ["198.51.100.2:80"]
      )
    }).pipe(Effect.scoped)
  )

  it.live("is what carries services by itself", () =>
    Effect.gen(function* () {
      yield* Laboratory.make
      const plane = yield* (yield* ForwardingPlane).open("auto", () => {})

      assert.strictEqual(plane.kind, "ipvs")
    }).pipe(Effect.scoped, Effect.provide(Linux.layer))
  )

  // Only in a kernel of our own: these settings are of the whole machine.
  describe.runIf(UserModeLinux.isInside())("as a module", () => {
    it.live("is loaded when the plane is opened, and its absence is told", () =>
      Effect.gen(function* () {
        const { open } = yield* Laboratory.make
        yield* unload
        writeFileSync("/proc/sys/kernel/modprobe", "/bin/false")
        const error = yield* Effect.flip(open)
        writeFileSync("/proc/sys/kernel/modprobe", "/sbin/modprobe")

        assert.strictEqual(error.reason, "Unsupported")
        assert.include(error.message, "modprobe ip_vs")
        assert.strictEqual((yield* (yield* open).read).size, 0)
      }).pipe(Effect.scoped)
    )
  })
})

/** The namespaces of the tests before hold modules until the kernel has cleaned them up. */
const unload = Effect.try(() => {
  for (const module of loadedModules()) execFileSync("modprobe", ["-r", module], { stdio: "ignore" })
}).pipe(Effect.retry({ times: 100, schedule: Schedule.spaced("50 millis") }))

/** The modules of IPVS, those that need others first. */
const loadedModules = (): ReadonlyArray<string> =>
  readFileSync("/proc/modules", "utf8")
    .split("\n")
    .flatMap((one) => /^ip_vs\S*/.exec(one)?.[0] ?? [])
    .toSorted((left, right) => right.length - left.length)
