/**
 * A machine that fetches a page every few milliseconds, each by a connection of its own, and tells what became of it.
 *
 * @since 0.1.0
 */
import { request } from "node:http"
import { Socket } from "node:net"
import * as MonotonicClock from "@holdfast/raw-socket/MonotonicClock"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import type { SocketError } from "@holdfast/raw-socket/SocketError"
import * as TcpConnector from "@holdfast/raw-socket/TcpConnector"
import type { Ipv4Address } from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { Fetch } from "./PageCount.ts"
import * as WebServer from "./WebServer.ts"

/**
 * Fetches until the scope closes. What is under way then is dropped without a word.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = Effect.fnUntraced(function* (
  namespace: NetworkNamespace.NetworkNamespace,
  address: Ipv4Address,
  onFetch: (fetch: Fetch) => void
): Effect.fn.Return<void, SocketError, Scope.Scope> {
  const connector = yield* TcpConnector.open
  const underWay = new Set<() => void>()
  yield* Effect.addFinalizer(() => Effect.sync(() => underWay.forEach((drop) => drop())))
  const begin = () => {
    const startedAt = MonotonicClock.now()
    const drop = fetchPage(namespace, connector, address, (outcome) => {
      underWay.delete(drop)
      onFetch({ ...outcome, startedAt, endedAt: MonotonicClock.now() })
    })
    underWay.add(drop)
  }
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sync(begin), Effect.sleep(fetchInterval))))
})

type Outcome = { readonly server: string } | { readonly lost: string }

/** Calls back once, never before it returned; the function that it returns ends the fetch and calls nobody. */
const fetchPage = (
  namespace: NetworkNamespace.NetworkNamespace,
  connector: TcpConnector.TcpConnector,
  address: Ipv4Address,
  onOutcome: (outcome: Outcome) => void
): (() => void) => {
  let close = (): void => undefined
  // What came while this computer was busy is looked at before the patience ends.
  const patience = setTimeout(() => setImmediate(() => end({ lost: "no answer" })), patienceMillis)
  let isOver = false
  const drop = () => {
    isOver = true
    clearTimeout(patience)
    close()
  }
  const end = (outcome: Outcome) => {
    if (isOver) return
    drop()
    onOutcome(outcome)
  }
  close = NetworkNamespace.within(namespace, () =>
    connector.connect({ address, port: WebServer.port }, (outcome) => {
      if (Result.isFailure(outcome)) return end({ lost: outcome.failure.reason })
      const socket = new Socket({ fd: outcome.success })
      close = () => socket.destroy()
      readPage(socket, address, end)
    })
  )
  return drop
}

const readPage = (socket: Socket, host: string, end: (outcome: Outcome) => void): void => {
  request({ createConnection: () => socket, headers: { host, connection: "close" } }, (response) => {
    let page = ""
    response.setEncoding("utf8")
    response.on("data", (text: string) => (page += text))
    response.on("error", (error) => end({ lost: error.message }))
    response.on("end", () =>
      end(response.statusCode === 200 ? { server: page } : { lost: `status ${response.statusCode}` })
    )
  })
    .on("error", (error) => end({ lost: error.message }))
    .end()
}

/** How exactly a loss is measured. */
const fetchInterval = "50 millis"

/** Less than TCP waits before it asks again (1 s, RFC 6298 2): a first packet that is lost is a page that is lost. */
const patienceMillis = 900
