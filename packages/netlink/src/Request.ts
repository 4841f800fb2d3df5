/**
 * What families ask the kernel: a request that is acknowledged, or a query that is answered.
 *
 * A family builds these; `NetlinkClient` gives them a sequence number and carries them out.
 *
 * @since 0.1.0
 */
import type { Message } from "./Message.ts"

/**
 * A request that the kernel acknowledges.
 *
 * - `operation`: a name for errors and traces, such as `address-add`.
 * - `subject`: what it is about, in words that an operator knows.
 * - `flags`: besides NLM_F_REQUEST and NLM_F_ACK, which the client sets.
 * - `isSlow`: the kernel takes milliseconds for it, and the thread that sends it waits: another one shall.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request {
  readonly operation: string
  readonly subject: string
  readonly type: number
  readonly flags: number
  readonly payload: Uint8Array
  readonly isSlow?: boolean | undefined
}

/**
 * A request that is answered with objects. `decode` returns `undefined` for an answer that is no such object.
 *
 * @category models
 * @since 0.1.0
 */
export interface Query<A> extends Request {
  readonly decode: (answer: Message) => A | undefined
}

/**
 * Requests that hold all or none. `begin` and `end` are the messages by which the family tells where it begins and ends.
 *
 * @category models
 * @since 0.1.0
 */
export interface Transaction {
  readonly begin: Request
  readonly requests: ReadonlyArray<Request>
  readonly end: Request
}
