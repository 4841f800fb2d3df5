import { assert, describe, it } from "@effect/vitest"
import type { Connection, ProbeResult } from "@holdfast/balancer/Probe"
import * as DnsProbe from "@holdfast/linux/probe/DnsProbe"
import type { Launch, ProbeOf } from "@holdfast/linux/probe/Launch"
import * as PingProbe from "@holdfast/linux/probe/PingProbe"
import * as TcpProbe from "@holdfast/linux/probe/TcpProbe"
import * as UdpProbe from "@holdfast/linux/probe/UdpProbe"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import type { IpAddress } from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { createSocket, type Socket, type SocketType } from "node:dgram"
import { once } from "node:events"
import { readdirSync } from "node:fs"
import * as Net from "node:net"

const ip = (...words: ReadonlyArray<string>) => execFileSync("ip", words, { encoding: "utf8" })
const connectionTo = (address: string, port = 0, rest: Partial<Connection> = {}): Connection => ({
  address: address as IpAddress,
  port,
  ...rest
})

/** What a probe finds; nothing when it is still silent after a while. */
const find = <Tag extends "Tcp" | "Udp" | "Dns" | "Ping">(
  launch: Launch<Tag>,
  probe: ProbeOf<Tag>,
  patience = 5_000
) =>
  Effect.callback<ProbeResult>((resume) => {
    const cancel = launch(probe, (result) => resume(Effect.succeed(result)))
    return Effect.sync(cancel)
  }).pipe(Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.succeed("silence" as const) }))

const silencePatience = 60

const tcp = (connection: Connection): ProbeOf<"Tcp"> => ({ _tag: "Tcp", connection })
const ping = (connection: Connection): ProbeOf<"Ping"> => ({ _tag: "Ping", connection })
const udp = (connection: Connection, rest: Partial<ProbeOf<"Udp">> = {}): ProbeOf<"Udp"> => ({
  _tag: "Udp",
  connection,
  payload: Uint8Array.of(1, 2, 3),
  requireReply: false,
  replyMin: 0,
  replyMax: 255,
  ...rest
})
const dns = (connection: Connection, name: string, type: ProbeOf<"Dns">["type"] = "A"): ProbeOf<"Dns"> => ({
  _tag: "Dns",
  connection,
  type,
  name
})

/** A datagram server on loopback that does as it is told. */
const serveDatagrams = (
  onMessage: (message: Buffer, reply: (bytes: Uint8Array) => void, port: number, socket: Socket) => void,
  type: SocketType = "udp4"
) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(async () => {
        const socket = createSocket(type)
        socket.on("message", (message, from) =>
          onMessage(message, (bytes) => socket.send(bytes, from.port, from.address), from.port, socket)
        )
        socket.bind(0, type === "udp4" ? "127.0.0.1" : "::1")
        await once(socket, "listening")
        return socket
      }),
      (socket) => Effect.sync(() => socket.close())
    ),
    (socket) => socket.address().port
  )

const serveTcp = Effect.map(
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = Net.createServer((socket) => socket.on("error", () => {}).resume())
      server.listen(0, "127.0.0.1")
      await once(server, "listening")
      return server
    }),
    (server) => Effect.sync(() => void server.close())
  ),
  (server) => (server.address() as Net.AddressInfo).port
)

/** A program that listens and never accepts, with the shortest queue. */
const serveStuck = Effect.map(
  Effect.acquireRelease(
    Effect.promise(async () => {
      const program = `require("node:net").createServer().listen(0, "127.0.0.1", 1, function () {
        require("node:fs").writeSync(1, String(this.address().port))
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
      })`
      const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] })
      const [port] = await once(child.stdout, "data")
      return { child, port: Number(port) }
    }),
    ({ child }) => Effect.promise(() => end(child))
  ),
  ({ port }) => port
)

const end = async (child: ChildProcess) => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, "exit")
  child.kill("SIGKILL")
  await ended
}

/** A port that nobody has now. */
const freePort = Effect.scoped(serveDatagrams(() => {}))
/** A port of loopback that nobody ever has: not even a probe, since the kernel gives out others. */
const deadPort = 1

