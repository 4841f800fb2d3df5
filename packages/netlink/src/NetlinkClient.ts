/**
 * The one client of the kernel's netlink: requests, queries, dumps and what the kernel tells by itself.
 *
 * **Details**
 * - Requests go out in datagrams of up to `requestsPerDatagram`, in the order given; the kernel carries a datagram out
 *   while it is sent, so a thousand requests cost ten wake-ups and not a thousand.
 * - One dump at a time, as the kernel allows a socket only one. A dump that the kernel marks as inconsistent
 *   (NLM_F_DUMP_INTR) is made again.
 * - An answer counts only if it carries the port of this socket and the sequence number of a request that waits.
 *
 * **Gotchas**
 * After `AnswerLost` and `TimedOut` a request may have been carried out. Compare with the kernel and repair.
 *
 * @see netlink(7)
 * @since 0.1.0
 */
import type * as SocketError from "@holdfast/raw-socket/SocketError"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Message from "./Message.ts"
import * as NetlinkError from "./NetlinkError.ts"
import * as NetlinkTransport from "./NetlinkTransport.ts"
import type { Query, Request, Transaction } from "./Request.ts"
import * as Writer from "./Writer.ts"

/**
 * What became of one request.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome = Result.Result<void, NetlinkError.NetlinkError>

/**
 * Asks the kernel. Safe for many fibers at once.
 *
 * - `request`: one request, acknowledged.
 * - `requestAll`: many, carried out in order; one that fails does not stop the others. Outcomes are in the same order.
 * - `get`: a query with one answer.
 * - `dump`: a query with many answers, in the kernel's order.
 * - `transaction`: many requests of which the kernel carries out all or none; what it rejected, or nothing when it did
 *   all. Only for families that have transactions, such as nf_tables.
 *
 * @category services
 * @since 0.1.0
 */
export class NetlinkClient extends Context.Service<
  NetlinkClient,
  {
    /** What the kernel knows this client by; notifications carry the port of whoever caused them. */
    readonly portId: number
    readonly request: (request: Request) => Effect.Effect<void, NetlinkError.NetlinkError>
    readonly requestAll: (requests: ReadonlyArray<Request>) => Effect.Effect<ReadonlyArray<Outcome>>
    readonly get: <A>(query: Query<A>) => Effect.Effect<A, NetlinkError.NetlinkError>
    readonly dump: <A>(query: Query<A>) => Effect.Effect<ReadonlyArray<A>, NetlinkError.NetlinkError>
    readonly transaction: (transaction: Transaction) => Effect.Effect<ReadonlyArray<Rejection>>
  }
>()("@holdfast/netlink/NetlinkClient") {
  /** A client of rtnetlink in the network namespace of the thread that builds the layer. */
  static readonly layer: Layer.Layer<NetlinkClient, SocketError.SocketError> = Layer.effect(
    this,
    Effect.suspend(() => make({ open: NetlinkTransport.kernel() }))
  )
}

/**
 * Why a transaction was not carried out.
 *
 * - `index`: of the request that the kernel refused; absent when it refused the whole.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rejection {
  readonly index: number | undefined
  readonly error: NetlinkError.NetlinkError
}

/**
 * How to make a client.
 *
 * - `open`: the channel; `NetlinkTransport.kernel()` or a stand-in.
 * - `onNotifications`: gets what the kernel tells by itself: one call for all that came together, before any answer
 *   that came after it. Payloads are valid until the call returns. Changes that this client asked for are not told.
 * - `onLoss`: notifications may be lost.
 *
 * @category models
 * @since 0.1.0
 */
export interface ClientOptions {
  readonly open: NetlinkTransport.OpenTransport
  readonly onNotifications?: ((messages: ReadonlyArray<Message.Message>) => void) | undefined
  readonly onLoss?: (() => void) | undefined
}

