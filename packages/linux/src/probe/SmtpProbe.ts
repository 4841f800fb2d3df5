/**
 * The probe that greets a mail server (`SMTP_CHECK`).
 *
 * Carries bytes between the connection and `SmtpDialogue`, which decides.
 *
 * @since 0.1.0
 */
import * as SmtpDialogue from "@holdfast/balancer/SmtpDialogue"
import type { TcpConnector } from "@holdfast/raw-socket/TcpConnector"
import * as Conversation from "./Conversation.ts"
import type { Launch } from "./Launch.ts"

/**
 * Returns the probe.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make =
  (connector: Pick<TcpConnector, "connect">): Launch<"Smtp"> =>
  ({ connection, heloName }, onResult) => {
    const refusal = SmtpDialogue.refusal(heloName)
    if (refusal !== undefined) {
      const immediate = setImmediate(() => onResult({ _tag: "Refused", reason: refusal }))
      return () => clearImmediate(immediate)
    }
    let dialogue = SmtpDialogue.start(heloName)
    let send: (bytes: Uint8Array) => void
    const close = Conversation.open(connector, connection, undefined, (happening) => {
      if (happening._tag === "Opened") send = happening.send
      else if (happening._tag === "Broken") onResult(happening.result)
      else {
        const step = SmtpDialogue.step(dialogue, happening)
        dialogue = step.dialogue
        step.commands.forEach((command) => send(command))
        if (step.result === undefined) return
        close()
        onResult(step.result)
      }
    })
    return close
  }