/** Runs a test of probes within a host that has one link to another; 192.0.2.9 is nobody's address on it. */
const makeHost = Effect.gen(function* () {
  const ours = yield* NetworkNamespace.make
  const theirs = yield* NetworkNamespace.make
  NetworkNamespace.within(theirs, () => ip("link", "set", "lo", "up"))
  NetworkNamespace.within(ours, () => {
    ip("link", "set", "lo", "up")
    ip(
      "link",
      "add",
      "eth0",
      "type",
      "veth",
      "peer",
      "name",
      "eth0",
      "netns",
      NetworkNamespace.pathOf(theirs)
    )
    ip("address", "add", "192.0.2.1/24", "dev", "eth0")
    ip("address", "add", "192.0.2.7/24", "dev", "eth0")
    ip("-6", "address", "add", "fd00::1/64", "dev", "eth0", "nodad")
    ip("link", "set", "eth0", "up")
    // What is sent there vanishes, and what is sent to the next is answered at once.
    ip("route", "add", "blackhole", "198.51.100.0/25")
    ip("route", "add", "203.0.113.0/24", "via", "192.0.2.2")
  })
  NetworkNamespace.within(theirs, () => {
    ip("address", "add", "192.0.2.2/24", "dev", "eth0")
    ip("-6", "address", "add", "fd00::2/64", "dev", "eth0", "nodad")
    ip("link", "set", "eth0", "up")
    execFileSync("sh", ["-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"])
    ip("route", "add", "unreachable", "203.0.113.0/24")
  })
  return { ours, theirs }
})

/** Sockets belong to the namespace in which they were made, so a probe is started there and heard anywhere. */
const startedIn =
  <Tag extends "Tcp" | "Udp" | "Dns" | "Ping">(
    namespace: NetworkNamespace.NetworkNamespace,
    launch: Launch<Tag>
  ): Launch<Tag> =>
  (probe, onResult) =>
    NetworkNamespace.within(namespace, () => launch(probe, onResult))

describe("TcpProbe", () => {
  it.live("passes a server that accepts and fails one that does not, in the system's words", () =>
    Effect.gen(function* () {
      const port = yield* serveTcp
      const closed = yield* Effect.scoped(serveTcp)
      const launch = yield* TcpProbe.open

      assert.deepStrictEqual(yield* find(launch, tcp(connectionTo("127.0.0.1", port))), { _tag: "Passed" })
      assert.deepStrictEqual(yield* find(launch, tcp(connectionTo("127.0.0.1", closed))), {
        _tag: "Failed",
        reason: "connection refused"
      })
    })
  )

  it.live("says which hosts cannot be reached, and nothing of one that is silent", () =>
    Effect.gen(function* () {
      const { ours, theirs } = yield* makeHost
      const launch = startedIn(ours, yield* TcpProbe.open)
      NetworkNamespace.within(theirs, () => ip("route", "add", "blackhole", "192.0.2.1/32"))

      assert.deepStrictEqual(
        yield* find(launch, tcp(connectionTo("203.0.113.1", 80)), silencePatience),
        "silence"
      )
      assert.deepStrictEqual(yield* find(launch, tcp(connectionTo("198.51.100.200", 80))), {
        _tag: "Failed",
        reason: "network is unreachable"
      })
      NetworkNamespace.within(theirs, () => ip("route", "delete", "blackhole", "192.0.2.1/32"))
      assert.deepStrictEqual(yield* find(launch, tcp(connectionTo("203.0.113.1", 80))), {
        _tag: "Failed",
        reason: "host is unreachable"
      })
    })
  )

  it.live("says nothing of a server that has stopped accepting, and takes its descriptors back", () =>
    Effect.gen(function* () {
      const port = yield* serveStuck
      const launch = yield* TcpProbe.open
      const before = readdirSync("/proc/self/fd").length

      // The kernel accepts as many as the server's queue holds.
      const results = yield* Effect.forEach(
        Array.from({ length: 8 }, () => tcp(connectionTo("127.0.0.1", port))),
        (probe) => find(launch, probe, silencePatience),
        { concurrency: 1 }
      )

      assert.deepStrictEqual(results.slice(-4), ["silence", "silence", "silence", "silence"])
      assert.deepStrictEqual(results[0], { _tag: "Passed" })
      assert.strictEqual(readdirSync("/proc/self/fd").length, before)
    })
  )

  it.live("says when the ports of this machine have run out", () =>
    Effect.gen(function* () {
      const { ours } = yield* makeHost
      const launch = startedIn(ours, yield* TcpProbe.open)
      NetworkNamespace.within(ours, () =>
        execFileSync("sh", ["-c", "echo 40000 40001 > /proc/sys/net/ipv4/ip_local_port_range"])
      )
      const held = [1, 2].map(() => launch(tcp(connectionTo("192.0.2.9", 80)), () => {}))

      const third = yield* find(launch, tcp(connectionTo("192.0.2.9", 80)))
      held.forEach((cancel) => cancel())

      assert.deepStrictEqual(third, { _tag: "Failed", reason: "no near port is free" })
    })
  )

  it.live("fails for a device that is not there", () =>
    Effect.gen(function* () {
      const launch = yield* TcpProbe.open

      assert.deepStrictEqual(
        yield* find(launch, tcp(connectionTo("127.0.0.1", 80, { bindInterface: "absent0" }))),
        { _tag: "Failed", reason: "SO_BINDTODEVICE absent0: no such device" }
      )
    })
  )
})

