/**
 * A machine that asks an address every few milliseconds who it is, and tells when somebody else answers or nobody did.
 *
 * @since 0.1.0
 */
import * as Linux from "@holdfast/raw-socket/Linux"
import * as MonotonicClock from "@holdfast/raw-socket/MonotonicClock"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as Socket from "@holdfast/raw-socket/Socket"
import * as SocketAddress from "@holdfast/raw-socket/SocketAddress"
import type { SocketError } from "@holdfast/raw-socket/SocketError"
import type { Ipv4Address } from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Echo from "./Echo.ts"

/**
 * Who answers from now on, and how long nobody had; no `silentMicros` when it is the first answer ever.
 *
 * @category models
 * @since 0.1.0
 */
export interface Answer {
  readonly at: number
  readonly from: string
  readonly silentMicros?: number
}

/**
 * Asks until the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = (
  namespace: NetworkNamespace.NetworkNamespace,
  address: Ipv4Address,
  onAnswer: (answer: Answer) => void
): Effect.Effect<void, SocketError, Scope.Scope> =>
  Effect.gen(function* () {
    const hear = hearing(onAnswer)
    const socket = yield* Socket.open({
      domain: Linux.AF_INET,
      type: Linux.SOCK_DGRAM,
      protocol: 0,
      receive: {
        dataSize,
        slotCount,
        controlSize: 0,
        onBatch: (batch) => {
          const at = MonotonicClock.now()
          for (let index = 0; index < batch.count; index++) {
            // Only an answer from the address that was asked counts.
            const sender = SocketAddress.decode(batch.addressAt(index))
            if (sender._tag !== "Ipv4" || sender.address !== address) continue
            hear(at, new TextDecoder().decode(batch.dataAt(index)))
          }
        },
        onEvent: () => {}
      }
    }).pipe(NetworkNamespace.provide(namespace))
    const question = {
      data: new Uint8Array(1),
      address: SocketAddress.encode({ _tag: "Ipv4", address, port: Echo.port })
    }
    yield* Effect.forkScoped(
      Effect.forever(
        Effect.andThen(
          Effect.sync(() => socket.send([question])),
          Effect.sleep(askInterval)
        )
      )
    )
  })

const hearing = (onAnswer: (answer: Answer) => void) => {
  let last: { readonly at: number; readonly from: string } | undefined
  return (at: number, from: string): void => {
    const silentMicros = last === undefined ? undefined : at - last.at
    const isNews = from !== last?.from || (silentMicros ?? 0) > silenceNoticedMicros
    last = { at, from }
    if (isNews) onAnswer({ at, from, ...(silentMicros !== undefined && { silentMicros }) })
  }
}

/** How exactly a silence is measured. */
const askInterval = "10 millis"
/** Less is a busy computer. */
const silenceNoticedMicros = 500_000
/** The longest name that answers has three letters. */
const dataSize = 16
/** More answers than come at once. */
const slotCount = 16
