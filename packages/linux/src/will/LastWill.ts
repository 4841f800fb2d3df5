/**
 * What the kernel is to be asked when this process ends without having put things in order, as by SIGKILL.
 *
 * **Details**
 * A process of a few hundred kilobytes (`native/src/will.c`) holds the other end of a pipe and the last list of requests of
 * each key. The kernel closes the pipe of a process that ends, however it ends; then the requests are sent, unless `done`
 * was said before. Nobody is asked and nothing is decided there.
 *
 * **Gotchas**
 * A supervisor that kills the whole control group with SIGKILL (`systemctl kill --signal=KILL`) kills it as well.
 *
 * @see docs/decisions/0028
 * @since 0.1.0
 */
import * as Message from "@holdfast/netlink/Message"
import type { Request } from "@holdfast/netlink/Request"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as WillPipe from "./WillPipe.ts"

/**
 * The netlink protocol that requests are for.
 *
 * @category models
 * @since 0.1.0
 */
export type Protocol = keyof typeof protocols

/**
 * - `write`: replaces the requests of one key; none takes the key away. Never waits. Those of `netfilter` must be a whole
 *   transaction. The order among keys is not told.
 *
 * @category models
 * @since 0.1.0
 */
export interface LastWillService {
  readonly write: (key: string, requests: ReadonlyArray<Request>, protocol?: Protocol) => void
}

/**
 * The will of this process; where nobody opened one, nothing is kept.
 *
 * @category services
 * @since 0.1.0
 */
export const LastWill: Context.Reference<LastWillService> = Context.Reference<LastWillService>(
  "@holdfast/linux/will/LastWill",
  { defaultValue: () => ({ write: () => {} }) }
)

/**
 * Opens the will in the network namespace of the calling thread. Closing the scope ends it without a request sent: so its
 * scope must be around those of everything that writes to it. Where it cannot be opened, a warning says so.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open: Effect.Effect<LastWillService, never, Scope.Scope> = Effect.gen(function* () {
  const context = yield* Effect.context()
  const tell = Effect.logWarning(
    "the program holdfast-will was ended: nobody will take addresses away if this process is killed; restart to have it again"
  )
  const pipe = yield* Effect.acquireRelease(
    Effect.sync(() => WillPipe.open(() => void Effect.runForkWith(context)(tell))),
    (opened) => Effect.sync(() => opened.close())
  )
  if (pipe.errno !== 0)
    yield* Effect.logWarning(
      `nobody will take addresses away if this process is killed: the program holdfast-will cannot be started (errno ${pipe.errno}); it belongs beside holdfast.node`
    )
  const slots = new Map<string, number>()
  const unused: Array<number> = []
  return {
    write: (key, requests, protocol = "route") => {
      const known = slots.get(key)
      if (known === undefined && requests.length === 0) return
      const slot = known ?? unused.pop() ?? slots.size
      pipe.write(slot, protocols[protocol], datagramsOf(requests))
      if (requests.length > 0) slots.set(key, slot)
      else {
        slots.delete(key)
        unused.push(slot)
      }
    }
  }
})

/** @category layers @since 0.1.0 */
export const layer: Layer.Layer<never> = Layer.effect(LastWill, open)

const datagramsOf = (requests: ReadonlyArray<Request>): ReadonlyArray<Uint8Array> => {
  const datagrams: Array<Uint8Array> = []
  for (let start = 0; start < requests.length; start += requestsPerDatagram) {
    datagrams.push(Message.encode(requests.slice(start, start + requestsPerDatagram).map(messageOf)))
  }
  return datagrams
}

/** Without NLM_F_ACK: nobody reads the answers. */
const messageOf = ({ flags, payload, type }: Request, index: number): Message.Message => ({
  type,
  flags: flags | Message.NLM_F_REQUEST,
  sequence: index + 1,
  port: 0,
  payload
})

/** NETLINK_ROUTE and NETLINK_NETFILTER of linux/netlink.h. */
const protocols = { route: 0, netfilter: 12 } as const

/** Of some hundred bytes each, so a datagram is far below what a socket may send; a transaction has fewer. */
const requestsPerDatagram = 100
