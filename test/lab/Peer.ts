/**
 * TCP servers and a client in one namespace, in one process, because starting one is slow in User-Mode Linux.
 *
 * @since 0.1.0
 */
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Child from "./Child.ts"
import * as Journal from "./Journal.ts"
import type { Namespace } from "./Namespace.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Peer {
  readonly pid: number
  /** Starts a server that answers each line with its address. */
  readonly listen: (address: string, port: number) => Effect.Effect<string, Journal.NeverCame>
  /** Ends it and its connections: then its port refuses. */
  readonly close: (address: string, port: number) => Effect.Effect<string, Journal.NeverCame>
  /** Opens the client's connection. */
  readonly connect: (address: string, port: number) => Effect.Effect<string, Journal.NeverCame>
  /** Uses the client's connection: the address of the server that answers, or what went wrong. */
  readonly ask: Effect.Effect<string, Journal.NeverCame>
}

/**
 * Starts the process with no server and no connection.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (namespace: Namespace): Effect.Effect<Peer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const child = yield* Child.start(namespace, [process.execPath, program])
    const lines = Journal.make<string>(`${namespace.name} peer`, (line) => line)
    for (const stream of [child.stdout, child.stderr]) Child.onLines(stream, lines.append)
    const tell = (command: string) =>
      Effect.suspend(() => {
        const from = lines.entries.length
        child.stdin.write(`${command}\n`)
        return lines.waitFor(`answer to ${command}`, () => true, { from })
      })
    return {
      pid: child.pid,
      listen: (address, port) => tell(`listen ${address} ${port}`),
      close: (address, port) => tell(`close ${address} ${port}`),
      connect: (address, port) => tell(`connect ${address} ${port}`),
      ask: tell("ask")
    }
  })

const program = fileURLToPath(new URL("probe/peer.ts", import.meta.url))
