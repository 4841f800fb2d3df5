/**
 * The client's view: a datagram a millisecond to the service address, and which director answers.
 *
 * @since 0.1.0
 */
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Child from "./Child.ts"
import * as Journal from "./Journal.ts"
import type { Namespace } from "./Namespace.ts"
import * as Topology from "./Topology.ts"

/**
 * The first answer of another director, or the first after a silence.
 *
 * @category models
 * @since 0.1.0
 */
export const Switch = Schema.Struct({
  /** When the answer came, wall clock, microseconds. */
  atMicros: Schema.Int,
  /** The address the director answers from, which is its own and not the service address. */
  by: Schema.String,
  /** Since the last answer of any director; null for the first answer. */
  silenceMicros: Schema.NullOr(Schema.Int)
})

/**
 * @category models
 * @since 0.1.0
 */
export type Switch = typeof Switch.Type

/**
 * Answers datagrams in a director, whether it has the service address or not: only its owner gets any.
 *
 * @category constructors
 * @since 0.1.0
 */
export const echo = (director: Namespace): Effect.Effect<void, Journal.NeverCame, Scope.Scope> =>
  Effect.gen(function* () {
    const child = yield* Child.start(director, [process.execPath, echoPath, `${udpPort}`])
    const lines = Journal.make<string>(`${director.name} echo`, (line) => line)
    for (const stream of [child.stdout, child.stderr]) Child.onLines(stream, lines.append)
    yield* lines.waitFor("sign of readiness", (line) => line === "ready")
  })

/**
 * Probes an address from now on and tells each change of who answers.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = (
  client: Namespace,
  address: string = Topology.clientVip
): Effect.Effect<Journal.Journal<Switch>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const child = yield* Child.start(client, [process.execPath, senderPath, address, `${udpPort}`])
    const switches = Journal.make<Switch>(
      `${client.name} probe`,
      (each) => `answered by ${each.by} after ${each.silenceMicros} us of silence`
    )
    Child.onLines(child.stdout, (line) => switches.append(decodeSwitch(line)))
    return switches
  })

const decodeSwitch = Schema.decodeUnknownSync(Schema.fromJsonString(Switch))
const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url))
const echoPath = pathOf("./probe/echo.ts")
const senderPath = pathOf("./probe/sender.ts")
// Any port that nothing in the namespaces uses.
const udpPort = 7777
