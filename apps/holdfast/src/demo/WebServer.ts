/**
 * A web server whose only page is its name, so that a client sees who served it.
 *
 * @since 0.1.0
 */
import { createServer } from "node:http"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { DemoFailed } from "./DemoFailed.ts"

/** The port of the scenario's real servers. @category constants @since 0.1.0 */
export const port = 80

/**
 * Serves on every address of a namespace. When the scope closes it is gone as a process is that was killed: connections
 * are reset and new ones refused.
 *
 * @category constructors
 * @since 0.1.0
 */
export const serve = (
  namespace: NetworkNamespace.NetworkNamespace,
  name: string
): Effect.Effect<void, DemoFailed, Scope.Scope> =>
  Effect.asVoid(
    Effect.acquireRelease(
      Effect.callback<ReturnType<typeof createServer>, DemoFailed>((resume) => {
        const server = createServer((_, response) => {
          // A new connection for each page, so that each is balanced.
          response.writeHead(200, { "content-type": "text/plain", connection: "close" }).end(name)
        })
        server.once("listening", () => resume(Effect.succeed(server)))
        server.once("error", (error) =>
          resume(Effect.fail(new DemoFailed({ message: `${name} cannot serve pages: ${error.message}` })))
        )
        // Without a host name to look up, the socket is made before the call returns.
        NetworkNamespace.within(namespace, () => server.listen(port))
      }),
      (server) =>
        Effect.callback<void>((resume) => {
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        })
    )
  )
