/**
 * The frames on an interface as they pass, by tcpdump.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Child from "./Child.ts"
import * as Frame from "./Frame.ts"
import * as Journal from "./Journal.ts"
import type { Namespace } from "./Namespace.ts"

/**
 * Captures from now on: the effect ends when tcpdump listens.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = (
  namespace: Namespace,
  networkInterface: string,
  filter = filterDefault
): Effect.Effect<Journal.Journal<Frame.Frame>, Child.CommandFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const command = [
      "tcpdump",
      ...keepUser,
      ...asTheyCome,
      "-n",
      "-i",
      networkInterface,
      "-w",
      "-",
      filter
    ] as const
    const child = yield* Child.start(namespace, command)
    const frames = Journal.make(`${namespace.name} ${networkInterface}`, Frame.describe)
    const read = reader((atMicros, bytes) => frames.append(Frame.decode(atMicros, bytes)))
    child.stdout.on("data", read)
    const listening = Deferred.makeUnsafe<void>()
    const told: Array<string> = []
    Child.onLines(child.stderr, (line) => {
      told.push(line)
      if (line.includes("listening on")) Deferred.doneUnsafe(listening, Effect.void)
    })
    const failed = Effect.flatMap(child.exit, (exit) =>
      Effect.fail(
        new Child.CommandFailed({
          command: command.join(" "),
          exit: `${exit.code ?? exit.signal}`,
          output: told.join("\n")
        })
      )
    )
    yield* Effect.raceFirst(Deferred.await(listening), failed)
    return frames
  })

/** Reads a pcap stream that comes in pieces: a file header, then a header before each packet, in host byte order. */
const reader = (onPacket: (atMicros: number, bytes: Uint8Array) => void) => {
  let rest: Buffer = Buffer.alloc(0)
  let begun = false
  return (chunk: Buffer): void => {
    rest = Buffer.concat([rest, chunk])
    if (!begun) {
      if (rest.length < fileHeaderLength) return
      if (rest.readUInt32LE(0) !== magicMicros)
        throw new Error("tcpdump wrote no little-endian pcap with microseconds")
      rest = rest.subarray(fileHeaderLength)
      begun = true
    }
    while (rest.length >= packetHeaderLength) {
      const end = packetHeaderLength + rest.readUInt32LE(8)
      if (rest.length < end) return
      onPacket(
        rest.readUInt32LE(0) * 1e6 + rest.readUInt32LE(4),
        Uint8Array.from(rest.subarray(packetHeaderLength, end))
      )
      rest = rest.subarray(end)
    }
  }
}

// As root, Debian's tcpdump becomes another user, and a change of user undoes that it dies with its parent.
const keepUser = process.getuid?.() === 0 ? ["-Z", "root"] : []
const asTheyCome = ["-U", "--immediate-mode"]
const filterDefault = "ip proto 112 or arp"
const fileHeaderLength = 24
const packetHeaderLength = 16
const magicMicros = 0xa1b2c3d4