describe("UdpProbe", () => {
  it.live.each(["udp4", "udp6"] as const)("passes a server that answers (%s)", (type) =>
    Effect.gen(function* () {
      const port = yield* serveDatagrams((message, reply) => reply(message), type)
      const launch = yield* UdpProbe.open
      const connection = connectionTo(type === "udp4" ? "127.0.0.1" : "::1", port)

      assert.deepStrictEqual(yield* find(launch, udp(connection)), { _tag: "Passed" })
      assert.deepStrictEqual(yield* find(launch, udp(connection, { requireReply: true })), { _tag: "Passed" })
    })
  )

  it.live.each([
    ["the same bytes and more", [0x4a, 0x5b, 0x00], "Passed"],
    ["another byte", [0x4b, 0x5b], "Failed"],
    ["a bit that does not count", [0x4a, 0xfb], "Passed"],
    ["fewer bytes", [0x4a], "Failed"]
  ] as const)("wants the bytes that a reply must begin with: %s", ([, bytes, expected]) =>
    Effect.gen(function* () {
      const port = yield* serveDatagrams((_, reply) => reply(Uint8Array.from(bytes)))
      const launch = yield* UdpProbe.open
      const reply = { bytes: Uint8Array.of(0x4a, 0x0b), mask: Uint8Array.of(0xff, 0x0f) }
      const result = yield* find(launch, udp(connectionTo("127.0.0.1", port), { requireReply: true, reply }))
      assert.strictEqual(result === "silence" ? result : result._tag, expected)
    })
  )

  it.live("sends exactly the payload, from the near end it is told", () =>
    Effect.gen(function* () {
      const heard: Array<readonly [ReadonlyArray<number>, number]> = []
      const port = yield* serveDatagrams((message, reply, from) => {
        heard.push([[...message], from])
        reply(message)
      })
      const bindPort = yield* freePort
      const launch = yield* UdpProbe.open
      const near = { bindAddress: "127.0.0.7" as IpAddress, bindPort, bindInterface: "lo", mark: 7 }

      yield* find(launch, udp(connectionTo("127.0.0.1", port, near)))
      yield* find(launch, udp(connectionTo("127.0.0.1", port, near), { payload: new Uint8Array(0) }))

      assert.deepStrictEqual(heard, [
        [[1, 2, 3], bindPort],
        [[], bindPort]
      ])
    })
  )

  it.live("fails at once where nobody listens", () =>
    Effect.gen(function* () {
      const launch = yield* UdpProbe.open

      assert.deepStrictEqual(yield* find(launch, udp(connectionTo("127.0.0.1", deadPort))), {
        _tag: "Failed",
        reason: "connection refused"
      })
    })
  )

  it.live("fails for a host that a router cannot reach, though TCP would try on", () =>
    Effect.gen(function* () {
      const { ours } = yield* makeHost
      const launch = startedIn(ours, yield* UdpProbe.open)

      assert.deepStrictEqual(yield* find(launch, udp(connectionTo("203.0.113.1", 53))), {
        _tag: "Failed",
        reason: "host is unreachable"
      })
    })
  )

  it.live.each([
    [2, "a reply of 2 bytes, not 3 to 5"],
    [6, "a reply of 6 bytes, not 3 to 5"],
    [5_000, "a reply of 5000 bytes, not 3 to 5"]
  ] as const)("fails a reply of %i bytes where 3 to 5 are required", ([length, reason]) =>
    Effect.gen(function* () {
      const port = yield* serveDatagrams((_, reply) => reply(new Uint8Array(length)))
      const launch = yield* UdpProbe.open
      const bounds = { replyMin: 3, replyMax: 5 }

      const required = yield* find(
        launch,
        udp(connectionTo("127.0.0.1", port), { ...bounds, requireReply: true })
      )
      const free = yield* find(launch, udp(connectionTo("127.0.0.1", port), bounds))

      assert.deepStrictEqual(required, { _tag: "Failed", reason })
      assert.deepStrictEqual(free, { _tag: "Passed" })
    })
  )

  it.live("says nothing of silence: that is the deadline's to judge", () =>
    Effect.gen(function* () {
      const port = yield* serveDatagrams(() => {})
      const launch = yield* UdpProbe.open

      assert.strictEqual(
        yield* find(launch, udp(connectionTo("127.0.0.1", port)), silencePatience),
        "silence"
      )
    })
  )

  it.live("does not hear what others send", () =>
    Effect.gen(function* () {
      const stranger = yield* Effect.acquireRelease(
        Effect.sync(() => createSocket("udp4")),
        (socket) => Effect.sync(() => socket.close())
      )
      const port = yield* serveDatagrams((_message, _reply, from) =>
        stranger.send("hello", from, "127.0.0.1")
      )
      const launch = yield* UdpProbe.open

      assert.strictEqual(
        yield* find(launch, udp(connectionTo("127.0.0.1", port), { requireReply: true }), silencePatience),
        "silence"
      )
    })
  )

  it.live("leaves no descriptor behind after ten thousand probes", () =>
    Effect.gen(function* () {
      const answering = yield* serveDatagrams((message, reply) => reply(message))
      const ports = [answering, deadPort]
      const launch = yield* UdpProbe.open
      const before = readdirSync("/proc/self/fd").length

      const results = yield* Effect.forEach(
        Array.from({ length: 10_000 }, (_, index) => index),
        (index) => find(launch, udp(connectionTo("127.0.0.1", ports[index % 2]), { requireReply: true })),
        { concurrency: 50 }
      )

      assert.lengthOf(
        results.filter((result) => result !== "silence" && result._tag === "Passed"),
        5_000
      )
      assert.lengthOf(
        results.filter((result) => result !== "silence" && result._tag === "Failed"),
        5_000
      )
      assert.strictEqual(readdirSync("/proc/self/fd").length, before)
    })
  )
})

