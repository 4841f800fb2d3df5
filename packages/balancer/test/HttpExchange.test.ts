import { assert, describe, it } from "@effect/vitest"
import * as HttpExchange from "@holdfast/balancer/HttpExchange"
import type { HttpVersion, Page } from "@holdfast/balancer/Probe"
import type { IpAddress } from "@holdfast/wire/Address"
import * as Schema from "effect/Schema"

const runs = { arbitrary: { runs: 1_000 } }

const home: Page = { path: "/", statusCodes: [] }
const hashed: Page = { ...home, digest: "b1946ac92492d2347c6235b4d2611184" }

const probe: HttpExchange.HttpProbe = {
  _tag: "Http",
  connection: { address: "192.0.2.1" as IpAddress, port: 8080 },
  pages: [home],
  version: "1.0",
  headers: [],
  bodyMax: 1000
}

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0))
const textOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes)

/** Carries an exchange through pieces and, if nothing was decided, the end of the connection. */
const exchange = (page: Page, pieces: ReadonlyArray<Uint8Array>, bodyMax = probe.bodyMax) => {
  let current = HttpExchange.start({ ...probe, bodyMax }, page)
  const inputs = [
    ...pieces.map((bytes) => ({ _tag: "BytesReceived", bytes }) as const),
    { _tag: "ConnectionEnded" } as const
  ]
  let body = ""
  for (const input of inputs) {
    const step = HttpExchange.step(current, input)
    current = step.exchange
    body += step.body.map(textOf).join("")
    if (step.decision !== undefined) return { decision: step.decision, body }
  }
  throw new Error("nothing was decided")
}

const answer = (page: Page, text: string, bodyMax?: number) => exchange(page, [bytesOf(text)], bodyMax)

const passed: HttpExchange.Decision = { _tag: "Decided", result: { _tag: "Passed" } }
const failed = (reason: string): HttpExchange.Decision => ({
  _tag: "Decided",
  result: { _tag: "Failed", reason }
})
const judged = (page: Page, text: string) => HttpExchange.judge(page, { bytes: bytesOf(text), digest: "d" })

describe("the request", () => {
  const request = (part: Partial<HttpExchange.HttpProbe>, page: Page = home) =>
    textOf(HttpExchange.request({ ...probe, ...part }, page)).split("\r\n")

  it("names the server with its port when no virtual host is given, and the page's before the check's", () => {
    const ipv6 = "2001:db8::1" as IpAddress

    assert.include(request({}), "Host: 192.0.2.1:8080")
    assert.include(request({ connection: { address: ipv6, port: 80 } }), "Host: [2001:db8::1]:80")
    assert.include(request({ virtualHost: "a.example" }), "Host: a.example")
    assert.include(
      request({ virtualHost: "a.example" }, { ...home, virtualHost: "b.example" }),
      "Host: b.example"
    )
  })

  it("is written in the version that was asked for", () => {
    const written = (version: HttpVersion) => {
      const lines = request({ version })
      return [lines[0], lines.find((line) => line.startsWith("Connection:"))]
    }

    assert.deepStrictEqual(written("1.0"), ["GET / HTTP/1.0", undefined])
    assert.deepStrictEqual(written("1.0C"), ["GET / HTTP/1.0", "Connection: close"])
    assert.deepStrictEqual(written("1.0K"), ["GET / HTTP/1.0", "Connection: keep-alive"])
    assert.deepStrictEqual(written("1.1"), ["GET / HTTP/1.1", "Connection: close"])
    assert.deepStrictEqual(written("1.1C"), ["GET / HTTP/1.1", "Connection: close"])
    assert.deepStrictEqual(written("1.1K"), ["GET / HTTP/1.1", "Connection: keep-alive"])
  })

  it("carries the headers of the check, which replace ours", () => {
    const lines = request({
      headers: [
        ["user-agent", "probe"],
        ["X-Check", "1"]
      ]
    })

    assert.deepStrictEqual(lines, [
      "GET / HTTP/1.0",
      "Host: 192.0.2.1:8080",
      "user-agent: probe",
      "X-Check: 1",
      "",
      ""
    ])
  })

  it("is refused when a word would begin another line, or a pattern is none", () => {
    const refusal = (part: Partial<HttpExchange.HttpProbe>) => HttpExchange.refusal({ ...probe, ...part })

    assert.isUndefined(refusal({}))
    assert.match(refusal({ virtualHost: "a\r\nX: 1" })!, /control character in "a\\r\\nX: 1"/)
    assert.match(refusal({ headers: [["A", "b\n"]] })!, /control character/)
    assert.match(refusal({ pages: [{ ...home, path: "/\u0000" }] })!, /control character/)
    assert.match(
      refusal({ pages: [{ ...home, pattern: { source: "(", flags: "", negated: false } }] })!,
      /^regex: /
    )
  })
})

