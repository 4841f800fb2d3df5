/**
 * One HTTP/1 response, read piece by piece.
 *
 * Takes bytes as they come, in pieces of any size, and hands out the head and the pieces of the body without their chunk
 * framing. It keeps no body, reads no clock and acts on nothing; what it keeps is bounded.
 *
 * **Details**
 * The body ends where RFC 9112 section 6.3 says: at once after 204 and 304, after the last chunk, after Content-Length
 * bytes, or with the connection. Interim responses (1xx) are skipped.
 *
 * **Gotchas**
 * keepalived does not take chunks apart, so its digest of a chunked body covers their framing too. Servers send chunks in
 * answer to HTTP/1.1 only, which neither asks for by default.
 *
 * @see RFC 9112
 * @since 0.1.0
 */
import * as PeerText from "./PeerText.ts"

/**
 * How far a response has been read. `bodyBytes` counts what was handed out, `headBytes` every line of a head.
 *
 * @category models
 * @since 0.1.0
 */
export type HttpResponse =
  | { readonly _tag: "Head"; readonly text: string; readonly line: string; readonly headBytes: number }
  | { readonly _tag: "Sized"; readonly bodyBytes: number; readonly total: number }
  | { readonly _tag: "UntilClose"; readonly bodyBytes: number }
  | { readonly _tag: "ChunkSize"; readonly bodyBytes: number; readonly line: string }
  | { readonly _tag: "ChunkData"; readonly bodyBytes: number; readonly chunkEnd: number }
  | { readonly _tag: "ChunkEnd"; readonly bodyBytes: number; readonly line: string }
  | { readonly _tag: "Trailer"; readonly line: string; readonly trailerBytes: number }
  | { readonly _tag: "Ended" }

/**
 * The head of a response: its status, and its lines as they came, each byte a character.
 *
 * @category models
 * @since 0.1.0
 */
export interface Head {
  readonly status: number
  readonly text: string
}

/**
 * What happens on the connection.
 *
 * @category models
 * @since 0.1.0
 */
export type Input =
  | { readonly _tag: "BytesReceived"; readonly bytes: Uint8Array }
  | { readonly _tag: "ConnectionEnded" }

/**
 * How a response ended.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome = { readonly _tag: "Complete" } | { readonly _tag: "Broken"; readonly reason: string }

/**
 * What an input brought. `head` is in the step that completes it, `outcome` in the last one; later steps bring nothing.
 *
 * @category models
 * @since 0.1.0
 */
export interface Step {
  readonly response: HttpResponse
  readonly head?: Head
  readonly body: ReadonlyArray<Uint8Array>
  readonly outcome?: Outcome
}

/**
 * A response of which nothing has come.
 *
 * @category constructors
 * @since 0.1.0
 */
export const initial: HttpResponse = { _tag: "Head", text: "", line: "", headBytes: 0 }

/**
 * Reads on. A body of more than `bodyMax` bytes breaks the response.
 *
 * @category steps
 * @since 0.1.0
 */
export const step = (response: HttpResponse, input: Input, bodyMax: number): Step => {
  if (input._tag === "ConnectionEnded") return end(response)
  let current = response
  let offset = 0
  let head: Head | undefined
  let outcome: Outcome | undefined
  const body: Array<Uint8Array> = []
  while (offset < input.bytes.length && outcome === undefined) {
    const taken = take(current, input.bytes.subarray(offset), bodyMax)
    current = taken.response
    offset += taken.length
    if (taken.body !== undefined) body.push(taken.body)
    head ??= taken.head
    outcome = taken.outcome
  }
  return { response: current, body, ...(head && { head }), ...(outcome && { outcome }) }
}

/** What one state took of the bytes before it: at least one of them. */
interface Taken {
  readonly response: HttpResponse
  readonly length: number
  readonly head?: Head
  readonly body?: Uint8Array
  readonly outcome?: Outcome
}

const take = (response: HttpResponse, bytes: Uint8Array, bodyMax: number): Taken => {
  switch (response._tag) {
    case "Head":
      return takeHeadLine(response, bytes, bodyMax)
    case "Sized":
      return takeSized(response, bytes)
    case "UntilClose":
      return takeUntilClose(response, bytes, bodyMax)
    case "ChunkSize":
      return takeChunkSize(response, bytes, bodyMax)
    case "ChunkData":
      return takeChunkData(response, bytes)
    case "ChunkEnd":
      return takeChunkEnd(response, bytes)
    case "Trailer":
      return takeTrailer(response, bytes)
    case "Ended":
      return { response, length: bytes.length }
  }
}