/** dnsmasq in a namespace, with one name; of others than `.example` it does not know whom to ask. */
const serveNames = Effect.gen(function* () {
  const namespace = yield* NetworkNamespace.make
  NetworkNamespace.within(namespace, () => ip("link", "set", "lo", "up"))
  yield* Effect.acquireRelease(
    Effect.sync(() =>
      NetworkNamespace.within(namespace, () =>
        spawn("dnsmasq", dnsmasqOptions, { stdio: ["ignore", "ignore", "pipe"] })
      )
    ),
    (child) => Effect.promise(() => end(child))
  ).pipe(
    // It says that it has started.
    Effect.flatMap((child) => Effect.promise(() => once(child.stderr, "data")))
  )
  return namespace
})

const dnsmasqOptions = [
  "--keep-in-foreground",
  "--conf-file=/dev/null",
  "--no-resolv",
  "--no-hosts",
  "--user=root",
  "--pid-file=",
  "--log-facility=-",
  "--host-record=web.example,192.0.2.80",
  "--local=/example/"
]

describe("DnsProbe", () => {
  it.live("asks a name server: any answer without an error passes, an error code fails", () =>
    Effect.gen(function* () {
      const launch = startedIn(yield* serveNames, yield* DnsProbe.open)
      const server = connectionTo("127.0.0.1", 53)

      assert.deepStrictEqual(yield* find(launch, dns(server, "web.example")), { _tag: "Passed" })
      assert.deepStrictEqual(yield* find(launch, dns(server, "WEB.example.", "AAAA")), { _tag: "Passed" })
      assert.deepStrictEqual(yield* find(launch, dns(server, "absent.example")), {
        _tag: "Failed",
        reason: "the server answers NXDOMAIN"
      })
      assert.deepStrictEqual(yield* find(launch, dns(server, ".", "SOA")), {
        _tag: "Failed",
        reason: "the server answers REFUSED"
      })
    })
  )

  it.live("waits on when what comes is not the answer to its question", () =>
    Effect.gen(function* () {
      const port = yield* serveDatagrams((message, reply) => {
        const answer = Uint8Array.from(message)
        answer[2] = 0x81
        const otherId = answer.slice()
        otherId[0]! ^= 1
        const otherName = answer.slice()
        otherName[13]! ^= 1
        for (const bytes of [new Uint8Array(3), message, otherId, otherName]) reply(bytes)
      })
      const launch = yield* DnsProbe.open

      assert.strictEqual(
        yield* find(launch, dns(connectionTo("127.0.0.1", port), "web.example"), silencePatience),
        "silence"
      )
    })
  )

  it.live("refuses a name that is none", () =>
    Effect.gen(function* () {
      const launch = yield* DnsProbe.open

      assert.deepStrictEqual(yield* find(launch, dns(connectionTo("127.0.0.1", 53), "web..example")), {
        _tag: "Refused",
        reason: "web..example is not a domain name"
      })
    })
  )
})

