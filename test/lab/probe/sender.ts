/**
 * Sends a datagram a millisecond and prints, as JSON, each answer that another director gave or that ended a silence.
 * Arguments: the address and the port.
 *
 * @since 0.1.0
 */
import * as Datagram from "node:dgram"

const intervalMillis = 1
// Longer than the jitter of two shared cores, shorter than any takeover that is measured.
const silenceMicrosMin = 15_000

const [address = "", port = ""] = process.argv.slice(2)
const socket = Datagram.createSocket("udp4")
let last: { readonly by: string; readonly atMicros: number } | undefined

socket.on("message", (_, from) => {
  const atMicros = Math.round((performance.timeOrigin + performance.now()) * 1000)
  const silenceMicros = last === undefined ? null : atMicros - last.atMicros
  if (last?.by !== from.address || (silenceMicros !== null && silenceMicros > silenceMicrosMin)) {
    console.log(JSON.stringify({ atMicros, by: from.address, silenceMicros }))
  }
  last = { by: from.address, atMicros }
})
socket.bind(0, () => {
  // "No route" and "refused" are silence too.
  setInterval(() => socket.send("?", Number(port), address, () => undefined), intervalMillis)
})
