/**
 * TCP servers and one client, on command: a line of words in, a line out when it is done.
 *
 * - `listen ADDRESS PORT`: a server that answers each line with its address.
 * - `close ADDRESS PORT`: ends that server and its connections; then its port refuses.
 * - `connect ADDRESS PORT`: opens the client's connection, instead of the one before.
 * - `ask`: sends a line on it and prints the answer, or what went wrong.
 *
 * @since 0.1.0
 */
import { once } from "node:events"
import * as Net from "node:net"
import * as Readline from "node:readline"

interface Served {
  readonly server: Net.Server
  readonly connections: Set<Net.Socket>
}

const served = new Map<string, Served>()
let client = new Net.Socket()

const listen = async (address: string, port: string): Promise<string> => {
  const connections = new Set<Net.Socket>()
  const server = Net.createServer((connection) => {
    connections.add(connection)
    connection.on("error", () => undefined)
    connection.on("close", () => connections.delete(connection))
    connection.on("data", () => connection.write(`${address}\n`))
  })
  server.listen(Number(port), address)
  await once(server, "listening")
  served.set(`${address} ${port}`, { server, connections })
  return "listening"
}

const close = async (address: string, port: string): Promise<string> => {
  const { connections, server } = served.get(`${address} ${port}`)!
  server.close()
  for (const connection of connections) connection.destroy()
  await once(server, "close")
  return "closed"
}

const connect = async (address: string, port: string): Promise<string> => {
  client.destroy()
  client = Net.connect(Number(port), address)
  await once(client, "connect")
  return "connected"
}

const ask = async (): Promise<string> => {
  client.write("?\n")
  const [answer] = await once(client, "data", { signal: AbortSignal.timeout(answerMillis) })
  return String(answer).trim()
}

const answerMillis = 2_000
const commands: Record<string, (address: string, port: string) => Promise<string>> = {
  listen,
  close,
  connect,
  ask
}

for await (const line of Readline.createInterface({ input: process.stdin })) {
  const [command = "", address = "", port = ""] = line.split(" ")
  console.log(await commands[command]!(address, port).catch((error: unknown) => String(error)))
}
