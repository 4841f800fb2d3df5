/**
 * The probe that fetches pages (`HTTP_GET`, `SSL_GET`): one after the other, each over a connection of its own.
 *
 * Carries bytes between the connection and `HttpExchange`, which decides, and computes the digest.
 *
 * @since 0.1.0
 */
import * as HttpExchange from "@holdfast/balancer/HttpExchange"
import type { Page, ProbeResult } from "@holdfast/balancer/Probe"
import type { TcpConnector } from "@holdfast/raw-socket/TcpConnector"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as crypto from "node:crypto"
import * as BodyBuffer from "./BodyBuffer.ts"
import * as Conversation from "./Conversation.ts"
import type { Launch } from "./Launch.ts"
import * as Outcome from "./Outcome.ts"
import * as TimeLimit from "./TimeLimit.ts"
import * as TlsClient from "./TlsClient.ts"

/**
 * Returns the probe. Its TLS files stay parsed as long as it does.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (connector: Pick<TcpConnector, "connect">): Launch<"Http"> => {
  const tlsClient = TlsClient.make()
  return (probe, onResult) => {
    let close: Conversation.Close
    const refuse = (reason: string): void => {
      const immediate = setImmediate(() => onResult({ _tag: "Refused", reason }))
      close = () => clearImmediate(immediate)
    }
    const fetchFrom = (index: number): void => {
      const page = probe.pages[index]
      if (page === undefined) return onResult(Outcome.passed)
      const secure = probe.tls && tlsClient.options(probe.tls, expectedName(probe, page))
      if (secure !== undefined && Result.isFailure(secure)) return refuse(secure.failure)
      close = fetchPage(connector, probe, page, secure?.success, (result) => {
        if (result._tag === "Passed") fetchFrom(index + 1)
        else onResult(result)
      })
    }
    const refusal = probe.pages.length === 0 ? "no page to fetch" : HttpExchange.refusal(probe)
    if (refusal === undefined) fetchFrom(0)
    else refuse(refusal)
    return () => close()
  }
}

/** Fetches one page and tells the result once. */
const fetchPage = (
  connector: Pick<TcpConnector, "connect">,
  probe: HttpExchange.HttpProbe,
  page: Page,
  secure: Conversation.Secure,
  onResult: (result: ProbeResult) => void
): Conversation.Close => {
  let exchange = HttpExchange.start(probe, page)
  const hash = page.digest === undefined ? undefined : crypto.createHash("md5")
  const buffer = page.pattern === undefined ? undefined : BodyBuffer.make()
  const close = Conversation.open(connector, probe.connection, secure, (happening) => {
    if (happening._tag === "Opened") return happening.send(HttpExchange.request(probe, page))
    if (happening._tag === "Broken") return onResult(happening.result)
    const step = HttpExchange.step(exchange, happening)
    exchange = step.exchange
    for (const piece of step.body) {
      hash?.update(piece)
      buffer?.append(piece)
    }
    if (step.decision === undefined) return
    close()
    onResult(
      step.decision._tag === "Decided"
        ? step.decision.result
        : judge(page, { digest: hash?.digest("hex") ?? "", bytes: buffer?.bytes() ?? empty })
    )
  })
  return close
}

/** A server that sends what a pattern is slow on must not hold up the other checks. */
const judge = (page: Page, body: HttpExchange.Body): ProbeResult =>
  page.pattern === undefined
    ? HttpExchange.judge(page, body)
    : Option.getOrElse(
        TimeLimit.run(() => HttpExchange.judge(page, body), patternMillisMax),
        () => Outcome.failed(`the regex took more than ${patternMillisMax} ms, on ${page.path}`)
      )

/** What the server's certificate has to be made out to: a virtual host has a port at most, and brackets for IPv6. */
const expectedName = ({ virtualHost, connection }: HttpExchange.HttpProbe, page: Page): string =>
  (page.virtualHost ?? virtualHost)?.replace(/:[0-9]+$/, "").replace(/^\[(.*)\]$/, "$1") ?? connection.address

/** A mebibyte takes a sound pattern a few milliseconds. */
const patternMillisMax = 100

const empty = new Uint8Array(0)
