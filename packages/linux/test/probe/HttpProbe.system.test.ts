/**
 * The HTTP probe against node's servers, which are good ones, and against hostile ones.
 */
import { assert, describe, it } from "@effect/vitest"
import type { Page, Tls } from "@holdfast/balancer/Probe"
import * as HttpProbe from "@holdfast/linux/probe/HttpProbe"
import type { ProbeOf } from "@holdfast/linux/probe/Launch"
import * as Effect from "effect/Effect"
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as http from "node:http"
import * as https from "node:https"
import * as net from "node:net"
import * as tls from "node:tls"
import * as Bench from "./ProbeBench.ts"
import * as Certificates from "./Certificates.ts"

const home: Page = { path: "/", statusCodes: [] }
const md5 = (text: string) => crypto.createHash("md5").update(text).digest("hex")
const helloPage: Page = { ...home, digest: md5("hello\n") }

const probeOf = (port: number, part: Partial<ProbeOf<"Http">> = {}): ProbeOf<"Http"> => ({
  _tag: "Http",
  connection: { address: Bench.loopback, port },
  pages: [home],
  version: "1.0",
  headers: [],
  bodyMax: 1_000_000,
  ...part
})

const hello: http.RequestListener = (request, response) => {
  if (request.url === "/busy") response.writeHead(503)
  if (request.url === "/chunked") response.write("hel")
  response.end(request.url === "/chunked" ? "lo\n" : "hello\n")
}

/** A server that does with each connection as the test says. */
const raw = (onConnection: (socket: net.Socket) => void) => Bench.listen(net.createServer(onConnection))

/** The result of a probe against a server that answers a request with these bytes and closes. */
const against = (onConnection: (socket: net.Socket) => void, part: Partial<ProbeOf<"Http">> = {}) =>
  Effect.gen(function* () {
    const launch = HttpProbe.make(yield* Bench.connector)
    return yield* Bench.resultOf(launch, probeOf(yield* raw(onConnection), part))
  })

describe("HTTP_GET against a web server", () => {
  it.effect("passes, page by page, each over a connection of its own", () =>
    Effect.gen(function* () {
      const asked: Array<string> = []
      const server = http.createServer((request, response) => {
        asked.push(
          `${request.httpVersion} ${request.headers.host} ${request.url} ${request.socket.remotePort}`
        )
        hello(request, response)
      })
      const port = yield* Bench.listen(server)
      const launch = HttpProbe.make(yield* Bench.connector)

      const result = yield* Bench.resultOf(
        launch,
        probeOf(port, {
          pages: [home, { ...helloPage, path: "/chunked", virtualHost: "b.example" }],
          version: "1.1",
          virtualHost: "a.example"
        })
      )

      assert.deepStrictEqual(result, Bench.passed)
      const [first, second] = asked.map((line) => line.split(" "))
      assert.deepStrictEqual(first!.slice(0, 3), ["1.1", "a.example", "/"])
      assert.deepStrictEqual(second!.slice(0, 3), ["1.1", "b.example", "/chunked"])
      assert.notStrictEqual(first![3], second![3])
    })
  )

  it.effect("fails at the first page that is not as it should be", () =>
    Effect.gen(function* () {
      const port = yield* Bench.listen(http.createServer(hello))
      const launch = HttpProbe.make(yield* Bench.connector)
      const resultOf = (...pages: ReadonlyArray<Page>) => Bench.resultOf(launch, probeOf(port, { pages }))

      assert.deepStrictEqual(
        yield* resultOf(home, { ...home, path: "/busy" }, { ...helloPage, digest: "x" }),
        Bench.failed("status 503 on /busy, expected 200-299")
      )
      assert.deepStrictEqual(
        yield* resultOf({ ...helloPage, digest: md5("hello") }),
        Bench.failed(`digest mismatch on /: got ${md5("hello\n")}, expected ${md5("hello")}`)
      )
      assert.deepStrictEqual(
        yield* resultOf({ ...home, pattern: { source: "^hell.$", flags: "m", negated: false } }),
        Bench.passed
      )
      assert.deepStrictEqual(
        yield* resultOf({ ...home, pattern: { source: "hell", flags: "", negated: true } }),
        Bench.failed("body of / matches the regex hell")
      )
    })
  )

  it.effect("fails when nobody listens", () =>
    Effect.gen(function* () {
      const launch = HttpProbe.make(yield* Bench.connector)
      const port = yield* Effect.scoped(Bench.listen(net.createServer()))

      assert.deepStrictEqual(yield* Bench.resultOf(launch, probeOf(port)), Bench.failed("connection refused"))
    })
  )

  it.effect("is refused when it cannot be asked", () =>
    Effect.gen(function* () {
      const launch = HttpProbe.make(yield* Bench.connector)
      const refused = (part: Partial<ProbeOf<"Http">>) => Bench.resultOf(launch, probeOf(1, part))

      assert.strictEqual((yield* refused({ virtualHost: "a\r\nb" }))._tag, "Refused")
      assert.strictEqual((yield* refused({ pages: [] }))._tag, "Refused")
      assert.deepStrictEqual(yield* refused({ tls: { verify: true, authority: "/nonexistent/ca.pem" } }), {
        _tag: "Refused",
        reason: "TLS: /nonexistent/ca.pem: no such file or directory"
      })
    })
  )
})

