/**
 * Notifications of routers in the daemon's main thread, on this kernel's adapters.
 *
 * Imported when a file wants somebody told: a director that tells nobody does not pay for it.
 *
 * @since 0.1.0
 */
import { hostname } from "node:os"
import * as VrrpNotifications from "@holdfast/engine/notification/VrrpNotifications"
import * as Mailer from "@holdfast/linux/Mailer"
import * as Notifier from "@holdfast/linux/Notifier"
import type { ScriptDefaults } from "@holdfast/wire/Script"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/**
 * Opens notifications that live until the scope closes. `onReport` gets what did not reach its reader.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = Effect.fnUntraced(function* (
  scripts: ScriptDefaults,
  onReport: (report: VrrpNotifications.NotificationReport) => void
) {
  const context = yield* Layer.build(Layer.merge(Notifier.layer(scripts), Mailer.layer))
  return yield* Effect.provide(VrrpNotifications.open({ hostName: hostname(), onReport }), context)
})
