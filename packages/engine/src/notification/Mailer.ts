/**
 * The port for mail.
 *
 * @since 0.1.0
 */
import type { Mail } from "@holdfast/vrrp/NotificationParameters"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/**
 * A mail did not leave: the server cannot be reached, refused it, or took too long.
 *
 * @category errors
 * @since 0.1.0
 */
export class MailError extends Schema.TaggedError<MailError>()("MailError", {
  /** What failed at which server, and its answer. */
  message: Schema.String
}) {}

/**
 * Sends mail by SMTP (RFC 5321) to the configured server, all recipients in one.
 *
 * @category services
 * @since 0.1.0
 */
export class Mailer extends Context.Service<
  Mailer,
  {
    /** Returns when the server has taken it. Lasts no longer than `mail.timeout`. */
    readonly send: (
      mail: Mail,
      content: { readonly subject: string; readonly body: string }
    ) => Effect.Effect<void, MailError>
  }
>()("@holdfast/engine/notification/Mailer") {}
