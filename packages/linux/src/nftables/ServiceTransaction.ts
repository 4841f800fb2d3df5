/**
 * Commits changes of services: all in one transaction, and without those that the kernel refuses.
 *
 * @since 0.1.0
 */
import type * as NetlinkClient from "@holdfast/netlink/NetlinkClient"
import * as NfTables from "@holdfast/netlink/NfTables"
import type { NetlinkError } from "@holdfast/netlink/NetlinkError"
import type { Request } from "@holdfast/netlink/Request"
import * as Errno from "@holdfast/raw-socket/Errno"
import * as Effect from "effect/Effect"
import * as Dispatch from "./Dispatch.ts"

/**
 * The requests of one service.
 *
 * @category models
 * @since 0.1.0
 */
export interface Work<A> {
  readonly subject: A
  readonly requests: ReadonlyArray<Request>
}

/**
 * What became of it. `Stale`: the kernel's rules are not those of the expected generation any more, and nothing was done.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome<A> =
  | { readonly _tag: "Stale" }
  | { readonly _tag: "Committed"; readonly refused: ReadonlyArray<Refused<A>> }

/** @category models @since 0.1.0 */
export interface Refused<A> {
  readonly subject: A
  readonly error: NetlinkError
}

/**
 * Commits. The kernel names the requests at fault: their services are left out, and the others tried again. When it finds
 * fault with the whole, the halves are tried, down to the one service whose fault it is.
 *
 * @category actions
 * @since 0.1.0
 */
export const commit = Effect.fnUntraced(function* <A>(
  client: NetlinkClient.NetlinkClient["Service"],
  works: ReadonlyArray<Work<A>>,
  generation: number | undefined
): Effect.fn.Return<Outcome<A>> {
  if (works.length === 0) return committed([])
  const requests = [...Dispatch.requests, ...works.flatMap((work) => work.requests)]
  const rejections = yield* client.transaction(NfTables.transaction(requests, generation))
  const [first] = rejections
  if (first === undefined) return committed([])
  const whole = rejections.find(({ index }) => index === undefined)
  if (whole?.error.code === Errno.nameOf(ERESTART)) return { _tag: "Stale" }
  const unknown = rejections.find(({ error }) => error.reason === "AnswerLost" || error.reason === "TimedOut")
  if (unknown !== undefined) return committed(works.map(({ subject }) => ({ subject, error: unknown.error })))
  if (whole !== undefined) return yield* commitHalves(client, works, generation, whole.error)
  const faults = faultsOf(works, rejections)
  // The chains and maps that all share: nobody's fault, and nobody can be served.
  if (faults === undefined) return committed(works.map(({ subject }) => ({ subject, error: first.error })))
  const refused = Array.from(faults, ([{ subject }, error]) => ({ subject, error }))
  const rest = yield* commit(
    client,
    works.filter((work) => !faults.has(work)),
    generation
  )
  return rest._tag === "Stale" ? rest : committed([...refused, ...rest.refused])
})

/** Without a generation for the second half: the first changes it. */
const commitHalves = Effect.fnUntraced(function* <A>(
  client: NetlinkClient.NetlinkClient["Service"],
  works: ReadonlyArray<Work<A>>,
  generation: number | undefined,
  error: NetlinkError
): Effect.fn.Return<Outcome<A>> {
  if (works.length === 1) return committed(works.map(({ subject }) => ({ subject, error })))
  const middle = works.length >>> 1
  const first = yield* commit(client, works.slice(0, middle), generation)
  if (first._tag === "Stale") return first
  const second = yield* commit(client, works.slice(middle), undefined)
  return second._tag === "Stale" ? second : committed([...first.refused, ...second.refused])
})

const committed = <A>(refused: ReadonlyArray<Refused<A>>): Outcome<A> => ({ _tag: "Committed", refused })

/** The services at fault with their first errors; nothing when what all share is. */
const faultsOf = <A>(
  works: ReadonlyArray<Work<A>>,
  rejections: ReadonlyArray<NetlinkClient.Rejection>
): ReadonlyMap<Work<A>, NetlinkError> | undefined => {
  const owners = works.flatMap((work) => work.requests.map(() => work))
  const faults = new Map<Work<A>, NetlinkError>()
  for (const { index, error } of rejections) {
    const owner = index === undefined ? undefined : owners[index - Dispatch.requests.length]
    if (owner === undefined) return undefined
    if (!faults.has(owner)) faults.set(owner, error)
  }
  return faults
}

/** The generation is another one: linux/errno.h, not among those that Node names. */
const ERESTART = 85
