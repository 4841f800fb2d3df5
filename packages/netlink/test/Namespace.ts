import * as NetlinkTransport from "@holdfast/netlink/NetlinkTransport"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"

/** A namespace of the test's own, with `ip` as the witness. */
export interface Namespace {
  readonly fd: number
  /** Runs `ip` with these words. */
  readonly ip: (words: string) => string
  /** Runs `ip -batch` with these lines, in one process. */
  readonly batch: (lines: ReadonlyArray<string>) => void
  /** What `ip -j` prints. */
  readonly read: (words: string) => ReadonlyArray<any>
  /** Lets a secondary address take the place of a primary one that is deleted. */
  readonly promoteSecondaries: (link: string) => void
  /** Opens channels to the kernel inside. */
  readonly kernel: (options?: NetlinkTransport.KernelOptions) => NetlinkTransport.OpenTransport
}

export const make = Effect.map(NetworkNamespace.make, (namespace): Namespace => {
  const run = (words: ReadonlyArray<string>, input = "") =>
    NetworkNamespace.within(namespace, () => execFileSync("ip", words, { encoding: "utf8", input }))
  return {
    fd: namespace.fd,
    ip: (words) => run(words.split(" ")),
    batch: (lines) => run(["-batch", "-"], lines.join("\n")),
    read: (words) => JSON.parse(run(["-j", ...words.split(" ")]) || "[]"),
    promoteSecondaries: (link) =>
      NetworkNamespace.within(namespace, () =>
        execFileSync("sysctl", ["-qw", `net.ipv4.conf.${link}.promote_secondaries=1`])
      ),
    kernel: (options) => (listener) =>
      NetlinkTransport.kernel(options)(listener).pipe(NetworkNamespace.provide(namespace))
  }
})
