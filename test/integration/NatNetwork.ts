/**
 * A client, a director and two servers behind it, for destination NAT.
 *
 * ```
 *   client 192.0.2.101, .102 ---- director ---- 10.0.0.1, 10.0.0.2 servers
 *          fd00:2::101      VIP 192.0.2.1         fd00:1::1, fd00:1::2
 *                           and fd00:2::1
 * ```
 *
 * Both servers are in one namespace and answer with their own address, by TCP and UDP, on the ports 8080 and 8081.
 */
import { once } from "node:events"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as Effect from "effect/Effect"
import * as Child from "../lab/Child.ts"
import * as Namespace from "../lab/Namespace.ts"

export const make = Effect.gen(function* () {
  const client = yield* Namespace.make("client")
  const director = yield* Namespace.make("director")
  const servers = yield* Namespace.make("servers")
  const ip = (namespace: Namespace.Namespace, ...lines: ReadonlyArray<string>) =>
    Child.run(namespace, ["ip", "-batch", "-"], `${lines.join("\n")}\n`)
  const cable = (name: string, to: Namespace.Namespace) =>
    `link add ${name} type veth peer name eth0 netns ${NetworkNamespace.pathOf(to)}`
  // No wait for duplicate addresses: link-local ones would otherwise be of no use for a second or two.
  for (const namespace of [client, director, servers]) {
    yield* Namespace.tune(namespace, {
      "ipv6/conf/all/accept_dad": 0,
      "ipv6/conf/default/accept_dad": 0,
      "ipv6/conf/default/dad_transmits": 0
    })
  }
  yield* Namespace.tune(director, { "ipv4/ip_forward": 1, "ipv6/conf/all/forwarding": 1 })
  yield* ip(
    director,
    cable("front", client),
    cable("back", servers),
    "link set lo up",
    "link set front up",
    "link set back up",
    "addr add 192.0.2.1/24 dev front",
    "addr add fd00:2::1/64 dev front",
    "addr add 10.0.0.254/24 dev back",
    "addr add fd00:1::254/64 dev back"
  )
  yield* ip(
    client,
    "link set eth0 up",
    "addr add 192.0.2.101/24 dev eth0",
    "addr add 192.0.2.102/24 dev eth0",
    "addr add fd00:2::101/64 dev eth0"
  )
  yield* ip(
    servers,
    "link set eth0 up",
    ...["10.0.0.1/24", "10.0.0.2/24"].map((address) => `addr add ${address} dev eth0`),
    ...["fd00:1::1/64", "fd00:1::2/64"].map((address) => `addr add ${address} dev eth0`),
    "route add default via 10.0.0.254",
    "route add ::/0 via fd00:1::254"
  )
  const serving = yield* Child.start(servers, [process.execPath, "-e", serve])
  yield* Effect.promise(() => once(serving.stdout, "data"))
  return {
    director,
    nft: (...words: ReadonlyArray<string>) => Child.run(director, ["nft", ...words]),
    /** Makes requests one after the other and returns who answered each. */
    ask: (question: Question) =>
      Effect.map(
        Child.run(client, [process.execPath, "-e", request, JSON.stringify(question)]),
        (output): ReadonlyArray<string> => JSON.parse(output)
      )
  }
})

/** `silence` stands for no answer, and the name of an error for a refusal. */
export interface Question {
  readonly protocol: "tcp" | "udp"
  readonly address: string
  readonly port: number
  readonly count: number
  readonly from?: string
  readonly fromPort?: number
}

const serve = `
  const { createServer } = require("node:net")
  const { createSocket } = require("node:dgram")
  const { once } = require("node:events")
  const waiting = []
  for (const address of ["10.0.0.1", "10.0.0.2", "fd00:1::1", "fd00:1::2"]) {
    for (const port of [8080, 8081]) {
      waiting.push(once(createServer((socket) => socket.on("error", () => {}).end(address)).listen(port, address), "listening"))
      const socket = createSocket(address.includes(":") ? "udp6" : "udp4")
      socket.on("message", (_, from) => socket.send(address, from.port, from.address)).bind(port, address)
      waiting.push(once(socket, "listening"))
    }
  }
  Promise.all(waiting).then(() => console.log("ready"))
`

const request = `
  const { connect } = require("node:net")
  const { createSocket } = require("node:dgram")
  const { protocol, address, port, count, from, fromPort } = JSON.parse(process.argv[1])
  const tcp = () => new Promise((resolve) => {
    let answer = ""
    const socket = connect({ host: address, port, localAddress: from })
    socket.setTimeout(2000, () => socket.destroy())
    socket.on("data", (bytes) => { answer += bytes })
    socket.on("error", ({ code }) => resolve(code))
    socket.on("close", () => resolve(answer || "silence"))
  })
  const udp = () => new Promise((resolve) => {
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4")
    const end = (answer) => { clearTimeout(timer); socket.close(); resolve(answer) }
    const timer = setTimeout(() => end("silence"), 2000)
    socket.on("message", (bytes) => end(bytes.toString()))
    socket.bind(fromPort ?? 0, from, () => socket.connect(port, address, () => socket.send("?")))
    socket.on("error", ({ code }) => end(code))
  })
  const main = async () => {
    const answers = []
    for (let index = 0; index < count; index++) answers.push(await (protocol === "tcp" ? tcp() : udp()))
    console.log(JSON.stringify(answers))
  }
  main()
`
