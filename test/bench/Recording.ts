/**
 * The adverts and ARP frames on a card, kept by tcpdump and read when all is over.
 *
 * Unlike the lab's `Capture` it stamps in nanoseconds and neither wakes nor reads with every frame: what watches a
 * measurement should not take part in it.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Child from "../lab/Child.ts"
import * as Frame from "../lab/Frame.ts"
import type { Namespace } from "../lab/Namespace.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Recording {
  /** Ends the recording and returns its frames in order. Dies when the kernel had to drop one. */
  readonly finish: Effect.Effect<ReadonlyArray<Frame.Frame>>
}

/**
 * Records from now on: the effect ends when tcpdump listens.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = (
  namespace: Namespace,
  networkInterface: string
): Effect.Effect<Recording, never, Scope.Scope> =>
  Effect.gen(function* () {
    const child = yield* Child.start(namespace, [...command, networkInterface, "-w", "-", filter])
    const chunks: Array<Buffer> = []
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk))
    const told: Array<string> = []
    const listening = Deferred.makeUnsafe<void>()
    Child.onLines(child.stderr, (line) => {
      told.push(line)
      if (line.includes("listening on")) Deferred.doneUnsafe(listening, Effect.void)
    })
    const ended = Effect.flatMap(child.exit, () => Effect.die(new Error(`tcpdump: ${told.join("\n")}`)))
    yield* Effect.raceFirst(Deferred.await(listening), ended)

    const finish = Effect.gen(function* () {
      yield* Effect.sleep(blockRetiredMillis)
      yield* child.signal("SIGINT")
      yield* child.exit
      if (!told.some((line) => line.startsWith("0 packets dropped by kernel"))) {
        return yield* Effect.die(new Error(`the capture is not whole: ${told.join("; ")}`))
      }
      return read(Buffer.concat(chunks))
    })
    return { finish }
  })

/** Reads a pcap file of nanoseconds: a file header, then a header before each packet, in host byte order. */
const read = (file: Buffer): ReadonlyArray<Frame.Frame> => {
  if (file.length < fileHeaderLength || file.readUInt32LE(0) !== magicNanos) {
    throw new Error("tcpdump wrote no little-endian pcap with nanoseconds")
  }
  const frames: Array<Frame.Frame> = []
  for (let at = fileHeaderLength; at + packetHeaderLength <= file.length;) {
    const length = file.readUInt32LE(at + 8)
    const atMicros = file.readUInt32LE(at) * 1e6 + file.readUInt32LE(at + 4) / 1000
    at += packetHeaderLength
    frames.push(Frame.decode(atMicros, file.subarray(at, at + length)))
    at += length
  }
  return frames
}

const command = ["tcpdump", "-n", "--time-stamp-precision=nano", "-B", "65536", "-i"] as const
const filter = "ip proto 112 or arp"
const fileHeaderLength = 24
const packetHeaderLength = 16
const magicNanos = 0xa1b23c4d
// The kernel hands frames over in blocks, the last one up to a second later.
const blockRetiredMillis = 1_200
