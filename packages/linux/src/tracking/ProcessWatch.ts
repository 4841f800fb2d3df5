/**
 * `ProcessWatch` on this machine: by the proc connector where the kernel serves it, else by listing `/proc` each second.
 *
 * **Details**
 * - The kernel serves it in the first namespaces of processes, users and network alone: not in most containers. It does not
 *   refuse there but is silent, so that what says nothing within `answerMillisMax` does not serve.
 * - Where it serves, all processes are listed each minute all the same, and at once after a loss.
 *
 * **Gotchas** a process that runs for less than the time it takes to read `/proc` is not seen.
 *
 * @since 0.1.0
 */
import {
  type ProcessChange,
  ProcessWatch,
  type ProcessWatching,
  type WatchReport
} from "@holdfast/engine/tracking/ProcessWatch"
import * as NetlinkTransport from "@holdfast/netlink/NetlinkTransport"
import * as ProcessEvents from "@holdfast/netlink/ProcessEvents"
import * as Errno from "@holdfast/raw-socket/Errno"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as ProcessList from "./ProcessList.ts"

/** How long an answer may take to be read; the kernel gives it while it is asked. @category constants @since 0.1.0 */
export const answerMillisMax = 50

/** Between lists where the kernel tells nothing. @category constants @since 0.1.0 */
export const pollMillis = 1_000

/** Between lists where the kernel tells. @category constants @since 0.1.0 */
export const compareMillis = 60_000

/**
 * The port.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<ProcessWatch> = Layer.succeed(
  ProcessWatch,
  ProcessWatch.of({
    open: (onChanges, onReport) => watch(onChanges, onReport)
  })
)

const watch = Effect.fnUntraced(function* (
  onChanges: (changes: ReadonlyArray<ProcessChange>) => void,
  onReport: (report: WatchReport) => void
): Effect.fn.Return<ProcessWatching, never, Scope.Scope> {
  // What is told before this returns waits for its turn.
  const later = (call: () => void): void => void setImmediate(() => isOpen && call())
  let isOpen = true
  yield* Effect.addFinalizer(() => Effect.sync(() => (isOpen = false)))

  const relist = (): void => onChanges([{ _tag: "Listed", processes: ProcessList.list() }])
  const refusal = yield* connect(
    (changes) => later(() => onChanges(changes)),
    () => later(relist)
  )
  const intervalMillis = refusal === undefined ? compareMillis : pollMillis
  if (refusal !== undefined) later(() => onReport({ _tag: "Polled", reason: refusal, intervalMillis }))
  const hidden = ProcessList.hidden()
  if (hidden !== undefined) later(() => onReport({ _tag: "Hidden", reason: hidden }))
  yield* Effect.sync(relist).pipe(Effect.delay(`${intervalMillis} millis`), Effect.forever, Effect.forkScoped)
  return { list: () => ProcessList.list() }
})

/** Returns why the kernel does not tell of processes, or nothing when it does, until the scope closes. */
const connect = Effect.fnUntraced(function* (
  onChanges: (changes: ReadonlyArray<ProcessChange>) => void,
  onLoss: () => void
): Effect.fn.Return<string | undefined, never, Scope.Scope> {
  const own = yield* Scope.fork(yield* Effect.scope)
  const answered = yield* Deferred.make<string | undefined>()
  const open = NetlinkTransport.kernel({
    family: ProcessEvents.NETLINK_CONNECTOR,
    groups: [ProcessEvents.CN_IDX_PROC]
  })
  const opened = yield* open({
    onDatagrams: (datagrams) => {
      const events = datagrams.flatMap(ProcessEvents.decode)
      const refused = events.find((event) => event._tag === "Answered" && event.errno !== 0)
      // Everybody hears every answer: a refusal may be another's, but what else is heard proves that the kernel tells.
      if (refused === undefined || events.length > 1) Deferred.doneUnsafe(answered, Effect.succeed(undefined))
      const changes = events.flatMap(changesOf)
      if (changes.length > 0) onChanges(changes)
    },
    onLoss
  }).pipe(Scope.provide(own), Effect.result)
  const refusal = Result.isFailure(opened)
    ? opened.failure.message
    : yield* ask(opened.success, answered).pipe(Scope.provide(own))
  if (refusal !== undefined) yield* Scope.close(own, Exit.void)
  return refusal
})

const ask = Effect.fnUntraced(function* (
  transport: NetlinkTransport.NetlinkTransport,
  answered: Deferred.Deferred<string | undefined>
): Effect.fn.Return<string | undefined, never, Scope.Scope> {
  const errno = transport.send(ProcessEvents.request(true))
  if (errno !== 0) return `${Errno.nameOf(errno)}: not in this network namespace`
  yield* Effect.addFinalizer(() => Effect.sync(() => transport.send(ProcessEvents.request(false))))
  transport.receive()
  return yield* Deferred.await(answered).pipe(
    Effect.timeoutOrElse({
      duration: answerMillisMax,
      orElse: () =>
        Effect.succeed("no answer: it takes CAP_NET_ADMIN and the first namespaces of processes and users")
    })
  )
})

const changesOf = (event: ProcessEvents.ProcessEvent): ReadonlyArray<ProcessChange> => {
  switch (event._tag) {
    case "Answered":
      return []
    case "Executed":
    case "Renamed": {
      const process = ProcessList.read(event.pid)
      return process === undefined ? [] : [{ _tag: "Executed", pid: event.pid, process }]
    }
    case "Forked":
    case "Exited":
      return [event]
  }
}
