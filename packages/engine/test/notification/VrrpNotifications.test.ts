/** Who is told what of an instance or a group, and what a stop waits for. */
import { assert, describe, it } from "@effect/vitest"
import type { EngineEvent } from "@holdfast/engine/EngineEvent"
import { Mailer } from "@holdfast/engine/notification/Mailer"
import * as VrrpNotifications from "@holdfast/engine/notification/VrrpNotifications"
import { type Notification, Notifier } from "@holdfast/engine/Notifier"
import type { RoleName } from "@holdfast/vrrp/Action"
import {
  type NotificationParameters,
  none,
  type ObjectNotification
} from "@holdfast/vrrp/NotificationParameters"
import { defaults, type InterfaceName, type Vrid } from "@holdfast/vrrp/Parameters"
import type { Instant, Micros } from "@holdfast/wire/Instant"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import { TestClock } from "effect/testing"

const at = 0 as Instant
const router = (name: string, instance = name) => ({
  ...defaults,
  name,
  instance,
  interface: "eth0" as InterfaceName,
  vrid: 51 as Vrid,
  addresses: []
})
const changed = (to: RoleName): EngineEvent => ({
  _tag: "RoleChanged",
  at,
  router: "web",
  from: "Init",
  to,
  cause: { _tag: "Started" },
  priority: 100
})
const priorityChanged: EngineEvent = {
  _tag: "PriorityChanged",
  at,
  router: "web",
  role: "Master",
  from: 100,
  to: 90
}
const lowerHeard: EngineEvent = {
  _tag: "LowerPriorityHeard",
  at,
  router: "web",
  source: "192.0.2.2" as never,
  priority: 50,
  ownPriority: 100
}
const words = (...text: ReadonlyArray<string>) => ({ words: text })
const object = (wishes: Partial<ObjectNotification>): ObjectNotification => ({
  type: "INSTANCE",
  name: "web",
  scripts: {},
  mail: false,
  priorityChanges: false,
  ...wishes
})
const mail = { host: "127.0.0.1", port: 25, timeout: 1 as Micros, recipients: ["ops@example"] }

/** Notifications on a port for programs and one for mail that write down what they are given. */
const make = Effect.fnUntraced(function* (
  wishes: Partial<NotificationParameters>,
  routers = [router("web")]
) {
  const told: Array<string> = []
  const subjects: Array<string> = []
  const scriptsDone = yield* Latch.make(true)
  const mailDone = yield* Latch.make(true)
  const notifications = yield* VrrpNotifications.open({ hostName: "host", onReport: () => {} }).pipe(
    Effect.provideService(
      Notifier,
      Notifier.of({
        open: () =>
          Effect.succeed({
            notify: ({ fifoLine, script }: Notification) =>
              void told.push(script === undefined ? `pipe: ${fifoLine}` : script.words.join(" ")),
            setFifos: () => Effect.void,
            drained: scriptsDone.await
          })
      })
    ),
    Effect.provideService(
      Mailer,
      Mailer.of({
        send: (_, { subject }) =>
          Effect.andThen(
            mailDone.await,
            Effect.sync(() => void subjects.push(subject))
          )
      })
    )
  )
  yield* notifications.apply({ ...none, ...wishes }, routers)
  return { ...notifications, told, subjects, scriptsDone, mailDone }
})

