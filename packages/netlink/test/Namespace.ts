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
  readonly read: (words: string) => ReadonlyArray<Shown>
  /** Lets a secondary address take the place of a primary one that is deleted. */
  readonly promoteSecondaries: (link: string) => void
  /** Opens channels to the kernel inside. */
  readonly kernel: (options?: NetlinkTransport.KernelOptions) => NetlinkTransport.OpenTransport
}

/** The fields of `ip -j` that tests look at. */
export interface Shown {
  readonly ifindex?: number
  readonly ifname?: string
  readonly address?: string
  readonly mtu?: number
  readonly operstate?: string
  readonly flags?: ReadonlyArray<string>
  readonly link?: string
  readonly master?: string
  readonly inet6_addr_gen_mode?: string
  readonly linkinfo?: { readonly info_kind?: string; readonly info_data?: { readonly mode?: string } }
  readonly addr_info?: ReadonlyArray<ShownAddress>
  readonly gateway?: string
  readonly dev?: string
  readonly prefsrc?: string
  readonly metric?: number
  readonly protocol?: string
  readonly dst?: string
  readonly lladdr?: string
  readonly state?: ReadonlyArray<string>
}

/** An address as `ip -j` shows it. */
export interface ShownAddress {
  readonly local: string
  readonly prefixlen: number
  readonly broadcast?: string
  readonly label?: string
  readonly scope: string
  readonly noprefixroute?: boolean
  readonly valid_life_time: number
}

/** The IPv4 addresses of a device in the order that `ip` shows, which is the kernel's. */
export const addressesOf = (namespace: Namespace, link: string): ReadonlyArray<ShownAddress> =>
  namespace.read(`-4 addr show dev ${link}`)[0]?.addr_info ?? []

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