describe("the status", () => {
  it("decides as soon as the head is read, when nothing else is asked", () => {
    assert.deepStrictEqual(answer(home, "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n").decision, passed)
    assert.deepStrictEqual(
      answer({ ...home, path: "/health" }, "HTTP/1.1 503 Busy\r\n\r\n").decision,
      failed("status 503 on /health, expected 200-299")
    )
  })

  it("is one of the ranges, inclusive", () => {
    const page: Page = {
      ...home,
      statusCodes: [
        [200, 204],
        [301, 301]
      ]
    }
    const decisionOn = (status: number) => answer(page, `HTTP/1.0 ${status} X\r\n\r\n`).decision

    for (const status of [200, 204, 301]) assert.deepStrictEqual(decisionOn(status), passed)
    for (const status of [205, 300, 302])
      assert.deepStrictEqual(decisionOn(status), failed(`status ${status} on /, expected 200-204 301`))
  })

  it("does not matter to a digest unless both are asked", () => {
    assert.deepStrictEqual(answer(hashed, "HTTP/1.0 404 X\r\n\r\nhello\n"), {
      decision: { _tag: "BodyRead" },
      body: "hello\n"
    })
    assert.deepStrictEqual(
      answer({ ...hashed, statusCodes: [[200, 200]] }, "HTTP/1.0 404 X\r\n\r\nhello\n").decision,
      failed("status 404 on /, expected 200")
    )
  })

  it("RFC 9110 15.2: interim responses are read past", () => {
    const text =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"

    assert.deepStrictEqual(answer(home, text).decision, passed)
  })

  it("RFC 9110 15.2.2: 101 is an answer, for it ends HTTP", () => {
    assert.deepStrictEqual(
      answer(home, "HTTP/1.1 101 Switching Protocols\r\n\r\n").decision,
      failed("status 101 on /, expected 200-299")
    )
  })
})

describe("the body", () => {
  const read: HttpExchange.Decision = { _tag: "BodyRead" }
  const body = (head: string, text: string, bodyMax?: number) =>
    answer(hashed, `HTTP/1.1 200 OK\r\n${head}\r\n${text}`, bodyMax)

  it("ends after Content-Length bytes, whatever follows", () => {
    assert.deepStrictEqual(body("content-length: 6\r\n", "hello\nmore"), { decision: read, body: "hello\n" })
    assert.deepStrictEqual(body("Content-Length: 6, 6\r\n", "hello\n"), { decision: read, body: "hello\n" })
    assert.deepStrictEqual(body("Content-Length: 0\r\n", ""), { decision: read, body: "" })
  })

  it("ends with the connection when nothing says where", () => {
    assert.deepStrictEqual(body("", "hello\n"), { decision: read, body: "hello\n" })
    assert.deepStrictEqual(body("Transfer-Encoding: chunked, gzip\r\n", "5"), { decision: read, body: "5" })
  })

  it("is empty after 204 and 304", () => {
    for (const status of [204, 304])
      assert.deepStrictEqual(answer(hashed, `HTTP/1.1 ${status} X\r\nContent-Length: 9\r\n\r\n`), {
        decision: read,
        body: ""
      })
  })

  it("loses its chunks, which count before Content-Length", () => {
    const chunked = "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"
    const text = '3;a="b"\r\nhel\r\n03\r\nlo\n\r\n0\r\nTrailer: x\r\n\r\n'

    assert.deepStrictEqual(body(chunked, text), { decision: read, body: "hello\n" })
  })

  it("fails when it is longer than the bound, however its length is told", () => {
    const tooLong = failed("body longer than 5 bytes, on /")

    assert.deepStrictEqual(body("Content-Length: 6\r\n", "", 5).decision, tooLong)
    assert.deepStrictEqual(body("", "123456", 5).decision, tooLong)
    assert.deepStrictEqual(body("Transfer-Encoding: chunked\r\n", "3\r\n123\r\n3\r\n", 5).decision, tooLong)
    assert.deepStrictEqual(body("", "12345", 5), { decision: read, body: "12345" })
  })

  it("fails when it is broken", () => {
    const chunked = "Transfer-Encoding: chunked\r\n"

    assert.deepStrictEqual(
      body("Content-Length: 6\r\n", "hel").decision,
      failed("the connection was closed after 3 of 6 bytes of the body, on /")
    )
    for (const text of ["", "3", "3\r\nhel", "3\r\nhel\r\n", "0\r\n"])
      assert.deepStrictEqual(
        body(chunked, text).decision,
        failed("the connection was closed before the last chunk of the body, on /")
      )
    assert.deepStrictEqual(body(chunked, "x\r\n").decision, failed('bad chunk size "x", on /'))
    assert.deepStrictEqual(
      body(chunked, "3\r\nhello\r\n").decision,
      failed("a chunk does not end where its size says, on /")
    )
    assert.deepStrictEqual(
      body("Content-Length: 6\r\nContent-Length: 7\r\n", "").decision,
      failed('Content-Length is "6, 7", on /')
    )
    assert.deepStrictEqual(
      body("Content-Length: -1\r\n", "").decision,
      failed('Content-Length is "-1", on /')
    )
  })
})

