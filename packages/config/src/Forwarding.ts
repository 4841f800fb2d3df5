/**
 * How packets are spread and reach a server: schedulers, their flags, methods and tunnels.
 *
 * @since 0.1.0
 */
import { type Method, type SchedulerFlag, type Tunnel, schedulers } from "@holdfast/balancer/Service"
import * as Diagnostic from "./Diagnostic.ts"
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import * as Section from "./Section.ts"
import * as Value from "./Value.ts"

/**
 * Reads a scheduler (`lvs_sched`, `lb_algo`).
 *
 * @category readers
 * @since 0.1.0
 */
export const scheduler = Section.argument(Value.oneOf(...schedulers))

/**
 * The flags of a scheduler and the names they have for some.
 *
 * @category constants
 * @since 0.1.0
 */
export const flags = {
  "flag-1": 1,
  "flag-2": 2,
  "flag-3": 3,
  "sh-fallback": 1,
  "sh-port": 2,
  "mh-fallback": 1,
  "mh-port": 2
} as const

/**
 * Returns the flags that a section mentions, in ascending order.
 *
 * @category compiling
 * @since 0.1.0
 */
export const flagsOf = (mentioned: ReadonlySet<string>): ReadonlyArray<SchedulerFlag> =>
  ([1, 2, 3] as const).filter((flag) =>
    Object.entries(flags).some(([keyword, number]) => number === flag && mentioned.has(keyword))
  )

/**
 * Reads `NAT`, `DR` or `TUN [type ipip|gue port NUMBER|gre] [nocsum|csum|remcsum]`.
 *
 * @category readers
 * @since 0.1.0
 */
export const method: Section.Reader<Method> = {
  repeat: "last",
  read: (statement, all) => {
    const report = Diagnostic.about(all, statement.keyword.text)
    const [word, ...options] = statement.arguments
    if (word === undefined) {
      all.error(statement.keyword.span, `${statement.keyword.text} needs a value`)
      return undefined
    }
    const kind = Value.oneOf("NAT", "DR", "TUN")(word, report)
    if (kind === undefined) return undefined
    if (kind === "TUN") {
      const tunnel = readTunnel(word, options, report)
      return tunnel === undefined ? undefined : { _tag: "Tunnel", tunnel }
    }
    Section.warnSuperfluous(statement, options, all)
    return { _tag: kind === "NAT" ? "Nat" : "DirectRouting" }
  }
}

interface TunnelOptions {
  type: Tunnel["type"]
  port?: Word
  checksum?: Word
}

const readTunnel = (kind: Word, words: ReadonlyArray<Word>, report: Report): Tunnel | undefined => {
  const options: TunnelOptions = { type: "ipip" }
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!
    const value = words[at + 1]
    if (checksums.has(word.text)) options.checksum = word
    else if (word.text !== "type" && word.text !== "port") {
      report.error(
        word.span,
        `${word.text} is no option of a tunnel`,
        "write type, port, nocsum, csum or remcsum"
      )
      return undefined
    } else if (value === undefined) {
      report.error(word.span, `${word.text} needs a value`)
      return undefined
    } else if (word.text === "port") options.port = words[++at]!
    else {
      const type = Value.oneOf("ipip", "gue", "gre")(words[++at]!, report)
      if (type === undefined) return undefined
      options.type = type
    }
  }
  return compileTunnel(kind, options, report)
}

/** GUE alone has a port, IP in IP no checksum, and GRE no remote checksum offload (linux/ip_vs.h). */
const compileTunnel = (kind: Word, options: TunnelOptions, report: Report): Tunnel | undefined => {
  const { checksum: word, port: portWord, type } = options
  if (portWord !== undefined && type !== "gue") {
    report.error(portWord.span, `a tunnel of type ${type} has no port`, "remove it, or write type gue")
    return undefined
  }
  const checksum = word?.text ?? "nocsum"
  switch (type) {
    case "ipip":
      if (word !== undefined) report.error(word.span, "a tunnel of type ipip has no checksum", "remove it")
      return { type }
    case "gre":
      if (word !== undefined && checksum === "remcsum")
        report.error(word.span, "a tunnel of type gre has no remcsum", "write csum or nocsum")
      return { type, checksum: checksum === "csum" ? "csum" : "nocsum" }
    case "gue": {
      if (portWord === undefined)
        report.error(kind.span, "a tunnel of type gue needs a port", "add port NUMBER")
      const port = portWord === undefined ? undefined : Value.port(portWord, report)
      return port === undefined
        ? undefined
        : { type, port, checksum: checksum as "nocsum" | "csum" | "remcsum" }
    }
  }
}

const checksums: ReadonlySet<string> = new Set(["nocsum", "csum", "remcsum"])
