import { assert, describe, it } from "@effect/vitest"
import * as Message from "@holdfast/netlink/Message"
import * as NetlinkClient from "@holdfast/netlink/NetlinkClient"
import type { Query, Request } from "@holdfast/netlink/Request"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import * as FakeKernel from "./FakeKernel.ts"

const request = (number: number): Request => ({
  operation: "thing-add",
  subject: `number ${number}`,
  type: 20,
  flags: Message.NLM_F_CREATE,
  payload: Uint8Array.of(number, 0, 0, 0)
})
const requests = (count: number) => Array.from({ length: count }, (_, index) => request(index % 256))

/** Objects are single bytes of messages of type 21. */
const query: Query<number> = {
  operation: "thing-list",
  subject: "all things",
  type: 22,
  flags: Message.NLM_F_DUMP,
  payload: new Uint8Array(),
  decode: (message) => (message.type === 21 ? message.payload[0] : undefined)
}
const thing = (to: Message.Message, value: number, flags = 0) =>
  FakeKernel.part(to, 21, Uint8Array.of(value), flags)

const acknowledgeAll = (messages: ReadonlyArray<Message.Message>, kernel: FakeKernel.FakeKernel) =>
  kernel.answer(...messages.map((message) => FakeKernel.acknowledge(message)))

const reasons = (outcomes: ReadonlyArray<NetlinkClient.Outcome>) =>
  outcomes.map((outcome) =>
    Result.match(outcome, { onSuccess: () => "", onFailure: (error) => error.reason })
  )

describe("requestAll", () => {
  it.effect(
    "sends a hundred requests a datagram, in order; the last of each asks for an acknowledgement",
    () =>
      Effect.gen(function* () {
        const kernel = FakeKernel.make(acknowledgeAll)
        const client = yield* NetlinkClient.make(kernel)

        const outcomes = yield* client.requestAll(requests(250))

        const sent = kernel.datagrams.flat()
        assert.strictEqual(outcomes.filter(Result.isSuccess).length, 250)
        assert.deepStrictEqual(
          kernel.datagrams.map((datagram) => datagram.length),
          [100, 100, 50]
        )
        assert.deepStrictEqual(
          sent.map((message) => message.payload[0]),
          requests(250).map(({ payload }) => payload[0])
        )
        assert.strictEqual(new Set(sent.map((message) => message.sequence)).size, 250)
        assert.deepStrictEqual(
          sent.flatMap((message, index) => ((message.flags & Message.NLM_F_ACK) === 0 ? [] : [index])),
          [99, 199, 249]
        )
        assert.isTrue(
          sent.every((message) => (message.flags & ~Message.NLM_F_ACK) === (Message.NLM_F_CREATE | 0x01))
        )
      })
  )

  it.effect("an error is told of its own request; what is not told of has succeeded", () =>
    Effect.gen(function* () {
      const kernel = FakeKernel.make((messages, { answer }) => {
        answer(FakeKernel.acknowledge(messages[1]!, 17))
        answer(FakeKernel.acknowledge(messages[2]!))
      })
      const client = yield* NetlinkClient.make(kernel)

      const outcomes = yield* client.requestAll(requests(3))

      assert.deepStrictEqual(reasons(outcomes), ["", "AlreadyExists", ""])
    })
  )

  it.effect("an answer that does not come is TimedOut; the others stay as they are", () =>
    Effect.gen(function* () {
      const kernel = FakeKernel.make((messages, { answer }) => answer(FakeKernel.acknowledge(messages[0]!)))
      const client = yield* NetlinkClient.make(kernel)

      const fiber = yield* Effect.forkChild(client.requestAll(requests(2)))
      yield* TestClock.adjust("4999 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 millis")

      assert.deepStrictEqual(reasons(yield* Fiber.join(fiber)), ["", "TimedOut"])
    })
  )

  it.effect("an answer that comes after its time harms nobody", () =>
    Effect.gen(function* () {
      const late: Array<Message.Message> = []
      const kernel = FakeKernel.make((messages, fake) => {
        if (late.length === 0) late.push(...messages)
        else fake.answer(FakeKernel.acknowledge(late[0]!, 1), FakeKernel.acknowledge(messages[0]!))
      })
      const client = yield* NetlinkClient.make(kernel)
      const first = yield* Effect.forkChild(Effect.flip(client.request(request(1))))
      yield* TestClock.adjust("5 seconds")

      yield* client.request(request(2))

      assert.strictEqual((yield* Fiber.join(first)).reason, "TimedOut")
    })
  )

  it.effect("after a loss the outcome of what waits is not known", () =>
    Effect.gen(function* () {
      const kernel = FakeKernel.make((messages, fake) => {
        fake.answer(FakeKernel.acknowledge(messages[0]!))
        fake.lose()
      })
      const client = yield* NetlinkClient.make(kernel)

      assert.deepStrictEqual(reasons(yield* client.requestAll(requests(2))), ["", "AnswerLost"])
    })
  )

  it.effect("who asks again after a loss is not told that loss again", () =>
    Effect.gen(function* () {
      const kernel = FakeKernel.make((messages, fake) => {
        if (fake.datagrams.length === 1) fake.lose()
        else fake.answer(FakeKernel.acknowledge(messages[0]!))
      })
      const client = yield* NetlinkClient.make(kernel)

      const first = yield* Effect.flip(client.request(request(1)))
      yield* client.request(request(1))

      assert.strictEqual(first.reason, "AnswerLost")
    })
  )

  it.effect("who is interrupted waits no more, and its answer harms nobody", () =>
    Effect.gen(function* () {
      const asked: Array<Message.Message> = []
      const kernel = FakeKernel.make((messages) => asked.push(...messages))
      const client = yield* NetlinkClient.make(kernel)
      const fiber = yield* Effect.forkChild(client.requestAll(requests(100)), { startImmediately: true })
      yield* Fiber.interrupt(fiber)

      const next = yield* Effect.forkChild(client.requestAll(requests(100)), { startImmediately: true })
      yield* Effect.yieldNow
      acknowledgeAll(asked, kernel)

      assert.strictEqual((yield* Fiber.join(next)).filter(Result.isSuccess).length, 100)
    })
  )

  it.effect("a datagram that cannot be sent fails all its requests with the reason", () =>
    Effect.gen(function* () {
      const client = yield* NetlinkClient.make(FakeKernel.make(acknowledgeAll, 1))

      assert.deepStrictEqual(reasons(yield* client.requestAll(requests(2))), [
        "PermissionDenied",
        "PermissionDenied"
      ])
    })
  )

  it.effect("no requests are no datagram", () =>
    Effect.gen(function* () {
      const kernel = FakeKernel.make(acknowledgeAll)
      const client = yield* NetlinkClient.make(kernel)

      assert.deepStrictEqual(yield* client.requestAll([]), [])
      assert.deepStrictEqual(kernel.datagrams, [])
    })
  )
})