const takeHeadLine = (
  { text, line, headBytes }: Extract<HttpResponse, { readonly _tag: "Head" }>,
  bytes: Uint8Array,
  bodyMax: number
): Taken => {
  const isStart = text === ""
  // The first bytes are judged before their line ends, because what is not HTTP may never send a whole line.
  const bound = isStart && line.length < signatureLength ? signatureLength : headMax - headBytes
  const taken = takeLine(line, bytes, bound)
  if (isStart && (taken.isWhole || taken.line.length >= signatureLength) && !taken.line.startsWith("HTTP/"))
    return broken(
      `the answer is not HTTP, it begins with ${PeerText.quote(taken.line.slice(0, signatureLength))}`
    )
  const linesBytes = headBytes + taken.line.length
  if (linesBytes >= headMax) return broken(`head longer than ${headMax} bytes`)
  if (!taken.isWhole)
    return { response: { _tag: "Head", text, line: taken.line, headBytes }, length: taken.length }
  const lines = text + taken.line
  if (!isStart && isBlank(taken.line)) return endHead(lines, linesBytes, taken.length, bodyMax)
  return { response: { _tag: "Head", text: lines, line: "", headBytes: linesBytes }, length: taken.length }
}

const endHead = (text: string, headBytes: number, length: number, bodyMax: number): Taken => {
  const status = Number(/^HTTP\/[0-9.]+ +([0-9]{3})(?![0-9])/.exec(text)?.[1] ?? Number.NaN)
  if (Number.isNaN(status)) return broken(`no status in ${PeerText.quote(text.split(/\r?\n/, 1)[0]!)}`)
  // RFC 9110 15.2: a client reads past interim responses. 101 ends HTTP on the connection.
  if (status < 200 && status !== 101)
    return { response: { _tag: "Head", text: "", line: "", headBytes }, length }
  const { response, outcome } = bodyOf(text, status, bodyMax)
  return { response, length, head: { status, text }, ...(outcome && { outcome }) }
}

/** RFC 9112 6.3: where the body ends. */
const bodyOf = (
  text: string,
  status: number,
  bodyMax: number
): { readonly response: HttpResponse; readonly outcome?: Outcome } => {
  if (status === 204 || status === 304) return complete
  const coding = fields(text, "transfer-encoding").at(-1)?.toLowerCase()
  if (coding !== undefined)
    return { response: coding === "chunked" ? emptyChunkSize : { _tag: "UntilClose", bodyBytes: 0 } }
  const lengths = new Set(fields(text, "content-length"))
  const [length] = lengths
  if (length === undefined) return { response: { _tag: "UntilClose", bodyBytes: 0 } }
  if (lengths.size > 1 || !/^[0-9]{1,15}$/.test(length))
    return broken(`Content-Length is ${PeerText.quote([...lengths].join(", "))}`)
  const total = Number(length)
  if (total > bodyMax) return tooLong(bodyMax)
  return total === 0 ? complete : { response: { _tag: "Sized", bodyBytes: 0, total } }
}

/** The values of a field in all its lines, with lists taken apart. */
const fields = (text: string, name: string): ReadonlyArray<string> =>
  text.split("\n").flatMap((line) => {
    const colon = line.indexOf(":")
    return colon > 0 && line.slice(0, colon).trim().toLowerCase() === name
      ? line
          .slice(colon + 1)
          .split(",")
          .map((value) => value.trim())
      : []
  })

const takeSized = (
  { bodyBytes, total }: Extract<HttpResponse, { readonly _tag: "Sized" }>,
  bytes: Uint8Array
): Taken => {
  const body = bytes.subarray(0, total - bodyBytes)
  const read = bodyBytes + body.length
  return read === total
    ? { ...complete, length: body.length, body }
    : { response: { _tag: "Sized", bodyBytes: read, total }, length: body.length, body }
}

const takeUntilClose = (
  { bodyBytes }: Extract<HttpResponse, { readonly _tag: "UntilClose" }>,
  body: Uint8Array,
  bodyMax: number
): Taken => {
  const read = bodyBytes + body.length
  return read > bodyMax
    ? tooLong(bodyMax)
    : { response: { _tag: "UntilClose", bodyBytes: read }, length: body.length, body }
}

