/**
 * Answers each datagram with its own content. Bound to no address, so the answer's source is the director's own
 * address on the client's network, and names the director. Argument: the port.
 *
 * @since 0.1.0
 */
import * as Datagram from "node:dgram"

const socket = Datagram.createSocket("udp4")
socket.on("message", (content, from) => {
  // An answer that cannot be sent is a lost one, which is what the client measures.
  socket.send(content, from.port, from.address, () => undefined)
})
socket.bind(Number(process.argv[2]), () => console.log("ready"))