describe("PingProbe", () => {
  it.live.each([
    ["192.0.2.2", "192.0.2.7"],
    ["fd00::2", "fd00::1"],
    ["192.0.2.1", "192.0.2.1"],
    ["fd00::1", "fd00::1"]
  ] as const)("passes a host that answers: %s", ([address, bindAddress]) =>
    Effect.gen(function* () {
      const { ours } = yield* makeHost
      const launch = startedIn(ours, yield* PingProbe.open)
      const near = { bindAddress: bindAddress as IpAddress, bindPort: 1_000, mark: 3 }

      assert.deepStrictEqual(yield* find(launch, ping(connectionTo(address))), { _tag: "Passed" })
      assert.deepStrictEqual(yield* find(launch, ping(connectionTo(address, 80, near))), { _tag: "Passed" })
    })
  )

  it.live("fails for a host that a router cannot reach, and says nothing of one that is silent", () =>
    Effect.gen(function* () {
      const { ours, theirs } = yield* makeHost
      const launch = startedIn(ours, yield* PingProbe.open)

      assert.deepStrictEqual(yield* find(launch, ping(connectionTo("203.0.113.1"))), {
        _tag: "Failed",
        reason: "host is unreachable"
      })
      NetworkNamespace.within(theirs, () =>
        execFileSync("sh", ["-c", "echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all"])
      )
      assert.strictEqual(yield* find(launch, ping(connectionTo("192.0.2.2")), silencePatience), "silence")
    })
  )

  it.live("does not take its own question for an answer", () =>
    Effect.gen(function* () {
      const { ours } = yield* makeHost
      const launch = startedIn(ours, yield* PingProbe.open)
      NetworkNamespace.within(ours, () =>
        execFileSync("sh", ["-c", "echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all"])
      )

      assert.strictEqual(yield* find(launch, ping(connectionTo("127.0.0.1")), silencePatience), "silence")
    })
  )

  it.live("a hundred at once each hear their own answer", () =>
    Effect.gen(function* () {
      const launch = yield* PingProbe.open
      const addresses = Array.from({ length: 100 }, (_, index) => `127.0.1.${index + 1}`)

      const results = yield* Effect.forEach(
        addresses,
        (address) => find(launch, ping(connectionTo(address))),
        {
          concurrency: "unbounded"
        }
      )

      assert.deepStrictEqual(
        results,
        addresses.map(() => ({ _tag: "Passed" as const }))
      )
    })
  )
})