const takeChunkSize = (
  { bodyBytes, line }: Extract<HttpResponse, { readonly _tag: "ChunkSize" }>,
  bytes: Uint8Array,
  bodyMax: number
): Taken => {
  const taken = takeLine(line, bytes, chunkLineMax)
  if (!taken.isWhole && taken.line.length < chunkLineMax)
    return { response: { _tag: "ChunkSize", bodyBytes, line: taken.line }, length: taken.length }
  const digits = /^([0-9a-f]{1,13})[ \t]*(?:;.*)?\r?\n$/i.exec(taken.line)?.[1]
  if (digits === undefined) return broken(`bad chunk size ${PeerText.quote(taken.line.trimEnd())}`)
  const size = Number.parseInt(digits, 16)
  if (bodyBytes + size > bodyMax) return tooLong(bodyMax)
  return {
    response:
      size === 0
        ? { _tag: "Trailer", line: "", trailerBytes: 0 }
        : { _tag: "ChunkData", bodyBytes, chunkEnd: bodyBytes + size },
    length: taken.length
  }
}

const takeChunkData = (
  { bodyBytes, chunkEnd }: Extract<HttpResponse, { readonly _tag: "ChunkData" }>,
  bytes: Uint8Array
): Taken => {
  const body = bytes.subarray(0, chunkEnd - bodyBytes)
  const read = bodyBytes + body.length
  return {
    response:
      read === chunkEnd
        ? { _tag: "ChunkEnd", bodyBytes: read, line: "" }
        : { _tag: "ChunkData", bodyBytes: read, chunkEnd },
    length: body.length,
    body
  }
}

const takeChunkEnd = (
  { bodyBytes, line }: Extract<HttpResponse, { readonly _tag: "ChunkEnd" }>,
  bytes: Uint8Array
): Taken => {
  const taken = takeLine(line, bytes, lineEndLength)
  if (taken.isWhole && isBlank(taken.line))
    return { response: { ...emptyChunkSize, bodyBytes }, length: taken.length }
  return taken.isWhole || taken.line.length === lineEndLength
    ? broken("a chunk does not end where its size says")
    : { response: { _tag: "ChunkEnd", bodyBytes, line: taken.line }, length: taken.length }
}

const takeTrailer = (
  { line, trailerBytes }: Extract<HttpResponse, { readonly _tag: "Trailer" }>,
  bytes: Uint8Array
): Taken => {
  const taken = takeLine(line, bytes, headMax - trailerBytes)
  if (taken.isWhole && isBlank(taken.line)) return { ...complete, length: taken.length }
  const read = trailerBytes + taken.line.length
  if (read >= headMax) return broken(`trailer longer than ${headMax} bytes`)
  return {
    response: taken.isWhole
      ? { _tag: "Trailer", line: "", trailerBytes: read }
      : { _tag: "Trailer", line: taken.line, trailerBytes },
    length: taken.length
  }
}

const end = (response: HttpResponse): Step => {
  switch (response._tag) {
    case "Head":
      return response.text === "" && response.line === ""
        ? { ...broken("the connection was closed without an answer"), body: [] }
        : { ...broken("the connection was closed within the head of the answer"), body: [] }
    case "Sized":
      return {
        ...broken(
          `the connection was closed after ${response.bodyBytes} of ${response.total} bytes of the body`
        ),
        body: []
      }
    case "ChunkSize":
    case "ChunkData":
    case "ChunkEnd":
    case "Trailer":
      return { ...broken("the connection was closed before the last chunk of the body"), body: [] }
    case "UntilClose":
      return { ...complete, body: [] }
    case "Ended":
      return { response, body: [] }
  }
}

/** Reads to the end of a line, with the bytes of it that came before; at most `lengthMax` of them. */
const takeLine = (before: string, bytes: Uint8Array, lengthMax: number) => {
  const room = bytes.subarray(0, lengthMax - before.length)
  const newline = room.indexOf(lineFeed)
  const piece = newline < 0 ? room : room.subarray(0, newline + 1)
  return { line: before + PeerText.decode(piece), length: piece.length, isWhole: newline >= 0 }
}

const isBlank = (line: string): boolean => line === "\r\n" || line === "\n"

const broken = (reason: string) => ({ ...ended, outcome: { _tag: "Broken", reason } }) as const

const tooLong = (bodyMax: number) => broken(`body longer than ${bodyMax} bytes`)

const ended = { response: { _tag: "Ended" }, length: 1 } as const

const complete = { response: { _tag: "Ended" }, outcome: { _tag: "Complete" } } as const

const emptyChunkSize = { _tag: "ChunkSize", bodyBytes: 0, line: "" } as const

const lineFeed = 0x0a

/** CR LF. */
const lineEndLength = 2

/** Enough of the first bytes to tell an operator what answers there instead: `SSH-2.0-OpenSSH_`. */
const signatureLength = 16

/** Servers send heads of a few hundred bytes; the largest that common servers can be set to send is 64 kB. */
const headMax = 65_536

/** A size and its extensions, which nobody sends. */
const chunkLineMax = 1024