/**
 * Makes a client that lives until the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: ClientOptions
): Effect.fn.Return<NetlinkClient["Service"], SocketError.SocketError, Scope.Scope> {
  const exchanges = new Set<Exchange>()
  const transport = yield* options.open({
    onDatagrams: (datagrams) => deliver(datagrams.flatMap(Message.split)),
    onLoss: () => {
      // Those that wait now: a fiber that is told goes on at once, and may ask again.
      for (const one of Array.from(exchanges)) one.onLoss()
      options.onLoss?.()
    }
  })
  const deliver = (messages: ReadonlyArray<Message.Message>) => {
    let notifications: Array<Message.Message> = []
    const notify = () => {
      if (notifications.length > 0) options.onNotifications?.(notifications)
      notifications = []
    }
    for (const message of messages) {
      if (message.port !== transport.portId) notifications.push(message)
      else {
        notify()
        answeredBy(exchanges, message.sequence)?.onMessage(message)
      }
    }
    notify()
  }
  const session: Session = { transport, exchanges, sequence: 0 }
  const requestSlots = yield* Semaphore.make(requestsPerDatagram)
  const dumpSlot = yield* Semaphore.make(1)

  const requestAll = Effect.fn("NetlinkClient.requestAll")(function* (requests: ReadonlyArray<Request>) {
    const outcomes: Array<Outcome> = []
    for (let start = 0; start < requests.length; start += requestsPerDatagram) {
      const batch = requests.slice(start, start + requestsPerDatagram)
      const answers = yield* requestSlots.withPermits(batch.length)(exchange(session, batch, ignoreAnswers))
      outcomes.push(...answers)
    }
    return outcomes
  })
  return {
    portId: transport.portId,
    requestAll,
    request: (request) =>
      Effect.flatMap(
        requestSlots.withPermit(exchangeOne(session, request, ignoreAnswers)),
        Effect.fromResult
      ),
    get: (query) => requestSlots.withPermit(get(session, query)),
    dump: (query) => dumpSlot.withPermit(dump(session, query)),
    transaction: (transaction) =>
      requestSlots.withPermits(requestsPerDatagram)(exchangeTransaction(session, transaction))
  }
})

interface Session {
  readonly transport: NetlinkTransport.NetlinkTransport
  readonly exchanges: Set<Exchange>
  sequence: number
}

/** One datagram of requests, numbered in a row, that is not answered yet. */
interface Exchange {
  readonly sequenceFirst: number
  readonly sequenceLast: number
  readonly onMessage: (message: Message.Message) => void
  readonly onLoss: () => void
}

const answeredBy = (exchanges: ReadonlySet<Exchange>, sequence: number): Exchange | undefined => {
  for (const one of exchanges) if (one.sequenceFirst <= sequence && sequence <= one.sequenceLast) return one
  return undefined
}

/**
 * What else a request wants to know while it waits for its acknowledgement. Of a dump `onLoss` is set: the kernel
 * goes on with it after a loss, so it waits for the end and then starts anew.
 */
interface Answers {
  readonly timeout: "5 seconds" | "30 seconds"
  readonly onMessage?: (message: Message.Message) => void
  readonly onLoss?: () => void
  readonly isTransaction?: boolean
}

const get = Effect.fn("NetlinkClient.get")(function* <A>(session: Session, query: Query<A>) {
  const found: Array<A> = []
  const outcome = yield* exchangeOne(session, query, {
    timeout: answerTimeout,
    onMessage: (message) => collect(found, query.decode(message))
  })
  yield* Effect.fromResult(outcome)
  return found[0] ?? (yield* NetlinkError.make(query, "Malformed"))
})

const dump = Effect.fn("NetlinkClient.dump")(function* <A>(session: Session, query: Query<A>) {
  for (let attempt = 1; attempt <= dumpAttemptsMax; attempt++) {
    const found: Array<A> = []
    let isInconsistent = false
    const outcome = yield* exchangeOne(session, query, {
      timeout: dumpTimeout,
      onMessage: (message) => {
        if ((message.flags & Message.NLM_F_DUMP_INTR) !== 0) isInconsistent = true
        collect(found, query.decode(message))
      },
      onLoss: () => {
        isInconsistent = true
      }
    })
    if (Result.isFailure(outcome)) {
      // The kernel is not through with a dump whose caller was interrupted.
      if (outcome.failure.reason !== "Busy") return yield* outcome.failure
      yield* Effect.sleep(dumpBusyDelay)
    } else if (!isInconsistent) return found
  }
  return yield* NetlinkError.make(query, "DumpInterrupted")
})

const collect = <A>(found: Array<A>, answer: A | undefined): void => {
  if (answer !== undefined) found.push(answer)
}

const exchangeOne = (session: Session, request: Request, answers: Answers): Effect.Effect<Outcome> =>
  Effect.map(exchange(session, [request], answers), (outcomes) => outcomes[0]!)

/**
 * Sends a transaction as one datagram.
 *
 * The kernel goes through all requests even when one fails, and tells of each that failed. What it says of the whole it
 * says of the beginning, and then the requests may go without an answer. The acknowledgement asked for is that of the
 * last request, since older kernels do not acknowledge the end.
 */
const exchangeTransaction = Effect.fn("NetlinkClient.transaction")(function* (
  session: Session,
  { begin, requests, end }: Transaction
) {
  if (requests.length === 0) return []
  const outcomes = yield* exchange(session, [begin, ...requests, end], {
    timeout: answerTimeout,
    isTransaction: true
  })
  const rejections: Array<Rejection> = []
  outcomes.forEach((outcome, position) => {
    if (Result.isSuccess(outcome)) return
    const isRequest = position > 0 && position <= requests.length
    rejections.push({ index: isRequest ? position - 1 : undefined, error: outcome.failure })
  })
  return rejections
})

