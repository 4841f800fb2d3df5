/**
 * A network namespace with IPVS for one test, and `ipvsadm` as the witness.
 *
 * The thread is inside while the test runs, since planes open their sockets where they are.
 */
import type { ForwardingPlaneError, OpenForwardingPlane } from "@holdfast/engine/ForwardingPlane"
import * as IpvsPlane from "@holdfast/linux/ipvs/IpvsPlane"
import * as Native from "@holdfast/native/Native"
import type { SocketError } from "@holdfast/raw-socket/SocketError"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { execFileSync } from "node:child_process"

export interface Laboratory {
  /** Opens one more plane on the same table. */
  readonly open: Effect.Effect<OpenForwardingPlane, ForwardingPlaneError, Scope.Scope>
  /** Runs `ipvsadm` with these words and returns what it printed. */
  readonly ipvsadm: (words: string) => string
  /** Runs `ip` with one command a line. */
  readonly ip: (...lines: ReadonlyArray<string>) => void
}

/** Makes a fresh one, moves the thread there, and back when the scope closes. */
export const make: Effect.Effect<Laboratory, SocketError, Scope.Scope> = Effect.gen(function* () {
  const namespace = yield* NetworkNamespace.make
  const home = yield* NetworkNamespace.current
  yield* Effect.acquireRelease(move(namespace.fd), () => move(home.fd))
  const laboratory: Laboratory = {
    open: IpvsPlane.open,
    ipvsadm: (words) => execFileSync("ipvsadm", words.split(" "), { encoding: "utf8" }),
    ip: (...lines) => {
      execFileSync("ip", ["-batch", "-"], { input: lines.join("\n") })
    }
  }
  laboratory.ip(
    "link set lo up",
    "link add eth0 type veth peer name eth0-peer",
    "address add 192.0.2.254/24 dev eth0",
    "link set eth0 up",
    "link set eth0-peer up"
  )
  return laboratory
})

const move = (fd: number): Effect.Effect<void> =>
  Effect.sync(() => {
    const outcome = Native.load().setns(fd)
    if (outcome < 0) throw new Error(`the thread cannot change its network namespace (errno ${-outcome})`)
  })