describe("SSL_GET", () => {
  const serve = (pair: Certificates.Pair, options: https.ServerOptions = {}) =>
    Bench.listen(
      https.createServer(
        { cert: fs.readFileSync(pair.certificate), key: fs.readFileSync(pair.key), ...options },
        hello
      )
    )
  const bench = Effect.gen(function* () {
    const certificates = yield* Certificates.make
    const launch = HttpProbe.make(yield* Bench.connector)
    const resultOf = (port: number, tls: Tls, part: Partial<ProbeOf<"Http">> = {}) =>
      Bench.resultOf(launch, probeOf(port, { pages: [helloPage], tls, ...part }))
    return { certificates, resultOf, verified: { verify: true, authority: certificates.authority } }
  })

  it.effect("passes whatever certificate there is, unless it is to be verified", () =>
    Effect.gen(function* () {
      const { certificates, resultOf, verified } = yield* bench
      const good = yield* serve(certificates.server)
      const expired = yield* serve(certificates.expired)
      const alone = yield* serve(certificates.selfSigned)

      for (const port of [good, expired, alone])
        assert.deepStrictEqual(yield* resultOf(port, { verify: false }), Bench.passed)
      assert.deepStrictEqual(yield* resultOf(good, verified), Bench.passed)
      assert.deepStrictEqual(yield* resultOf(expired, verified), Bench.failed("TLS: certificate has expired"))
      assert.deepStrictEqual(yield* resultOf(alone, verified), Bench.failed("TLS: self-signed certificate"))
      assert.deepStrictEqual(
        yield* resultOf(good, { verify: true }),
        Bench.failed("TLS: unable to verify the first certificate")
      )
    })
  )

  it.effect("verifies the name that is sent, else the virtual host, else the address", () =>
    Effect.gen(function* () {
      const { certificates, resultOf, verified } = yield* bench
      const port = yield* serve(certificates.server)
      const other = /^TLS: Host: other\.example\. is not in the cert's altnames: DNS:web\.example/

      assert.deepStrictEqual(yield* resultOf(port, { ...verified, serverName: "web.example" }), Bench.passed)
      assert.deepStrictEqual(
        yield* resultOf(port, verified, { virtualHost: "web.example:8443" }),
        Bench.passed
      )
      for (const result of [
        yield* resultOf(port, { ...verified, serverName: "other.example" }, { virtualHost: "web.example" }),
        yield* resultOf(port, verified, { virtualHost: "other.example" })
      ]) {
        assert.strictEqual(result._tag, "Failed")
        assert.match((result as { readonly reason: string }).reason, other)
      }
    })
  )

  it.effect("sends the name when it is given, and only then", () =>
    Effect.gen(function* () {
      const { certificates, resultOf } = yield* bench
      const named: Array<unknown> = []
      const server = https.createServer(
        {
          cert: fs.readFileSync(certificates.server.certificate),
          key: fs.readFileSync(certificates.server.key)
        },
        hello
      )
      server.on("secureConnection", (socket) => named.push((socket as { servername?: unknown }).servername))
      const port = yield* Bench.listen(server)

      yield* resultOf(port, { verify: false, serverName: "web.example" })
      yield* resultOf(port, { verify: false })
      yield* resultOf(port, { verify: false, serverName: Bench.loopback })

      assert.deepStrictEqual(named, ["web.example", false, false])
    })
  )

  it.effect("shows its own certificate, and reads a renewed file again", () =>
    Effect.gen(function* () {
      const { certificates, resultOf } = yield* bench
      const port = yield* serve(certificates.server, {
        ca: fs.readFileSync(certificates.authority),
        requestCert: true,
        rejectUnauthorized: true,
        maxVersion: "TLSv1.2"
      })
      const { certificate, key } = certificates.client
      const own = { verify: false, certificate, key, password: "secret" }

      assert.deepStrictEqual(yield* resultOf(port, own), Bench.passed)
      assert.strictEqual((yield* resultOf(port, { verify: false }))._tag, "Failed")
      assert.strictEqual((yield* resultOf(port, { ...own, password: "wrong" }))._tag, "Refused")
      fs.copyFileSync(certificates.selfSigned.certificate, certificate)
      fs.copyFileSync(certificates.selfSigned.key, key)
      assert.strictEqual((yield* resultOf(port, own))._tag, "Failed")
      fs.rmSync(certificate)
      assert.strictEqual((yield* resultOf(port, own))._tag, "Refused")
    })
  )

  it.effect("talks to an old server, unless it is to be verified", () =>
    Effect.gen(function* () {
      const { certificates, resultOf, verified } = yield* bench
      const port = yield* serve(certificates.server, {
        minVersion: "TLSv1",
        maxVersion: "TLSv1",
        ciphers: "DEFAULT:@SECLEVEL=0"
      })

      assert.deepStrictEqual(yield* resultOf(port, { verify: false }), Bench.passed)
      assert.strictEqual((yield* resultOf(port, verified))._tag, "Failed")
    })
  )

  it.effect("takes an end of the connection for an end of TLS", () =>
    Effect.gen(function* () {
      const { certificates, resultOf } = yield* bench
      const { certificate, key } = certificates.server
      const server = tls.createServer({ cert: fs.readFileSync(certificate), key: fs.readFileSync(key) })
      let below: net.Socket
      server.on("connection", (socket) => (below = socket))
      server.on("secureConnection", (socket) =>
        socket.once("data", () => socket.write("HTTP/1.0 200 OK\r\n\r\nhello\n", () => below.end()))
      )
      const port = yield* Bench.listen(server)

      assert.deepStrictEqual(yield* resultOf(port, { verify: false }), Bench.passed)
    })
  )

  it.effect("fails when the other end does not speak TLS, or breaks off", () =>
    Effect.gen(function* () {
      const secure = { tls: { verify: false } }

      assert.deepStrictEqual(
        yield* against((socket) => socket.end("HTTP/1.0 200 OK\r\n\r\n"), secure),
        Bench.failed("TLS: wrong version number")
      )
      assert.deepStrictEqual(
        yield* against((socket) => socket.once("data", () => socket.end()), secure),
        Bench.failed("TLS: the connection was closed during the handshake")
      )
      assert.deepStrictEqual(
        yield* against((socket) => socket.once("data", () => socket.resetAndDestroy()), secure),
        Bench.failed("connection reset by peer")
      )
    })
  )
})

