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
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Message from "./Message.ts"
import * as NetlinkError from "./NetlinkError.ts"
import * as NetlinkTransport from "./NetlinkTransport.ts"
import type { Query, Request } from "./Request.ts"
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
 *
 * @category services
 * @since 0.1.0
 */
export class NetlinkClient extends Context.Service<
  NetlinkClient,
  {
    readonly request: (request: Request) => Effect.Effect<void, NetlinkError.NetlinkError>
    readonly requestAll: (requests: ReadonlyArray<Request>) => Effect.Effect<ReadonlyArray<Outcome>>
    readonly get: <A>(query: Query<A>) => Effect.Effect<A, NetlinkError.NetlinkError>
    readonly dump: <A>(query: Query<A>) => Effect.Effect<ReadonlyArray<A>, NetlinkError.NetlinkError>
  }
>()("@holdfast/netlink/NetlinkClient") {
  /** A client of rtnetlink in the network namespace of the thread that builds the layer. */
  static readonly layer: Layer.Layer<NetlinkClient, SocketError.SocketError> = Layer.effect(
    this,
    Effect.suspend(() => make({ open: NetlinkTransport.kernel() }))
  )
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
  const waiting = new Map<number, Waiting>()
  const transport = yield* options.open({
    onDatagrams: (datagrams) => deliver(datagrams.flatMap(Message.split)),
    onLoss: () => {
      // Those that wait now: a fiber that is told goes on at once, and may ask again.
      for (const one of Array.from(waiting.values())) one.onLoss()
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
        waiting.get(message.sequence)?.onMessage(message)
      }
    }
    notify()
  }
  const session: Session = { transport, waiting, sequence: 0 }
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
    requestAll,
    request: (request) =>
      Effect.flatMap(
        requestSlots.withPermit(exchangeOne(session, request, ignoreAnswers)),
        Effect.fromResult
      ),
    get: (query) => requestSlots.withPermit(get(session, query)),
    dump: (query) => dumpSlot.withPermit(dump(session, query))
  }
})

interface Session {
  readonly transport: NetlinkTransport.NetlinkTransport
  readonly waiting: Map<number, Waiting>
  sequence: number
}

/** A request that is not acknowledged yet. */
interface Waiting {
  readonly onMessage: (message: Message.Message) => void
  readonly onLoss: () => void
}

/**
 * What else a request wants to know while it waits for its acknowledgement. Of a dump `onLoss` is set: the kernel
 * goes on with it after a loss, so it waits for the end and then starts anew.
 */
interface Answers {
  readonly timeout: "5 seconds" | "30 seconds"
  readonly onMessage?: (message: Message.Message) => void
  readonly onLoss?: () => void
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

/** Sends requests as one datagram and waits until each is acknowledged, lost or late. Never fails, never waits longer. */
const exchange = (
  session: Session,
  requests: ReadonlyArray<Request>,
  answers: Answers
): Effect.Effect<ReadonlyArray<Outcome>> =>
  Effect.suspend(() => {
    const outcomes = requests.map((): Outcome | undefined => undefined)
    return Effect.callback<void>((resume) => {
      const sequences = requests.map(() => nextSequence(session))
      let unsettledCount = requests.length
      const settle = (index: number, outcome: Outcome) => {
        if (!session.waiting.delete(sequences[index]!)) return
        outcomes[index] = outcome
        unsettledCount -= 1
        if (unsettledCount === 0) resume(Effect.void)
      }
      requests.forEach((request, index) => {
        session.waiting.set(sequences[index]!, {
          onMessage: (message) => {
            answers.onMessage?.(message)
            const acknowledgement = Message.acknowledgement(message)
            if (acknowledgement !== undefined) settle(index, outcomeOf(request, acknowledgement))
          },
          onLoss:
            answers.onLoss ?? (() => settle(index, Result.fail(NetlinkError.make(request, "AnswerLost"))))
        })
      })
      const errno = session.transport.send(encode(requests, sequences))
      if (errno !== 0) {
        const refused = { errno, text: undefined, attributeOffset: undefined }
        requests.forEach((request, index) => settle(index, outcomeOf(request, refused)))
      }
      return Effect.sync(() => {
        for (const sequence of sequences) session.waiting.delete(sequence)
      })
    }).pipe(
      Effect.timeoutOrElse({ duration: answers.timeout, orElse: () => Effect.void }),
      Effect.map(() => outcomes.map((outcome, index) => outcome ?? timedOut(requests[index]!)))
    )
  })

const timedOut = (request: Request): Outcome => Result.fail(NetlinkError.make(request, "TimedOut"))

const outcomeOf = (request: Request, acknowledgement: Message.Acknowledgement): Outcome =>
  acknowledgement.errno === 0
    ? Result.void
    : Result.fail(NetlinkError.fromAcknowledgement(request, acknowledgement))

const encode = (requests: ReadonlyArray<Request>, sequences: ReadonlyArray<number>): Uint8Array => {
  const writer = Writer.make()
  requests.forEach((request, index) => {
    const flags = request.flags | Message.NLM_F_REQUEST | Message.NLM_F_ACK
    Message.write(writer, { ...request, flags, sequence: sequences[index]!, port: 0 })
  })
  return Writer.written(writer)
}

/** Zero is left out: it is what the kernel's own notifications carry. */
const nextSequence = (session: Session): number => {
  session.sequence = (session.sequence % sequenceMax) + 1
  return session.sequence
}

const sequenceMax = 0xffff_ffff

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
