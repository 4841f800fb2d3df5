/**
 * Probes that ask a name server (`DNS_CHECK`): an answer without an error code passes.
 *
 * **Details**
 * What does not answer this very question is not looked at: another number or name, bytes that are no response. The
 * number is random and the socket takes datagrams of the server only, so that nobody else can answer for it.
 *
 * @since 0.1.0
 */
import * as DatagramConnector from "@holdfast/raw-socket/DatagramConnector"
import type * as SocketError from "@holdfast/raw-socket/SocketError"
import * as Dns from "@holdfast/wire/Dns"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { randomInt } from "node:crypto"
import type { Launch } from "./Launch.ts"
import * as Outcome from "./Outcome.ts"

/**
 * Opens what the probes of this kind share.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open: Effect.Effect<Launch<"Dns">, SocketError.SocketError, Scope.Scope> = Effect.map(
  DatagramConnector.open,
  (connector) => (probe, onResult) => {
    const id = randomInt(idCount)
    const question = { name: probe.name, type: Dns.recordTypes[probe.type] }
    const query = Dns.encodeQuery(id, question)
    if (Result.isFailure(query)) {
      const immediate = setImmediate(() =>
        onResult({ _tag: "Refused", reason: `${probe.name} is not a domain name` })
      )
      return () => clearImmediate(immediate)
    }
    const cancel = connector.exchange(probe.connection, DatagramConnector.udp, query.success, {
      onDatagram: (bytes) => {
        const response = Dns.decodeResponse(bytes)
        if (Result.isFailure(response) || !Dns.answers(id, question, response.success)) return
        cancel()
        const { responseCode } = response.success
        onResult(
          responseCode === 0
            ? Outcome.passed
            : Outcome.failed(`the server answers ${Dns.responseCodeName(responseCode)}`)
        )
      },
      onFailure: (failure) => onResult(Outcome.ofFailure(failure))
    })
    return cancel
  }
)

const idCount = 0x1_0000 // RFC 1035 4.1.1: 16 bits
