/**
 * Notifications of routers as the daemon sees them: opened when a file first wants somebody told.
 *
 * @since 0.1.0
 */
import type { EngineEvent } from "@holdfast/engine/EngineEvent"
import type { NotificationReport, VrrpNotifications } from "@holdfast/engine/notification/VrrpNotifications"
import type { NotificationParameters } from "@holdfast/vrrp/NotificationParameters"
import type { Parameters } from "@holdfast/vrrp/Parameters"
import type { ScriptDefaults } from "@holdfast/wire/Script"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import type * as Log from "./Log.ts"
import * as Part from "./Part.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface NotificationHandle {
  /** Makes these the wishes, before the routers are applied. */
  readonly apply: (
    wanted: NotificationParameters,
    routers: ReadonlyArray<Parameters>,
    scripts: ScriptDefaults
  ) => Effect.Effect<void, Part.PartMissing>
  /** Tells the pipes again in which state all are, where that is wanted after a reload. */
  readonly restate: () => void
  readonly tell: (event: EngineEvent) => void
  /** From now on, who leaves does so because the daemon stops. */
  readonly leave: () => void
  /** Returns when all is told, or its time is over. */
  readonly drained: Effect.Effect<void>
}

/**
 * Makes a handle whose notifications live, once somebody is to be told, until the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  log: Log.Log
): Effect.fn.Return<NotificationHandle, never, Scope.Scope> {
  const scope = yield* Effect.scope
  /** Read whenever a script runs: a reload may change it. */
  const defaults: { -readonly [K in keyof ScriptDefaults]: ScriptDefaults[K] } = { security: false }
  let opened: VrrpNotifications | undefined

  const open = Effect.gen(function* () {
    const runtime = yield* Part.load("the part that notifies", () => import("./NotificationRuntime.ts"))
    return yield* runtime.open(defaults, (report) => {
      log.write("warning", describe(report), { report })
    })
  })

  return {
    apply: Effect.fnUntraced(function* (wanted, routers, scripts) {
      if (opened === undefined && wanted.objects.length === 0 && wanted.fifos.length === 0) return
      for (const key of ["user", "group"] as const) delete defaults[key]
      Object.assign(defaults, scripts)
      opened ??= yield* Scope.provide(open, scope)
      yield* opened.apply(wanted, routers)
    }),
    restate: () => opened?.restate(),
    tell: (event) => opened?.tell(event),
    leave: () => opened?.leave(),
    drained: Effect.suspend(() => opened?.drained ?? Effect.void)
  }
})

const describe = (report: NotificationReport): string => {
  switch (report._tag) {
    case "ScriptFailed":
      return `${report.object}: ${report.command}: ${report.reason}`
    case "LinesLost":
      return `${report.path}: ${report.count} lines were lost; does its reader keep up?`
    case "FifoFailed":
      return `${report.path}: ${report.message}`
    case "MailFailed":
      return `mail "${report.subject}" was not sent: ${report.message}`
    case "MailDropped":
      return `mail "${report.subject}" was not sent: too many wait already`
  }
}
