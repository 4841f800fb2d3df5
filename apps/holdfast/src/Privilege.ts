/**
 * What the process may do, asked before anything is started.
 *
 * @since 0.1.0
 */
import { readFileSync } from "node:fs"

/**
 * Returns which of the capabilities that virtual routers need are missing (capabilities(7)).
 *
 * @category getters
 * @since 0.1.0
 */
export const missing = (): ReadonlyArray<string> => {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]
  const bits = BigInt(`0x${effective ?? "0"}`)
  return needed.filter(({ bit }) => ((bits >> bit) & 1n) === 0n).map(({ name }) => name)
}

const needed = [
  { name: "CAP_NET_ADMIN", bit: 12n },
  { name: "CAP_NET_RAW", bit: 13n }
]
