/**
 * `holdfast genhash`: fetches a page as a check would, and prints the digest that `digest` in the file expects.
 *
 * The options and the line that it prints are those of keepalived's genhash, so that scripts go on working.
 *
 * **Gotchas** where genhash prints `Connection failed` for a digest and ends with 0, this prints to standard error and
 * ends with 70. A chunked body counts without its chunks, as in the check.
 *
 * @see docs/reference/command.md
 * @since 0.1.0
 */
import * as HttpExchange from "@holdfast/balancer/HttpExchange"
import * as HttpResponse from "@holdfast/balancer/HttpResponse"
import type { HttpVersion, Page } from "@holdfast/balancer/Probe"
import * as Conversation from "@holdfast/linux/probe/Conversation"
import * as TlsClient from "@holdfast/linux/probe/TlsClient"
import * as TcpConnector from "@holdfast/raw-socket/TcpConnector"
import * as Address from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as crypto from "node:crypto"
import { parseArgs } from "node:util"
import * as ExitCode from "./ExitCode.ts"

/**
 * Fetches, prints, and returns the exit code.
 *
 * @category commands
 * @since 0.1.0
 */
export const run = (words: ReadonlyArray<string>): Effect.Effect<number> => {
  const request = read(words)
  if (Result.isFailure(request))
    return refuse(`${request.failure}; see holdfast genhash --help`, ExitCode.usage)
  if (request.success === "Help") return print(help)
  const { isVerbose, probe, timeoutSeconds } = request.success
  return fetchPage(probe).pipe(
    Effect.timeoutOrElse({
      duration: `${timeoutSeconds} seconds`,
      orElse: () => Effect.fail(`no answer within ${timeoutSeconds} s`)
    }),
    Effect.flatMap(({ digest, head }) => print(isVerbose ? `${head.trimEnd()}\n\n${digest}` : digest)),
    Effect.catch((reason) => refuse(reason, ExitCode.failed))
  )
}

interface Request {
  readonly probe: HttpExchange.HttpProbe
  readonly timeoutSeconds: number
  readonly isVerbose: boolean
}

const read = (words: ReadonlyArray<string>): Result.Result<Request | "Help", string> =>
  Result.flatMap(
    Result.try({
      try: () => parseArgs({ args: [...words], options }).values,
      catch: (error) => (error instanceof Error ? error.message : String(error))
    }),
    (values): Result.Result<Request | "Help", string> => {
      if (values.help === true) return Result.succeed("Help")
      const address = Address.ipFromString(values.server ?? "")
      if (Option.isNone(address)) return Result.fail("genhash needs --server with an address")
      const version = versions.find((known) => known === values.protocol?.toUpperCase())
      if (version === undefined) return Result.fail(`--protocol is one of ${versions.join(", ")}`)
      const isSecure = values["use-ssl"] === true
      const port = numberIn(values.port ?? (isSecure ? "443" : "80"), 1, 65_535)
      const timeoutSeconds = numberIn(values.timeout, 1, 3_600)
      const mark = numberIn(values.fwmark ?? "0", 0, 0xffff_ffff)
      if (port === undefined) return Result.fail("--port is a number from 1 to 65535")
      if (timeoutSeconds === undefined) return Result.fail("--timeout is a number of seconds up to 3600")
      if (mark === undefined) return Result.fail("--fwmark is a number of 32 bits")
      const virtualHost = values["use-virtualhost"]
      const probe: HttpExchange.HttpProbe = {
        _tag: "Http",
        connection: { address: address.value, port, ...(mark > 0 && { mark }) },
        pages: [{ path: values.url, statusCodes: [] }],
        version,
        headers: [],
        bodyMax: Number.MAX_SAFE_INTEGER,
        ...(virtualHost !== undefined && { virtualHost }),
        ...(isSecure && {
          tls: {
            verify: false,
            ...(values["use-sni"] === true && virtualHost !== undefined && { serverName: virtualHost })
          }
        })
      }
      const refusal = HttpExchange.refusal(probe)
      return refusal === undefined
        ? Result.succeed({ probe, timeoutSeconds, isVerbose: values.verbose === true })
        : Result.fail(refusal)
    }
  )

const numberIn = (text: string, least: number, most: number): number | undefined => {
  const number = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN
  return number >= least && number <= most ? number : undefined
}

/** Fetches the one page of the probe, or fails with the reason. */
const fetchPage = (
  probe: HttpExchange.HttpProbe
): Effect.Effect<{ readonly head: string; readonly digest: string }, string> =>
  Effect.gen(function* () {
    const connector = yield* Effect.mapError(TcpConnector.open, (error) => error.message)
    const secure =
      probe.tls && (yield* Effect.fromResult(TlsClient.make().options(probe.tls, probe.connection.address)))
    return yield* Effect.callback<{ readonly head: string; readonly digest: string }, string>((resume) => {
      const hash = crypto.createHash("md5")
      let response = HttpResponse.initial
      let head = ""
      const close = Conversation.open(connector, probe.connection, secure, (happening) => {
        if (happening._tag === "Opened")
          return happening.send(HttpExchange.request(probe, probe.pages[0] as Page))
        if (happening._tag === "Broken")
          return resume(Effect.fail(happening.result._tag === "Passed" ? "" : happening.result.reason))
        const step = HttpResponse.step(response, happening, probe.bodyMax)
        response = step.response
        head = step.head?.text ?? head
        for (const piece of step.body) hash.update(piece)
        if (step.outcome === undefined) return
        close()
        resume(
          step.outcome._tag === "Complete"
            ? Effect.succeed({ head, digest: hash.digest("hex") })
            : Effect.fail(step.outcome.reason)
        )
      })
      return Effect.sync(close)
    })
  }).pipe(Effect.scoped)

const print = (text: string): Effect.Effect<number> =>
  Effect.sync(() => {
    console.log(text)
    return ExitCode.ok
  })

const refuse = (message: string, code: number): Effect.Effect<number> =>
  Effect.sync(() => {
    console.error(`holdfast: ${message}`)
    return code
  })

const versions: ReadonlyArray<HttpVersion> = ["1.0", "1.0C", "1.0K", "1.1", "1.1C", "1.1K"]

const options = {
  "use-ssl": { type: "boolean", short: "S" },
  "use-sni": { type: "boolean", short: "I" },
  server: { type: "string", short: "s" },
  port: { type: "string", short: "p" },
  url: { type: "string", short: "u", default: "/" },
  "use-virtualhost": { type: "string", short: "V" },
  protocol: { type: "string", short: "P", default: "1.0" },
  fwmark: { type: "string", short: "m" },
  timeout: { type: "string", short: "t", default: "5" },
  verbose: { type: "boolean", short: "v" },
  help: { type: "boolean", short: "h" }
} as const

const help = `Usage: holdfast genhash -s ADDRESS [-p PORT] [-u PATH] [OPTION...]

  -s, --server=ADDRESS         the web server
  -p, --port=PORT              its port (80, with TLS 443)
  -u, --url=PATH               what to fetch (/)
  -V, --use-virtualhost=NAME   the Host header (the server)
  -S, --use-ssl                by TLS, whatever the certificate
  -I, --use-sni                send the virtual host as the name in TLS
  -P, --protocol=VERSION       1.0 (default), 1.0C, 1.0K, 1.1, 1.1C or 1.1K, as http_protocol in the file
  -m, --fwmark=MARK            mark the packets
  -t, --timeout=SECONDS        for all of it (5)
  -v, --verbose                print the head of the answer too
  -h, --help                   print this`
