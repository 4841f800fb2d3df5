/**
 * Tells scripts, named pipes and mail recipients what routers do.
 *
 * Runs beside the engine, on its events: nothing here can delay an advert. What belongs to one instance or group is told in
 * order; a slow script delays its own object alone, and what cannot be told is bounded, counted and reported.
 *
 * @since 0.1.0
 */
import type {
  Notice,
  NotificationParameters,
  ObjectNotification
} from "@holdfast/vrrp/NotificationParameters"
import { none } from "@holdfast/vrrp/NotificationParameters"
import type { Parameters } from "@holdfast/vrrp/Parameters"
import type { Script } from "@holdfast/wire/Script"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import type { EngineEvent } from "../EngineEvent.ts"
import { Notifier, type NotifierReport } from "../Notifier.ts"
import { Mailer } from "./Mailer.ts"
import * as Notices from "./Notices.ts"

/**
 * What did not reach its reader.
 *
 * @category models
 * @since 0.1.0
 */
export type NotificationReport =
  | NotifierReport
  | { readonly _tag: "MailFailed"; readonly subject: string; readonly message: string }
  | { readonly _tag: "MailDropped"; readonly subject: string }

/**
 * @category models
 * @since 0.1.0
 */
export interface VrrpNotifications {
  /** Makes these the routers and the wishes, before the engine is told of the routers. */
  readonly apply: (
    parameters: NotificationParameters,
    routers: ReadonlyArray<Parameters>
  ) => Effect.Effect<void>
  /** Tells the pipes again in which state all are, where that is wanted after a reload. */
  readonly restate: () => void
  /** Tells of an event. Never waits. */
  readonly tell: (event: EngineEvent) => void
  /** From now on, who leaves does so because the program stops. */
  readonly leave: () => void
  /** Returns when all that was told is carried out, or its time is over. */
  readonly drained: Effect.Effect<void>
}

interface Letter {
  readonly subject: string
  readonly body: string
}

/**
 * Opens notifications; closing the scope ends what still runs.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = Effect.fnUntraced(function* (options: {
  readonly hostName: string
  readonly onReport: (report: NotificationReport) => void
}): Effect.fn.Return<VrrpNotifications, never, Notifier | Mailer | Scope.Scope> {
  const { hostName, onReport } = options
  const notifying = yield* (yield* Notifier).open(onReport)
  const mailer = yield* Mailer
  const letters = yield* Queue.bounded<Letter>(lettersMax)
  const notices = Notices.make()
  let parameters: NotificationParameters = none
  let objects: ReadonlyMap<string, ObjectNotification> = new Map()
  let leaving: Notices.Leaving = "DELETED"
  let lettersUnsent = 0
  const allSent = yield* Latch.make(true)

  const sendNext = Effect.gen(function* () {
    const letter = yield* Queue.take(letters)
    const { mail } = parameters
    if (mail !== undefined)
      yield* mailer
        .send(mail, letter)
        .pipe(
          Effect.catch(({ message }) =>
            Effect.sync(() => onReport({ _tag: "MailFailed", subject: letter.subject, message }))
          )
        )
    lettersUnsent -= 1
    if (lettersUnsent === 0) allSent.openUnsafe()
  })
  yield* Effect.forkScoped(Effect.forever(sendNext))

  const write = (told: Notices.Told): void => {
    const subject = `[${parameters.routerId ?? hostName}] ${objectOf(told)} is ${told.notice}`
    const body = `${objectOf(told)} is ${told.notice} with priority ${told.priority}.`
    if (!Queue.offerUnsafe(letters, { subject, body })) return onReport({ _tag: "MailDropped", subject })
    lettersUnsent += 1
    allSent.closeUnsafe()
  }

  const tellOne = (happened: Notices.Told): void => {
    const wish = objects.get(keyOf(happened))
    // As keepalived: who has no word for it is told of a fault, and its script for faults does not run.
    const isDemoted = happened.notice === "DELETED" && !tellsDeletion(wish)
    const notice = isDemoted ? "FAULT" : happened.notice
    const told = { ...happened, notice }
    if (isPriority(notice) && wish?.priorityChanges !== true) return
    const object = objectOf(told)
    notifying.notify({ object, fifoLine: fifoLineOf(told) })
    if (isPriority(notice)) return
    const own = isDemoted ? undefined : wish?.scripts[notice]
    if (own !== undefined) notifying.notify({ object, script: own })
    if (wish?.any !== undefined && notice !== "MASTER_RX_LOWER_PRI")
      notifying.notify({ object, script: withArguments(wish.any, told) })
    if (wish?.mail === true && parameters.mail !== undefined && isMailed(notice, parameters)) write(told)
  }

  return {
    apply: (wanted, routers) =>
      Effect.suspend(() => {
        const instances = new Set(routers.map(({ instance, name }) => instance ?? name))
        // What leaves is told of after this, in the way that was wanted for it.
        const leavers = parameters.objects.filter(
          ({ name, type }) => type === "INSTANCE" && !instances.has(name)
        )
        objects = new Map([...leavers, ...wanted.objects].map((object) => [keyOf(object), object]))
        parameters = wanted
        notices.setRouters(routers)
        return notifying.setFifos(wanted.fifos)
      }),
    restate: () => {
      if (!parameters.statesOnReload) return
      for (const told of notices.states())
        notifying.notify({ object: objectOf(told), fifoLine: fifoLineOf(told) })
    },
    tell: (event) => {
      for (const told of notices.of(event, leaving)) tellOne(told)
    },
    leave: () => {
      leaving = "STOP"
    },
    drained: Effect.andThen(notifying.drained, Effect.timeoutOption(allSent.await, lettersWaitMax))
  }
})

const keyOf = ({ name, type }: Pick<ObjectNotification, "name" | "type">): string => `${type} ${name}`

const objectOf = ({ name, type }: Notices.Told): string =>
  `VRRP ${type === "GROUP" ? "group" : "instance"} ${name}`

/** keepalived's form, by which readers of the pipe tell objects apart. */
const fifoLineOf = ({ name, notice, priority, type }: Notices.Told): string =>
  `${type} "${name}" ${notice} ${priority}`

const withArguments = (script: Script, { name, notice, priority, type }: Notices.Told): Script => ({
  ...script,
  words: [...script.words, type, name, notice, String(priority)]
})

const tellsDeletion = (wish: ObjectNotification | undefined): boolean =>
  wish?.deleted === true || wish?.scripts.DELETED !== undefined

const isPriority = (notice: Notice): boolean => notice === "MASTER_PRIORITY" || notice === "BACKUP_PRIORITY"

const isMailed = (notice: Notice, { mailFaults }: NotificationParameters): boolean =>
  notice === "MASTER" || notice === "BACKUP" || notice === "STOP" || (notice === "FAULT" && mailFaults)

/** A flapping network may change hundreds of instances; a mail each would bury their reader. */
const lettersMax = 256

/** How long a stop waits for mail that was not sent: the server is on the network that we may be leaving. */
const lettersWaitMax = "5 seconds"