describe("an answer in pieces of one byte", () => {
  const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
  for (const text of [
    `${chunked}3\r\nhel\r\n3\r\nlo\n\r\n0\r\nA: b\r\n\r\n`,
    `${chunked}3\nhel\n0\n\n`,
    `${chunked}3\r\nhelp\r\n`,
    `${chunked}${"1".repeat(2_000)}`,
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhel",
    "HTTP/1.1 200 OK\r\n\r\nhel",
    "HTTP/1.1 101 Switching Protocols\r\n\r\n\u0001",
    "SSH-2.0-OpenSSH_9.2p1\r\n",
    "HTTP/1.1 nothing\r\n\r\n"
  ])
    it(JSON.stringify(text.slice(0, 120)), () => {
      const bytes = bytesOf(text)
      const pieces = Array.from(bytes, (_, index) => bytes.subarray(index, index + 1))

      assert.deepStrictEqual(exchange(hashed, pieces), exchange(hashed, [bytes]))
    })
})

describe("what is no answer", () => {
  it("is told from its first bytes, before a line ends", () => {
    const said = (text: string) => HttpExchange.step(HttpExchange.start(probe, home), received(text)).decision
    const received = (text: string) => ({ _tag: "BytesReceived", bytes: bytesOf(text) }) as const

    assert.deepStrictEqual(
      said("SSH-2.0-OpenSSH_9.2p1"),
      failed('the answer is not HTTP, it begins with "SSH-2.0-OpenSSH_", on /')
    )
    assert.deepStrictEqual(said("220 a\r\n"), failed('the answer is not HTTP, it begins with "220 a", on /'))
    assert.isUndefined(said("HTTP"))
  })

  it("fails with what was missing", () => {
    assert.deepStrictEqual(
      answer(home, "").decision,
      failed("the connection was closed without an answer, on /")
    )
    assert.deepStrictEqual(
      answer(home, "HTTP/1.0 200 OK\r\n").decision,
      failed("the connection was closed within the head of the answer, on /")
    )
    assert.deepStrictEqual(
      answer(home, "HTTP/1.0 OK\r\n\r\n").decision,
      failed('no status in "HTTP/1.0 OK", on /')
    )
  })

  it("a head without an end is longer than the bound", () => {
    const tooLong = failed("head longer than 65536 bytes, on /")
    const interim = "HTTP/1.1 100 Continue\r\n\r\n"

    assert.deepStrictEqual(answer(home, `HTTP/1.0 200 OK\r\n${"A: b\r\n".repeat(20_000)}`).decision, tooLong)
    assert.deepStrictEqual(answer(home, `HTTP/1.0 200 ${"A".repeat(70_000)}`).decision, tooLong)
    assert.deepStrictEqual(answer(home, interim.repeat(4_000)).decision, tooLong)
    assert.deepStrictEqual(
      answer(hashed, `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${"A: b\r\n".repeat(20_000)}`)
        .decision,
      failed("trailer longer than 65536 bytes, on /")
    )
  })
})