describe("VrrpNotifications: scripts and pipes", () => {
  it.effect("a changed priority is for the pipes alone, and only where it is wanted", () =>
    Effect.gen(function* () {
      const wishes = { any: words("/any"), mail: true }
      const silent = yield* make({ mail, objects: [object(wishes)] })
      silent.tell(priorityChanged)
      assert.isEmpty(silent.told)

      const wanted = yield* make({ mail, objects: [object({ ...wishes, priorityChanges: true })] })
      wanted.tell(priorityChanged)
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(wanted.told, ['pipe: INSTANCE "web" MASTER_PRIORITY 90'])
      assert.isEmpty(wanted.subjects)
    })
  )

  it.effect("the winner of a contest has a script of its own, and the one for all states is not told", () =>
    Effect.gen(function* () {
      const { tell, told } = yield* make({
        objects: [object({ any: words("/any"), scripts: { MASTER_RX_LOWER_PRI: words("/lower") } })]
      })
      tell(lowerHeard)
      assert.deepStrictEqual(told, ['pipe: INSTANCE "web" MASTER_RX_LOWER_PRI 100', "/lower"])
    })
  )

  it.effect("an instance and a group of one name have their own wishes", () =>
    Effect.gen(function* () {
      const { tell, told } = yield* make({
        objects: [
          object({ scripts: { MASTER: words("/instance") } }),
          object({ type: "GROUP", scripts: { MASTER: words("/group") } })
        ]
      })
      tell(changed("Master"))
      tell({ _tag: "GroupChanged", at, group: "web", kind: "Group", from: "Backup", to: "Master" })
      assert.deepStrictEqual(told, [
        'pipe: INSTANCE "web" MASTER 100',
        "/instance",
        'pipe: GROUP "web" MASTER 0',
        "/group"
      ])
    })
  )

  it.effect("a script for the deletion is a wish to be told of it", () =>
    Effect.gen(function* () {
      const { tell, told } = yield* make({ objects: [object({ scripts: { DELETED: words("/deleted") } })] })
      tell(changed("Backup"))
      tell(changed("Init"))
      assert.deepStrictEqual(told.slice(1), ['pipe: INSTANCE "web" DELETED 100', "/deleted"])
    })
  )

  it.effect("routers are told by the name of their instance", () =>
    Effect.gen(function* () {
      const { tell, told } = yield* make({}, [router("web", "site")])
      tell(changed("Master"))
      assert.deepStrictEqual(told, ['pipe: INSTANCE "site" MASTER 100'])
    })
  )

  it.effect("an instance that a reload removes is told by its name, in the way that was wanted for it", () =>
    Effect.gen(function* () {
      const wishes = object({ name: "site", scripts: { DELETED: words("/deleted") } })
      const { apply, tell, told } = yield* make({ objects: [wishes] }, [router("web", "site")])
      tell(changed("Backup"))
      yield* apply(none, [])
      tell(changed("Init"))
      assert.deepStrictEqual(told.slice(1), ['pipe: INSTANCE "site" DELETED 100', "/deleted"])
    })
  )

  it.effect("states are told again only where that is wanted", () =>
    Effect.gen(function* () {
      for (const statesOnReload of [false, true]) {
        const { restate, tell, told } = yield* make({ statesOnReload })
        tell(changed("Master"))
        told.length = 0
        restate()
        assert.deepStrictEqual(told, statesOnReload ? ['pipe: INSTANCE "web" MASTER 100'] : [])
      }
    })
  )
})

describe("VrrpNotifications: mail", () => {
  it.effect(
    "who wants it gets it, faults included, and the stop; in the name of the host where no other is given",
    () =>
      Effect.gen(function* () {
        const { leave, subjects, tell } = yield* make({ mail, objects: [object({ mail: true })] })
        tell(changed("Fault"))
        leave()
        tell(changed("Init"))
        yield* TestClock.adjust(0)
        assert.deepStrictEqual(subjects, [
          "[host] VRRP instance web is FAULT",
          "[host] VRRP instance web is STOP"
        ])
      })
  )

  it.effect("nobody else gets any", () =>
    Effect.gen(function* () {
      for (const wishes of [{ mail, objects: [object({})] }, { mail }]) {
        const { subjects, tell } = yield* make(wishes)
        tell(changed("Master"))
        yield* TestClock.adjust(0)
        assert.isEmpty(subjects)
      }
    })
  )
})

describe("VrrpNotifications: what a stop waits for", () => {
  const drain = Effect.fnUntraced(function* (wishes: Partial<NotificationParameters>) {
    const made = yield* make(wishes)
    yield* made.scriptsDone.close
    yield* made.mailDone.close
    made.tell(changed("Master"))
    const draining = yield* Effect.forkChild(made.drained)
    yield* TestClock.adjust("1 second")
    return { ...made, isDrained: () => draining.pollUnsafe() !== undefined }
  })
  const wishes = { mail, objects: [object({ mail: true })] }

  it.effect("scripts and mail are waited for, and no longer than that", () =>
    Effect.gen(function* () {
      const { isDrained, mailDone, scriptsDone } = yield* drain(wishes)
      yield* scriptsDone.open
      yield* TestClock.adjust("1 second")
      assert.isFalse(isDrained())
      yield* mailDone.open
      yield* TestClock.adjust(0)
      assert.isTrue(isDrained())
    })
  )

  it.effect("scripts are waited for also without mail", () =>
    Effect.gen(function* () {
      const { isDrained, scriptsDone } = yield* drain({})
      assert.isFalse(isDrained())
      yield* scriptsDone.open
      yield* TestClock.adjust(0)
      assert.isTrue(isDrained())
    })
  )

  it.effect("a mail server that hangs is waited for for five seconds", () =>
    Effect.gen(function* () {
      const { isDrained, scriptsDone } = yield* drain(wishes)
      yield* scriptsDone.open
      yield* TestClock.adjust("4900 millis")
      assert.isFalse(isDrained())
      yield* TestClock.adjust("200 millis")
      assert.isTrue(isDrained())
    })
  )
})
