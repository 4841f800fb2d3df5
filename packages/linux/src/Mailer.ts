/**
 * `Mailer` on a TCP connection of this host.
 *
 * Carries lines between the connection and `MailDialogue`, which decides.
 *
 * @since 0.1.0
 */
import { randomUUID } from "node:crypto"
import * as Net from "node:net"
import { hostname } from "node:os"
import * as MailDialogue from "@holdfast/engine/notification/MailDialogue"
import { Mailer, MailError } from "@holdfast/engine/notification/Mailer"
import type { Mail } from "@holdfast/vrrp/NotificationParameters"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/**
 * The port on this host.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Mailer> = Layer.succeed(
  Mailer,
  Mailer.of({
    send: (mail, content) =>
      converse(mail, {
        helloName: mail.helloName ?? hostname(),
        from: mail.from ?? `keepalived@${hostname()}`,
        recipients: mail.recipients,
        ...content,
        date: new Date().toUTCString().replace("GMT", "+0000"),
        messageId: `${randomUUID()}@${hostname()}`
      }).pipe(
        Effect.timeoutOrElse({
          duration: `${mail.timeout / microsPerMilli} millis`,
          orElse: () => Effect.fail("no answer in time")
        }),
        Effect.mapError((reason) => new MailError({ message: `${mail.host} port ${mail.port}: ${reason}` }))
      )
  })
)

const converse = ({ host, port }: Mail, mail: MailDialogue.OutgoingMail): Effect.Effect<void, string> =>
  Effect.callback<void, string>((resume) => {
    const socket = Net.connect({ host, port })
    socket.setEncoding("utf8")
    let dialogue = MailDialogue.start
    let unread = ""
    const takeLine = (line: string): void => {
      const step = MailDialogue.step(dialogue, mail, line)
      dialogue = step.dialogue
      if (step.send !== undefined) socket.write(step.send)
      if (step.result === undefined) return
      socket.end()
      resume(step.result._tag === "Sent" ? Effect.void : Effect.fail(step.result.reason))
    }
    socket.on("data", (text: string) => {
      const lines = (unread + text).split(/\r?\n/)
      unread = lines.pop() ?? ""
      for (const line of lines) takeLine(line)
      if (unread.length > lineMax) socket.destroy(new Error(`line longer than ${lineMax} characters`))
    })
    socket.on("error", (error) => resume(Effect.fail(error.message)))
    socket.on("close", () => resume(Effect.fail("the connection was closed before the mail was taken")))
    return Effect.sync(() => socket.destroy())
  })

const microsPerMilli = 1_000

/** Twice what RFC 5321 4.5.3.1.5 lets a server send. */
const lineMax = 1024
