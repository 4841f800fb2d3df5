/** Who is told what of routers: an engine's events, and simulated scripts, pipes and mail. */
import type { EngineEvent } from "@holdfast/engine/EngineEvent"
import { Mailer, MailError } from "@holdfast/engine/notification/Mailer"
import * as VrrpNotifications from "@holdfast/engine/notification/VrrpNotifications"
import * as SimulatedNotifier from "@holdfast/simulation/SimulatedNotifier"
import {
  type NotificationParameters,
  none,
  type ObjectNotification
} from "@holdfast/vrrp/NotificationParameters"
import type { Micros } from "@holdfast/wire/Instant"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { makeDirector, makeNetwork, parameters, run } from "./Rig.ts"

const fifo = "/run/vrrp"
const told: NotificationParameters = {
  ...none,
  routerId: "ld-1",
  fifos: [{ path: fifo }],
  mail: {
    host: "127.0.0.1",
    port: 25,
    timeout: 1_000_000 as Micros,
    recipients: ["ops@example"]
  }
}
const object = (wishes: Partial<ObjectNotification>): ObjectNotification => ({
  type: "INSTANCE",
  name: "web",
  scripts: {},
  mail: false,
  priorityChanges: false,
  ...wishes
})

/** A director whose events are told by `wishes`, and what came of it. */
const makeTold = Effect.fnUntraced(function* (
  wishes: NotificationParameters,
  answer: Effect.Effect<void, MailError> = Effect.void
) {
  const { network } = yield* makeNetwork()
  const director = yield* makeDirector(network, "r1")
  const programs = SimulatedNotifier.make()
  const subjects: Array<string> = []
  const reports: Array<VrrpNotifications.NotificationReport> = []
  const mailer = Layer.succeed(Mailer, {
    send: (_, { subject }) =>
      Effect.andThen(
        answer,
        Effect.sync(() => void subjects.push(subject))
      )
  })
  const notifications = yield* VrrpNotifications.open({
    hostName: "host",
    onReport: (report) => reports.push(report)
  }).pipe(Effect.provide(Layer.merge(SimulatedNotifier.layer(network.world, programs), mailer)))
  const router = parameters({ priority: 100 })
  yield* notifications.apply(wishes, [router])
  let taken = 0
  /** Tells what the director did since the last time. */
  const tell = (): void => {
    for (const event of director.events.slice(taken)) notifications.tell(event)
    taken = director.events.length
  }
  return { ...director, notifications, programs, subjects, reports, router, tell }
})

