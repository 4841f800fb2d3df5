/**
 * Real servers that accept every connection and close it: one process for all addresses of the loopback.
 *
 * @since 0.1.0
 */
import { readFileSync } from "node:fs"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Child from "../lab/Child.ts"
import * as Namespace from "../lab/Namespace.ts"
import * as Program from "./Program.ts"
import * as VirtualServers from "./VirtualServers.ts"

/**
 * Compiles the program of the servers; it is gone when the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const build: Effect.Effect<string, never, Scope.Scope> = Program.build("accept")

/**
 * Makes a namespace whose loopback is up and where the servers listen, from now on.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = (
  program: string
): Effect.Effect<Namespace.Namespace, Child.CommandFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const namespace = yield* Namespace.make("servers")
    yield* Child.run(namespace, ["ip", "link", "set", "lo", "up"])
    yield* listen(program, namespace)
    return namespace
  })

/**
 * Lets the servers listen in a namespace, from now on.
 *
 * @category constructors
 * @since 0.1.0
 */
export const listen = (
  program: string,
  namespace: Namespace.Namespace
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    yield* Namespace.tune(namespace, { "core/somaxconn": backlog, "ipv4/tcp_max_syn_backlog": backlog })
    const child = yield* Child.start(namespace, [program, `${VirtualServers.realPort}`])
    const listening = Deferred.makeUnsafe<void>()
    Child.onLines(child.stdout, () => Deferred.doneUnsafe(listening, Effect.void))
    const ended = Effect.flatMap(child.exit, () => Effect.die(new Error("the real servers ended")))
    yield* Effect.raceFirst(Deferred.await(listening), ended)
  })

/**
 * Returns how many connections were accepted in a namespace since it was made, as its kernel counts them.
 *
 * @category getters
 * @since 0.1.0
 */
export const accepted = (namespace: Namespace.Namespace): number => {
  const text = NetworkNamespace.within(namespace, () => readFileSync("/proc/thread-self/net/snmp", "utf8"))
  const [names = "", numbers = ""] = text.split("\n").filter((line) => line.startsWith("Tcp:"))
  return Number(numbers.split(" ")[names.split(" ").indexOf("PassiveOpens")])
}

const backlog = 65_535