/**
 * Sends requests as one datagram and waits until they are done, lost or late. Never fails, never waits longer.
 *
 * The kernel does them in order and always tells of one that failed. So only the last asks for an acknowledgement: what
 * was not told of by then has succeeded.
 */
const exchange = Effect.fnUntraced(function* (
  session: Session,
  requests: ReadonlyArray<Request>,
  answers: Answers
): Effect.fn.Return<ReadonlyArray<Outcome>> {
  const { exchanges, transport } = session
  const outcomes = Array.from<Outcome | undefined>({ length: requests.length })
  const done = Deferred.makeUnsafe<void>()
  const sequenceFirst = takeSequences(session, requests.length)
  const sequenceLast = sequenceFirst + requests.length - 1
  const indexAcknowledged = requests.length - (answers.isTransaction === true ? 2 : 1)
  const end = (outcomeOfRest: (request: Request) => Outcome) => {
    if (!exchanges.delete(waiting)) return
    requests.forEach((request, index) => (outcomes[index] ??= outcomeOfRest(request)))
    Deferred.doneUnsafe(done, Effect.void)
  }
  const waiting: Exchange = {
    sequenceFirst,
    sequenceLast,
    onMessage: (message) => {
      answers.onMessage?.(message)
      const acknowledgement = Message.acknowledgement(message)
      if (acknowledgement === undefined) return
      const index = message.sequence - sequenceFirst
      outcomes[index] = outcomeOf(requests[index]!, acknowledgement)
      const isWholeRefused = answers.isTransaction === true && index === 0
      if (index === indexAcknowledged || isWholeRefused) end(() => Result.void)
    },
    onLoss: answers.onLoss ?? (() => end((request) => Result.fail(NetlinkError.make(request, "AnswerLost"))))
  }
  const run = Effect.gen(function* () {
    exchanges.add(waiting)
    const datagram = encode(requests, sequenceFirst, indexAcknowledged)
    const isShort = requests.length <= requestsAtOnceMax && !requests.some(isSlow)
    const errno = isShort ? transport.send(datagram) : yield* transport.sendElsewhere(datagram)
    if (errno === 0) transport.receive()
    else end((request) => outcomeOf(request, { errno, text: undefined, attributeOffset: undefined }))
    yield* Effect.timeoutOption(Deferred.await(done), answers.timeout)
  })
  yield* Effect.ensuring(
    run,
    Effect.sync(() => exchanges.delete(waiting))
  )
  return outcomes.map((outcome, index) => outcome ?? timedOut(requests[index]!))
})

const isSlow = (request: Request): boolean => request.isSlow === true

const timedOut = (request: Request): Outcome => Result.fail(NetlinkError.make(request, "TimedOut"))

const outcomeOf = (request: Request, acknowledgement: Message.Acknowledgement): Outcome =>
  acknowledgement.errno === 0
    ? Result.void
    : Result.fail(NetlinkError.fromAcknowledgement(request, acknowledgement))

const encode = (
  requests: ReadonlyArray<Request>,
  sequenceFirst: number,
  indexAcknowledged: number
): Uint8Array => {
  const writer = Writer.make()
  requests.forEach((request, index) => {
    const flags =
      request.flags | Message.NLM_F_REQUEST | (index === indexAcknowledged ? Message.NLM_F_ACK : 0)
    Message.write(writer, { ...request, flags, sequence: sequenceFirst + index, port: 0 })
  })
  return Writer.written(writer)
}

/** Returns the first of `count` numbers in a row. Zero is left out: it is what the kernel's own notifications carry. */
const takeSequences = (session: Session, count: number): number => {
  const first = session.sequence + count > sequenceMax ? 1 : session.sequence + 1
  session.sequence = first + count - 1
  return first
}

const sequenceMax = 0xffff_ffff

/** So many are done in a tenth of a millisecond; more would hold up whatever else this thread has to do. */
const requestsAtOnceMax = 8

/** Of 1,000 additions no larger batch was faster; its acknowledgements fit the smallest default receive buffer. */
const requestsPerDatagram = 100

/** The kernel answers while the request is sent: only an answer that was lost takes longer. */
const answerTimeout = "5 seconds"

/** A million routes take some seconds to read. */
const dumpTimeout = "30 seconds"

/** A dump takes milliseconds: changes that hit eight in a row come without a pause. */
const dumpAttemptsMax = 8

const dumpBusyDelay = "10 millis"

const ignoreAnswers: Answers = { timeout: answerTimeout }