describe("the verdict on a body", () => {
  const withPattern = (source: string, part: Partial<Page["pattern"]> = {}): Page => ({
    ...home,
    pattern: { source, flags: "", negated: false, ...part }
  })
  const reasonOf = (page: Page, text: string) => {
    const result = judged(page, text)
    return result._tag === "Failed" ? result.reason : result._tag
  }

  it("compares the digest", () => {
    assert.strictEqual(reasonOf({ ...home, digest: "d" }, ""), "Passed")
    assert.strictEqual(reasonOf({ ...home, digest: "e" }, ""), "digest mismatch on /: got d, expected e")
  })

  it("asks for a match, or for none", () => {
    assert.strictEqual(reasonOf(withPattern("l+o"), "hello"), "Passed")
    assert.strictEqual(reasonOf(withPattern("L+o", { flags: "gi" }), "hello"), "Passed")
    assert.strictEqual(reasonOf(withPattern("x"), "hello"), "body of / does not match the regex x")
    assert.strictEqual(reasonOf(withPattern("x", { negated: true }), "hello"), "Passed")
    assert.strictEqual(
      reasonOf(withPattern("h", { negated: true }), "hello"),
      "body of / matches the regex h"
    )
  })

  it("asks where the match begins, in bytes, both offsets inclusive", () => {
    const begins = (minOffset: number, maxOffset: number) =>
      reasonOf(withPattern("b", { minOffset, maxOffset }), "aab")

    assert.strictEqual(begins(2, 2), "Passed")
    assert.notStrictEqual(begins(3, 9), "Passed")
    assert.notStrictEqual(begins(0, 1), "Passed")
    assert.strictEqual(reasonOf(withPattern("(?<=a)b", { minOffset: 2 }), "aab"), "Passed")
    assert.notStrictEqual(begins(100, 200), "Passed")
  })

  it("fails where the engine gives up", () => {
    const deep = withPattern("(".repeat(20_000) + ")".repeat(20_000))

    assert.match(reasonOf(deep, "a"), /^regex on \/: .*Stack overflow$/)
    assert.match(HttpExchange.refusal({ ...probe, pages: [deep] })!, /^regex: .*Stack overflow$/)
  })

  it("sees bytes, or UTF-8 with the flag u", () => {
    const umlaut = textOf(new TextEncoder().encode("äb"))

    assert.strictEqual(reasonOf(withPattern("ä"), umlaut), "Passed")
    assert.strictEqual(reasonOf(withPattern("^..b"), umlaut), "Passed")
    assert.strictEqual(reasonOf(withPattern("^.b", { flags: "u" }), umlaut), "Passed")
    assert.strictEqual(
      reasonOf(withPattern("b", { flags: "u", minOffset: 2, maxOffset: 2 }), umlaut),
      "Passed"
    )
    assert.strictEqual(reasonOf(withPattern("\\x80"), "\u0080"), "Passed")
  })
})

describe("any answer", () => {
  const fragments = [
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.0 404 No\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "Content-Length: 8\r\n",
    "Transfer-Encoding: chunked\r\n",
    "A: b\r\n",
    "\r\n",
    "\n",
    "3\r\nabc\r\n",
    "8;x=y\r\n",
    "12345678",
    "0\r\n\r\n",
    "SSH-2.0-",
    "\u0000\u00ff"
  ]
  const Transcript = Schema.Struct({
    begins: Schema.Boolean,
    words: Schema.Array(Schema.Literals(fragments)),
    tail: Schema.Uint8Array,
    cuts: Schema.NonEmptyArray(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 9 })))
  })
  const bytesOfTranscript = ({ begins, words, tail }: typeof Transcript.Type): Uint8Array => {
    const text = (begins ? "HTTP/1.1 200 OK\r\n" : "") + words.join("") + textOf(tail)
    return bytesOf(text)
  }
  const cut = (bytes: Uint8Array, sizes: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
    const pieces: Array<Uint8Array> = []
    for (let offset = 0; offset < bytes.length;) {
      const size = sizes[pieces.length % sizes.length]!
      pieces.push(bytes.subarray(offset, offset + size))
      offset += size
    }
    return pieces
  }

  it.prop(
    "comes to the same decision and the same body, however it is cut",
    { transcript: Transcript },
    ({ transcript }) => {
      const bytes = bytesOfTranscript(transcript)

      const whole = exchange(hashed, [bytes], 20)
      const inPieces = exchange(hashed, cut(bytes, transcript.cuts), 20)

      assert.deepStrictEqual(inPieces.decision, whole.decision)
      if (whole.decision._tag === "BodyRead") assert.strictEqual(inPieces.body, whole.body)
      assert.isAtMost(inPieces.body.length, 20)
    },
    runs
  )
})
