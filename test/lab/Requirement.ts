/**
 * What a system test needs of the machine, and what happens where it is missing.
 *
 * A test whose needs are not met is skipped, with the reason in its name; under `HOLDFAST_REQUIRE_ALL=1` the reason is
 * a failure instead, so that a build machine cannot pass by having nothing.
 *
 * @since 0.1.0
 */
import { accessSync, constants, readFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { describe, it } from "vitest"

/**
 * @category models
 * @since 0.1.0
 */
export type Requirement =
  | "privilege"
  | "root"
  | "ip"
  | "tcpdump"
  | "keepalived"
  | "vtysh"
  | "nft"
  | "setpriv"
  | "ipvsadm"
  | "modprobe"
  | "linux.uml"

/**
 * What every lab needs.
 *
 * @category constants
 * @since 0.1.0
 */
export const lab: ReadonlyArray<Requirement> = ["privilege", "ip", "tcpdump", "setpriv"]

/**
 * Everything any system test needs.
 *
 * @category constants
 * @since 0.1.0
 */
export const all: ReadonlyArray<Requirement> = [...lab, "keepalived"]

/**
 * What the tests of IPVS need on a kernel that has it.
 *
 * @category constants
 * @since 0.1.0
 */
export const ipvs: ReadonlyArray<Requirement> = ["privilege", "ip", "ipvsadm"]

/**
 * What they need to bring a kernel that has it.
 *
 * @category constants
 * @since 0.1.0
 */
export const userModeLinux: ReadonlyArray<Requirement> = [...ipvs, "root", "setpriv", "modprobe", "linux.uml"]

/**
 * Returns why each missing requirement is missing.
 *
 * @category getters
 * @since 0.1.0
 */
export const missing = (requirements: ReadonlyArray<Requirement>): ReadonlyArray<string> =>
  requirements.flatMap((requirement) => reasonMissing(requirement) ?? [])

/**
 * Returns whether a missing requirement is a failure.
 *
 * @category getters
 * @since 0.1.0
 */
export const allRequired = (): boolean => process.env["HOLDFAST_REQUIRE_ALL"] === "1"

/**
 * Registers a suite that runs where its requirements are met. Its tests run at the same time, each in its own lab, unless
 * the kernel that they need has but one processor.
 *
 * @category constructors
 * @since 0.1.0
 */
export const suite = (
  name: string,
  requirements: ReadonlyArray<Requirement>,
  body: () => void,
  options: { readonly concurrent: boolean } = { concurrent: true }
): void => {
  const reasons = missing(requirements)
  if (reasons.length > 0 && allRequired()) {
    describe(name, () => {
      it(`has what it needs`, () => {
        throw new Error(reasons.join("; "))
      })
    })
    return
  }
  const suffix = reasons.length > 0 ? ` [skipped: ${reasons.join("; ")}]` : ""
  describe.skipIf(reasons.length > 0)(`${name}${suffix}`, options, body)
}

const reasonMissing = (requirement: Requirement): string | undefined => {
  if (requirement === "privilege") {
    return privileged() ? undefined : "needs CAP_SYS_ADMIN, CAP_NET_ADMIN and CAP_NET_RAW: run as root"
  }
  if (requirement === "root") {
    return process.getuid?.() === 0 ? undefined : "needs root, whom User-Mode Linux reads all files as"
  }
  return onPath(requirement) ? undefined : `needs ${requirement}: apt-get install ${packages[requirement]}`
}

/**
 * Returns whether this process has the capabilities to make namespaces, links and raw sockets.
 *
 * @category getters
 * @since 0.1.0
 */
export const privileged = (): boolean => {
  const line = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))
  const effective = BigInt(`0x${line?.[1] ?? "0"}`)
  return capabilities.every((bit) => (effective >> bit) & 1n)
}

const onPath = (tool: string): boolean =>
  (process.env["PATH"] ?? "").split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, tool), constants.X_OK)
      return true
    } catch {
      return false
    }
  })

// Bits of linux/capability.h: NET_ADMIN, NET_RAW, SYS_ADMIN.
const capabilities = [12n, 13n, 21n]
/**
 * Where Debian keeps administrators' tools, which may not be on an ordinary user's path.
 *
 * @category constants
 * @since 0.1.0
 */
export const systemPath = ["/usr/sbin", "/sbin"]
const packages = {
  ip: "iproute2",
  tcpdump: "tcpdump",
  keepalived: "keepalived",
  vtysh: "frr",
  nft: "nftables",
  setpriv: "util-linux",
  ipvsadm: "ipvsadm",
  modprobe: "kmod",
  "linux.uml": "user-mode-linux"
} as const