describe("HTTP_GET against a hostile server", () => {
  const ok = "HTTP/1.0 200 OK\r\n\r\n"
  const withDigest = { pages: [helloPage] }

  it.effect("a body without end stops at the bound", () =>
    Effect.gen(function* () {
      let written = 0
      const result = yield* against(
        (socket) => {
          const piece = new Uint8Array(65_536)
          const pour = () => {
            while (!socket.destroyed && socket.write(piece)) written += piece.length
          }
          socket.on("drain", pour)
          socket.write(ok)
          pour()
        },
        { pages: [{ ...helloPage, pattern: { source: "x", flags: "", negated: false } }], bodyMax: 1_000_000 }
      )

      assert.deepStrictEqual(result, Bench.failed("body longer than 1000000 bytes, on /"))
      // What the sockets of both ends hold comes on top.
      assert.isBelow(written, 20_000_000)
    })
  )

  it.effect("a head without end stops at the bound", () =>
    Effect.gen(function* () {
      const result = yield* against((socket) => {
        const pour = () => {
          while (!socket.destroyed && socket.write("A: b\r\n".repeat(1000))) continue
        }
        socket.on("drain", pour)
        socket.write("HTTP/1.0 200 OK\r\n")
        pour()
      })

      assert.deepStrictEqual(result, Bench.failed("head longer than 65536 bytes, on /"))
    })
  )

  it.effect("one byte at a time makes an answer too", () =>
    Effect.gen(function* () {
      const result = yield* against((socket) => {
        socket.setNoDelay(true)
        const bytes = `${ok}hello\n`
        const drip = (index: number): void => {
          if (index === bytes.length) socket.end()
          else socket.write(bytes[index]!, () => setImmediate(drip, index + 1))
        }
        drip(0)
      }, withDigest)

      assert.deepStrictEqual(result, Bench.passed)
    })
  )

  it.effect("closing or resetting at any stage fails", () =>
    Effect.gen(function* () {
      const reset = Bench.failed("connection reset by peer")

      assert.deepStrictEqual(
        yield* against((socket) => socket.once("data", () => socket.end())),
        Bench.failed("the connection was closed without an answer, on /")
      )
      assert.deepStrictEqual(
        yield* against((socket) => socket.once("data", () => socket.end("HTTP/1.0 200 OK\r\n"))),
        Bench.failed("the connection was closed within the head of the answer, on /")
      )
      assert.deepStrictEqual(
        yield* against(
          (socket) =>
            socket.once("data", () => socket.end("HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhel")),
          withDigest
        ),
        Bench.failed("the connection was closed after 3 of 6 bytes of the body, on /")
      )
      for (const text of ["", "HTTP/1.0 200", `${ok}hel`])
        assert.deepStrictEqual(
          yield* against(
            (socket) => socket.once("data", () => socket.write(text, () => socket.resetAndDestroy())),
            withDigest
          ),
          reset
        )
    })
  )

  it.effect("a body that a pattern is slow on fails, and holds nothing up for long", () =>
    Effect.gen(function* () {
      const pattern = { source: "^(?:a+)+$", flags: "", negated: false }
      const result = yield* against((socket) => socket.end(`${ok}${"a".repeat(50)}b`), {
        pages: [{ ...home, pattern }]
      })

      assert.deepStrictEqual(result, Bench.failed("the regex took more than 100 ms, on /"))
    })
  )

  it.effect("another protocol fails with its first bytes", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* against((socket) => socket.write("SSH-2.0-OpenSSH_9.2p1\r\n")),
        Bench.failed('the answer is not HTTP, it begins with "SSH-2.0-OpenSSH_", on /')
      )
    })
  )

  it.effect("silence never reports, and cancelling ends the connection, at every stage", () =>
    Effect.gen(function* () {
      const launch = HttpProbe.make(yield* Bench.connector)
      for (const part of [{}, { tls: { verify: false } }])
        for (const text of ["", "HTTP/1.0 200", `${ok}hel`]) {
          let isConnected = false
          let isClosed = false
          const port = yield* raw((socket) => {
            socket.on("close", () => (isClosed = true))
            socket.once("data", () => {
              socket.write("tls" in part ? "" : text, () => (isConnected = true))
            })
            socket.resume()
          })

          const cancel = Bench.launchSilent(launch, probeOf(port, { ...withDigest, ...part }))
          yield* Bench.eventually("connected", () => isConnected)
          cancel()
          cancel()

          yield* Bench.eventually("closed", () => isClosed)
        }
    })
  )

  it.effect("1,000 probes leave no descriptor behind", () =>
    Effect.gen(function* () {
      const certificates = yield* Certificates.make
      // The servers keep connections open, so that only the probe can have closed them.
      const plain = yield* Bench.listen(http.createServer({ keepAliveTimeout: 0 }, hello))
      const secure = yield* Bench.listen(
        https.createServer(
          {
            keepAliveTimeout: 0,
            cert: fs.readFileSync(certificates.server.certificate),
            key: fs.readFileSync(certificates.server.key)
          },
          hello
        )
      )
      const launch = HttpProbe.make(yield* Bench.connector)
      const version = "1.1K"
      const before = Bench.descriptorCount()
      const runs = (count: number, probe: ProbeOf<"Http">) =>
        Effect.forEach(Array.from({ length: count }), () => Bench.resultOf(launch, probe), {
          concurrency: 20
        })

      const results = [
        ...(yield* runs(800, probeOf(plain, { ...withDigest, version }))),
        ...(yield* runs(100, probeOf(plain, { pages: [{ ...home, path: "/busy" }], version }))),
        ...(yield* runs(100, probeOf(secure, { ...withDigest, version, tls: { verify: false } })))
      ]
      for (let index = 0; index < 100; index++)
        Bench.launchSilent(launch, probeOf(index % 2 === 0 ? plain : secure, { tls: { verify: false } }))()

      assert.strictEqual(results.filter(({ _tag }) => _tag === "Passed").length, 900)
      yield* Bench.eventually("all descriptors closed", () => Bench.descriptorCount() === before)
    })
  )
})
