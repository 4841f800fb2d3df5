/**
 * The kernel's table as `/proc/net/ip_vs` has it, read every few milliseconds: nothing that lasts longer goes unseen.
 *
 * @see net/netfilter/ipvs/ip_vs_ctl.c of Linux (`ip_vs_info_seq_show`)
 * @since 0.1.0
 */
import { readFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Journal from "../lab/Journal.ts"

/**
 * What the table was from then on: `TCP 192.0.2.1:80 wlc`, and each server as `192.0.2.1:80 > 198.51.100.1:8080 1`, with
 * its weight. Of a mark the service is `FWM 7`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Snapshot {
  readonly atMicros: number
  readonly lines: ReadonlyArray<string>
}

/**
 * Watches the table of the namespace that a process is in. Each entry differs from the one before.
 *
 * @category constructors
 * @since 0.1.0
 */
export const watch = (pid: number): Effect.Effect<Journal.Journal<Snapshot>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const snapshots = Journal.make<Snapshot>("table", ({ lines }) => lines.join(", ") || "empty")
    let last = ""
    const look = (): void => {
      const lines = read(pid)
      const text = lines.join("\n")
      if (text === last && snapshots.entries.length > 0) return
      last = text
      snapshots.append({ atMicros: Date.now() * 1000, lines })
    }
    look()
    yield* Effect.acquireRelease(
      Effect.sync(() => repeat(look)),
      (end) => Effect.sync(end)
    )
    return snapshots
  })

/** Reads the table once. */
const read = (pid: number): ReadonlyArray<string> => {
  let service = ""
  return readFileSync(`/proc/${pid}/net/ip_vs`, "utf8")
    .split("\n")
    .slice(headerLines)
    .flatMap((line) => {
      const words = line.trim().split(/ +/)
      if (words.length < 2) return []
      if (words[0] === "->") return [`${service} > ${endpoint(words[1]!)} ${words[3]}`]
      service = words[0] === "FWM" ? `FWM ${Number.parseInt(words[1]!, 16)}` : endpoint(words[1]!)
      return [`${words[0] === "FWM" ? "" : `${words[0]} `}${service} ${words.slice(2).join(" ")}`]
    })
}

/** From `C0000201:0050`. */
const endpoint = (text: string): string => {
  const [address = "", port = ""] = text.split(":")
  const bytes = address.match(/../g) ?? []
  return `${bytes.map((byte) => Number.parseInt(byte, 16)).join(".")}:${Number.parseInt(port, 16)}`
}

const headerLines = 3
/** A read takes a tenth of that in User-Mode Linux. */
const intervalMillis = 3

/** In the time of the kernel that is looked at, whatever clock the test has. */
function repeat(look: () => void): () => void {
  const timer = setInterval(look, intervalMillis)
  return () => clearInterval(timer)
}