describe("request", () => {
  it.effect("fibers that ask at the same time get their own answers", () =>
    Effect.gen(function* () {
      const asked: Array<Message.Message> = []
      const kernel = FakeKernel.make((messages, { answer }) => {
        asked.push(...messages)
        if (asked.length < 3) return
        const [first, second, third] = asked
        answer(
          FakeKernel.acknowledge(third!, 19),
          FakeKernel.acknowledge(first!),
          FakeKernel.acknowledge(second!, 16)
        )
      })
      const client = yield* NetlinkClient.make(kernel)

      const results = yield* Effect.forEach(
        [1, 2, 3],
        (number) => Effect.result(client.request(request(number))),
        {
          concurrency: "unbounded"
        }
      )

      assert.deepStrictEqual(reasons(results), ["", "Busy", "LinkNotFound"])
    })
  )

  it.effect("an error says what was asked, what the kernel says of it, and what to do", () =>
    Effect.gen(function* () {
      const kernel = FakeKernel.make(([message], { answer }) =>
        answer(FakeKernel.acknowledge(message!, 17, "ipv4: Address already assigned"))
      )
      const client = yield* NetlinkClient.make(kernel)

      const error = yield* Effect.flip(client.request(request(7)))

      assert.deepStrictEqual(
        [error.operation, error.subject, error.reason, error.code, error.text],
        ["thing-add", "number 7", "AlreadyExists", "EEXIST", "ipv4: Address already assigned"]
      )
      assert.strictEqual(
        error.message,
        "thing-add number 7: EEXIST: ipv4: Address already assigned; it is there already: use it, replace it, or delete it first"
      )
    })
  )

  it.effect("EPERM names the capability that is missing", () =>
    Effect.gen(function* () {
      const client = yield* NetlinkClient.make(
        FakeKernel.make(([message], { answer }) => answer(FakeKernel.acknowledge(message!, 1)))
      )

      const error = yield* Effect.flip(client.request(request(7)))

      assert.strictEqual(error.reason, "PermissionDenied")
      assert.include(error.message, "CAP_NET_ADMIN")
    })
  )

  it.effect("an answer to another port is no answer, but a notification", () =>
    Effect.gen(function* () {
      const notified: Array<number> = []
      const kernel = FakeKernel.make(([message], { answer }) => {
        answer({ ...FakeKernel.acknowledge(message!, 1), port: FakeKernel.portId + 1 })
        answer(FakeKernel.acknowledge(message!))
      })
      const client = yield* NetlinkClient.make({
        open: kernel.open,
        onNotifications: (messages) => notified.push(...messages.map(({ port }) => port))
      })

      yield* client.request(request(1))

      assert.deepStrictEqual(notified, [FakeKernel.portId + 1])
    })
  )
})

describe("get", () => {
  it.effect("returns the answer, which comes before the acknowledgement", () =>
    Effect.gen(function* () {
      const kernel = FakeKernel.make(([message], { answer }) =>
        answer(thing(message!, 5), FakeKernel.acknowledge(message!))
      )
      const client = yield* NetlinkClient.make(kernel)

      assert.strictEqual(yield* client.get({ ...query, flags: 0 }), 5)
    })
  )

  it.effect("an acknowledgement without an answer is Malformed", () =>
    Effect.gen(function* () {
      const client = yield* NetlinkClient.make(FakeKernel.make(acknowledgeAll))

      assert.strictEqual((yield* Effect.flip(client.get(query))).reason, "Malformed")
    })
  )
})