describe("VrrpNotifications", () => {
  it.effect("pipes, the script of the state and the script of every state are told in this order", () =>
    Effect.gen(function* () {
      const { engine, notifications, programs, router, tell } = yield* makeTold({
        ...told,
        objects: [object({ scripts: { MASTER: { words: ["/m", "up"] } }, any: { words: ["/any"] } })]
      })
      yield* engine.apply([router])
      yield* run(5)
      tell()
      yield* Effect.forkChild(engine.stop)
      yield* run(1)
      notifications.leave()
      tell()
      yield* run(1)

      assert.deepStrictEqual(programs.pipes.get(fifo), [
        'INSTANCE "web" BACKUP 100',
        'INSTANCE "web" MASTER 100',
        'INSTANCE "web" STOP 100'
      ])
      assert.deepStrictEqual(
        programs.runs.map(({ words }) => words.join(" ")),
        [
          "/any INSTANCE web BACKUP 100",
          "/m up",
          "/any INSTANCE web MASTER 100",
          "/any INSTANCE web STOP 100"
        ]
      )
    })
  )

  it.effect("an instance that a reload removes is told as FAULT, or as DELETED where that is wanted", () =>
    Effect.gen(function* () {
      const told1 = yield* makeTold(told)
      const told2 = yield* makeTold({ ...told, objects: [object({ deleted: true })] })
      for (const { engine, router, tell } of [told1, told2]) {
        yield* engine.apply([router])
        yield* engine.apply([])
        yield* run(1)
        tell()
      }

      assert.strictEqual(told1.programs.pipes.get(fifo)?.at(-1), 'INSTANCE "web" FAULT 100')
      assert.strictEqual(told2.programs.pipes.get(fifo)?.at(-1), 'INSTANCE "web" DELETED 100')
    })
  )

  it.effect(
    "who leaves is told in the way of the file before: its scripts are not in the one that lacks it",
    () =>
      Effect.gen(function* () {
        const scripts = { FAULT: { words: ["/fault"] } }
        const any = { words: ["/any"] }
        const demoted = yield* makeTold({ ...told, objects: [object({ any, scripts })] })
        const deleted = yield* makeTold({
          ...told,
          objects: [object({ any, scripts: { ...scripts, DELETED: { words: ["/deleted"] } } })]
        })
        for (const { engine, notifications, programs, router, tell } of [demoted, deleted]) {
          yield* engine.apply([router])
          yield* run(1)
          tell()
          yield* run(1)
          yield* notifications.apply(told, [])
          yield* engine.apply([])
          yield* run(1)
          tell()
          yield* run(1)
          assert.strictEqual(programs.runs.shift()?.words.join(" "), "/any INSTANCE web BACKUP 100")
        }

        assert.deepStrictEqual(
          demoted.programs.runs.map(({ words }) => words.join(" ")),
          ["/any INSTANCE web FAULT 100"]
        )
        assert.deepStrictEqual(
          deleted.programs.runs.map(({ words }) => words.join(" ")),
          ["/deleted", "/any INSTANCE web DELETED 100"]
        )
      })
  )

  it.effect("changes are mailed in order, faults only where they are wanted; what failed is reported", () =>
    Effect.gen(function* () {
      const wishes = { ...told, mailFaults: false, objects: [object({ mail: true })] }
      const { engine, host, router, subjects, tell } = yield* makeTold(wishes)
      yield* engine.apply([router])
      yield* run(5)
      host.kernel.setUp("eth0", false)
      yield* run(1)
      tell()
      yield* run(1)
      assert.deepStrictEqual(subjects, [
        "[ld-1] VRRP instance web is BACKUP",
        "[ld-1] VRRP instance web is MASTER"
      ])

      const refused = yield* makeTold(wishes, Effect.fail(new MailError({ message: "550 no" })))
      yield* refused.engine.apply([router])
      yield* run(0.1)
      refused.tell()
      yield* run(0.1)
      assert.deepStrictEqual(refused.reports, [
        { _tag: "MailFailed", subject: "[ld-1] VRRP instance web is BACKUP", message: "550 no" }
      ])
    })
  )

  it.effect("a mail server that hangs holds back no script and no line, and mail is bounded", () =>
    Effect.gen(function* () {
      const never = yield* Deferred.make<void>()
      const { programs, reports, notifications } = yield* makeTold(
        { ...told, objects: [object({ mail: true, any: { words: ["/any"] } })] },
        Deferred.await(never)
      )
      const changed = (to: "Master" | "Backup"): EngineEvent => ({
        _tag: "RoleChanged",
        at: 0 as never,
        router: "web",
        from: "Init",
        to,
        cause: { _tag: "Started" },
        priority: 100
      })
      for (let turn = 0; turn < 300; turn++) {
        notifications.tell(changed("Master"))
        notifications.tell(changed("Backup"))
      }
      yield* run(1)

      assert.strictEqual(programs.pipes.get(fifo)?.length, 600)
      assert.isAbove(programs.runs.length, 100)
      assert.isAbove(reports.filter(({ _tag }) => _tag === "MailDropped").length, 300)
    })
  )

  it.effect(
    "priorities are told where they are wanted; states again after a reload where that is wanted",
    () =>
      Effect.gen(function* () {
        const { notifications, programs } = yield* makeTold({
          ...told,
          statesOnReload: true,
          objects: [object({ priorityChanges: true })]
        })
        notifications.tell({
          _tag: "RoleChanged",
          at: 0 as never,
          router: "web",
          from: "Init",
          to: "Backup",
          cause: { _tag: "Started" },
          priority: 100
        })
        notifications.tell({
          _tag: "PriorityChanged",
          at: 0 as never,
          router: "web",
          role: "Backup",
          from: 100,
          to: 90
        })
        notifications.tell({
          _tag: "PriorityChanged",
          at: 0 as never,
          router: "other",
          role: "Backup",
          from: 9,
          to: 8
        })
        notifications.restate()

        assert.deepStrictEqual(programs.pipes.get(fifo), [
          'INSTANCE "web" BACKUP 100',
          'INSTANCE "web" BACKUP_PRIORITY 90',
          'INSTANCE "web" BACKUP 100'
        ])
      })
  )
})
