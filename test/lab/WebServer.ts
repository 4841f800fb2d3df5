/**
 * A web server in a namespace: its page is its name.
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
 * Starts one named as its namespace and waits until it answers. `crash` ends it, and its port refuses.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = (
  namespace: Namespace,
  port = 80
): Effect.Effect<Child.Child, Journal.NeverCame, Scope.Scope> =>
  Effect.gen(function* () {
    const child = yield* Child.start(namespace, [process.execPath, program, namespace.name, `${port}`])
    const lines = Journal.make<string>(`${namespace.name} web server`, (line) => line)
    for (const stream of [child.stdout, child.stderr]) Child.onLines(stream, lines.append)
    yield* lines.waitFor("sign of readiness", (line) => line === "ready")
    return child
  })

const program = fileURLToPath(new URL("probe/web.ts", import.meta.url))