describe("dump", () => {
  it.effect("gathers the objects of many datagrams and passes over what is none", () =>
    Effect.gen(function* () {
      const kernel = FakeKernel.make(([message], { answer }) => {
        answer(thing(message!, 1), thing(message!, 2))
        answer(FakeKernel.part(message!, 99, Uint8Array.of(9)), thing(message!, 3))
        answer(FakeKernel.done(message!))
      })
      const client = yield* NetlinkClient.make(kernel)

      assert.deepStrictEqual(yield* client.dump(query), [1, 2, 3])
    })
  )

  it.effect("starts anew when the kernel says that the objects changed meanwhile", () =>
    Effect.gen(function* () {
      const kernel = FakeKernel.make(([message], { answer, datagrams }) => {
        if (datagrams.length === 1) {
          answer(thing(message!, 1), thing(message!, 2, Message.NLM_F_DUMP_INTR), FakeKernel.done(message!))
        } else if (datagrams.length === 2) {
          answer(thing(message!, 3), FakeKernel.done(message!, Message.NLM_F_DUMP_INTR))
        } else answer(thing(message!, 4), FakeKernel.done(message!))
      })
      const client = yield* NetlinkClient.make(kernel)

      assert.deepStrictEqual(yield* client.dump(query), [4])
      assert.strictEqual(kernel.datagrams.length, 3)
    })
  )

  it.effect("gives up after eight in a row that changed", () =>
    Effect.gen(function* () {
      const kernel = FakeKernel.make(([message], { answer }) =>
        answer(FakeKernel.done(message!, Message.NLM_F_DUMP_INTR))
      )
      const client = yield* NetlinkClient.make(kernel)

      assert.strictEqual((yield* Effect.flip(client.dump(query))).reason, "DumpInterrupted")
      assert.strictEqual(kernel.datagrams.length, 8)
    })
  )

  it.effect("after a loss waits for its end, and starts anew", () =>
    Effect.gen(function* () {
      const kernel = FakeKernel.make(([message], { answer, datagrams, lose }) => {
        answer(thing(message!, datagrams.length))
        if (datagrams.length === 1) lose()
        answer(FakeKernel.done(message!))
      })
      const client = yield* NetlinkClient.make(kernel)

      assert.deepStrictEqual(yield* client.dump(query), [2])
    })
  )

  it.effect("there is one at a time", () =>
    Effect.gen(function* () {
      const asked: Array<Message.Message> = []
      const kernel = FakeKernel.make(([message]) => asked.push(message!))
      const client = yield* NetlinkClient.make(kernel)

      const fiber = yield* Effect.forkChild(
        Effect.all([client.dump(query), client.dump(query)], { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(asked.length, 1)
      kernel.answer(thing(asked[0]!, 1), FakeKernel.done(asked[0]!))
      yield* TestClock.adjust("1 millis")
      kernel.answer(thing(asked[1]!, 2), FakeKernel.done(asked[1]!))

      assert.deepStrictEqual(yield* Fiber.join(fiber), [[1], [2]])
    })
  )

  it.effect("waits a moment when the kernel still is at a dump that nobody waits for", () =>
    Effect.gen(function* () {
      const kernel = FakeKernel.make(([message], { answer, datagrams }) => {
        if (datagrams.length === 1) answer(FakeKernel.acknowledge(message!, 16))
        else answer(thing(message!, 1), FakeKernel.done(message!))
      })
      const client = yield* NetlinkClient.make(kernel)

      const fiber = yield* Effect.forkChild(client.dump(query))
      yield* TestClock.adjust("10 millis")

      assert.deepStrictEqual(yield* Fiber.join(fiber), [1])
    })
  )

  it.effect("the kernel's refusal is its error", () =>
    Effect.gen(function* () {
      const client = yield* NetlinkClient.make(
        FakeKernel.make(([message], { answer }) => answer(FakeKernel.acknowledge(message!, 95)))
      )

      assert.strictEqual((yield* Effect.flip(client.dump(query))).reason, "NotSupported")
    })
  )
})

describe("notifications", () => {
  it.effect("are told before an answer that came after them", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const notice = FakeKernel.notification(16, new Uint8Array())
      const kernel = FakeKernel.make(([message], { answer }) =>
        answer(notice, notice, FakeKernel.acknowledge(message!), notice)
      )
      const client = yield* NetlinkClient.make({
        open: kernel.open,
        onNotifications: (messages) => seen.push(`${messages.length} told`)
      })

      const answered = { ...query, flags: 0, decode: () => (seen.push("answer"), 0) }
      yield* client.get(answered)
      // The fiber goes on from inside the answer: what follows in the datagram is told after it.
      yield* Effect.yieldNow

      assert.deepStrictEqual(seen, ["2 told", "answer", "1 told"])
    })
  )
})
