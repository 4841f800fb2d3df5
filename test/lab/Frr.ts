/**
 * FRR's vrrpd in one namespace, with zebra, which finds the devices for it.
 *
 * FRR makes no device: its administrator makes a macvlan with the virtual MAC for each family, which always has the
 * virtual addresses, and FRR takes the device down and up.
 *
 * @since 0.1.0
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Child from "./Child.ts"
import * as Journal from "./Journal.ts"
import type { Namespace } from "./Namespace.ts"
import * as Topology from "./Topology.ts"

/**
 * A virtual router of version 3 on `eth0`, of one family.
 *
 * @category models
 * @since 0.1.0
 */
export interface Router {
  readonly family: "ip" | "ipv6"
  readonly vrid: number
  readonly priority: number
  /** A multiple of ten. */
  readonly advertMillis: number
  /** The link-local address of the device, that the adverts of IPv6 have as their source; those of IPv4 have the card's. */
  readonly linkLocal: string
  readonly prefixLength: number
  readonly addresses: ReadonlyArray<string>
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Frr extends Pick<Child.Child, "exit" | "signal" | "crash"> {
  /** What vrrpd says of its virtual router. */
  readonly show: Effect.Effect<View, Child.CommandFailed>
}

/**
 * The part of `show vrrp json` that tests look at.
 *
 * @category models
 * @since 0.1.0
 */
export const View = Schema.Struct({
  status: Schema.String,
  stats: Schema.Struct({ adverTx: Schema.Int, adverRx: Schema.Int })
})

/**
 * @category models
 * @since 0.1.0
 */
export type View = typeof View.Type

/**
 * Starts zebra and vrrpd and waits until the virtual router runs.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = (
  namespace: Namespace,
  router: Router
): Effect.Effect<Frr, Child.CommandFailed | Journal.NeverCame, Scope.Scope> =>
  Effect.gen(function* () {
    const directory = yield* privateDirectory
    yield* makeDevice(namespace, router)
    const program = (name: string, configuration: ReadonlyArray<string>) => {
      const file = join(directory, `${name}.conf`)
      writeFileSync(file, `${configuration.join("\n")}\n`)
      const options = {
        ...account,
        "-f": file,
        "-i": join(directory, `${name}.pid`),
        "-P": "0",
        "-z": join(directory, "zserv.api"),
        "--vty_socket": directory,
        "--log": "stdout",
        "--log-level": "debugging"
      }
      const command = [join(programs, name), ...Object.entries(options).flat()] as const
      return Effect.map(Child.start(namespace, command), (child) => {
        const log = Journal.make<string>(`${namespace.name} ${name}`, (line) => line)
        for (const stream of [child.stdout, child.stderr]) Child.onLines(stream, log.append)
        return { child, log }
      })
    }
    const zebra = yield* program("zebra", [])
    yield* zebra.log.waitFor("start", (line) => line.includes("starting: vty"))
    const vrrpd = yield* program("vrrpd", configurationOf(router))
    yield* vrrpd.log.waitFor("start of a virtual router", (line) => line.includes("Initialize -> Backup"))
    const { exit, signal, crash } = vrrpd.child
    const question = ["vtysh", "--vty_socket", directory, "-d", "vrrpd", "-c", "show vrrp json"] as const
    const show = Child.run(namespace, question)
    return {
      exit,
      signal,
      crash,
      show: Effect.map(show, (text) => decode(text)[0][router.family === "ip" ? "v4" : "v6"])
    }
  })

const makeDevice = (namespace: Namespace, router: Router) => {
  const vrid = router.vrid.toString(16).padStart(2, "0")
  const name = router.family === "ip" ? "vrrp4-1" : "vrrp6-1"
  const mac = `00:00:5e:00:${router.family === "ip" ? "01" : "02"}:${vrid}`
  return Effect.andThen(
    // A run before may have left it.
    Effect.ignore(Topology.ip(namespace, [`link delete ${name}`])),
    Topology.ip(namespace, [
      `link add ${name} link eth0 address ${mac} type macvlan mode bridge`,
      `link set ${name} addrgenmode none`,
      ...router.addresses.map((address) => `addr add ${address}/${router.prefixLength} dev ${name}`),
      // FRR takes the link-local address that came last, a virtual one as well.
      ...(router.family === "ipv6" ? [`addr add ${router.linkLocal}/64 dev ${name} nodad`] : []),
      `link set ${name} up`
    ])
  )
}

const configurationOf = (router: Router): ReadonlyArray<string> => [
  "interface eth0",
  ` vrrp ${router.vrid} version 3`,
  ` vrrp ${router.vrid} priority ${router.priority}`,
  ` vrrp ${router.vrid} advertisement-interval ${router.advertMillis}`,
  ...router.addresses.map((address) => ` vrrp ${router.vrid} ${router.family} ${address}`)
]

/** Where the account that the programs change to can write. */
const privateDirectory: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => {
    const directory = mkdtempSync(join(tmpdir(), "holdfast-frr-"))
    chmodSync(directory, 0o777)
    return directory
  }),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
)

const decode = Schema.decodeUnknownSync(
  Schema.fromJsonString(Schema.Tuple([Schema.Struct({ v4: View, v6: View })]))
)

// Where Debian keeps them, which is on nobody's path.
const programs = "/usr/lib/frr"
// They refuse to run as an account that is not in the group of their sockets.
const account = { "-u": "frr", "-g": "frr" }
