/**
 * Probes that connect (`TCP_CHECK`): a server that accepts a connection works.
 *
 * @since 0.1.0
 */
import type * as SocketError from "@holdfast/raw-socket/SocketError"
import * as TcpConnector from "@holdfast/raw-socket/TcpConnector"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { Launch } from "./Launch.ts"
import * as Outcome from "./Outcome.ts"

/**
 * Opens what the probes of this kind share.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open: Effect.Effect<Launch<"Tcp">, SocketError.SocketError, Scope.Scope> = Effect.map(
  TcpConnector.open,
  (connector) => (probe, onResult) =>
    connector.probe(probe.connection, (outcome) =>
      onResult(Result.isSuccess(outcome) ? Outcome.passed : Outcome.ofFailure(outcome.failure))
    )
)
