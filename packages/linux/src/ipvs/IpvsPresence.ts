/**
 * Whether this kernel has IPVS, told without privilege: for a command that only looks.
 *
 * @since 0.1.0
 */
import { existsSync, readFileSync } from "node:fs"
import { release } from "node:os"

/**
 * Returns whether IPVS is loaded, built in, or among the modules of this kernel.
 *
 * @category queries
 * @since 0.1.0
 */
export const isPresent = (): boolean =>
  existsSync("/proc/net/ip_vs") ||
  ["modules.builtin", "modules.dep"].some((name) => lists(`/lib/modules/${release()}/${name}`))

const lists = (path: string): boolean => {
  try {
    return /\/ip_vs\.ko/.test(readFileSync(path, "utf8"))
  } catch {
    return false
  }
}
