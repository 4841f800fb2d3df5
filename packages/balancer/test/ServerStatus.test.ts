import { assert, describe, it } from "@effect/vitest"
import * as ServerStatus from "@holdfast/balancer/ServerStatus"
import * as VirtualServer from "@holdfast/balancer/VirtualServer"
import type { Ipv4Address } from "@holdfast/wire/Address"
import { at, check, realServer, tcp, virtualServer } from "./Fixture.ts"

const page = check({
  _tag: "Http",
  connection: { address: "10.0.0.1" as Ipv4Address, port: 443 },
  pages: [{ path: "/", statusCodes: [[200, 299]] }],
  version: "1.0",
  headers: [["Authorization", "Basic c2VjcmV0"]],
  bodyMax: 1024,
  tls: { verify: false, key: "/etc/ssl/key.pem", password: "secret" }
})

describe("ServerStatus", () => {
  it("says what each check found, and nothing of how it is made", () => {
    const script = { words: ["/usr/bin/tell", "token"] as const }
    const server = realServer(1, { checks: [check(tcp(1)), page], notifyUp: script, notifyDown: script })
    const made = VirtualServer.make(virtualServer({ realServers: [server] }))
    const { state } = VirtualServer.stepAll(made, [
      { _tag: "Started", at: at(0), serving: new Map() },
      {
        _tag: "CheckDecided",
        at: at(1),
        server: server.key,
        check: 1,
        decided: { _tag: "Decided", verdict: "Down", reason: "connection refused" }
      }
    ])

    const { servers } = ServerStatus.status(state)

    assert.deepStrictEqual(servers[0]?.checks, [
      { probe: "Tcp", verdict: "Unknown" },
      { probe: "Http", verdict: "Down", reason: "connection refused" }
    ])
    assert.notMatch(JSON.stringify(servers), /secret|c2VjcmV0|token|key\.pem/)
  })
})
