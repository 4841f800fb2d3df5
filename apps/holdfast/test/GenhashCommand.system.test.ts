/**
 * `holdfast genhash` beside keepalived's genhash, on the same servers.
 */
import { type ChildProcess, execFile, spawnSync } from "node:child_process"
import * as http from "node:http"
import type * as net from "node:net"
import { afterAll, assert, beforeAll, describe, it } from "vitest"

interface Ended {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

const requests: Array<string> = []
const server = http.createServer((request, response) => {
  requests.push(`${request.url} ${request.httpVersion} ${request.headers.host} ${request.headers.connection}`)
  if (request.url === "/missing") response.writeHead(404)
  if (request.url === "/silent") return
  response.end(request.url === "/empty" ? "" : `page ${request.url}\n`)
})
let port: string
const children = new Set<ChildProcess>()

beforeAll(
  () =>
    new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", () => {
        port = `${(server.address() as net.AddressInfo).port}`
        resolve()
      })
    })
)

afterAll(() => {
  children.forEach((child) => child.kill())
  server.closeAllConnections()
  server.close()
})

const run = (command: string, words: ReadonlyArray<string>) =>
  new Promise<Ended>((resolve) => {
    const child = execFile(command, words, (_, output, errors) => {
      children.delete(child)
      resolve({ code: child.exitCode, output, errors })
    })
    children.add(child)
  })

const command = new URL("../bin/holdfast", import.meta.url).pathname
const holdfast = (...words: ReadonlyArray<string>) => run(command, ["genhash", ...words])
const isGenhashWanted =
  process.env["HOLDFAST_REQUIRE_ALL"] === "1" || spawnSync("genhash", ["--help"]).error === undefined

describe("holdfast genhash", () => {
  it.runIf(isGenhashWanted)("asks and prints as keepalived's genhash does", async () => {
    const lines = [
      ["-u", "/"],
      ["--url", "/empty", "--use-virtualhost", "a.example"],
      ["-u", "/missing", "-P", "1.0c"],
      ["-u", "/", "-P", "1.1", "-V", "a.example:80", "-t", "3"]
    ]
    for (const words of lines) {
      requests.length = 0

      const theirs = await run("genhash", ["-s", "127.0.0.1", "-p", port, ...words])
      const ours = await holdfast("-s", "127.0.0.1", "-p", port, ...words)

      assert.deepStrictEqual(ours, theirs, words.join(" "))
      assert.match(ours.output, /^[0-9a-f]{32}\n$/)
      assert.strictEqual(requests[1], requests[0], words.join(" "))
    }
  })

  it("prints the head too when it is asked", async () => {
    const { code, output } = await holdfast("-v", "-s", "127.0.0.1", "-p", port, "-u", "/missing")

    assert.strictEqual(code, 0)
    assert.match(output, /^HTTP\/1\.1 404 Not Found\r\n/)
    assert.match(output, /\n\n[0-9a-f]{32}\n$/)
  })

  it("prints no digest of what it could not fetch", async () => {
    assert.deepStrictEqual(await holdfast("-s", "127.0.0.1", "-p", "1"), {
      code: 70,
      output: "",
      errors: "holdfast: connection refused\n"
    })
    assert.deepStrictEqual(await holdfast("-s", "127.0.0.1", "-p", port, "-u", "/silent", "-t", "1"), {
      code: 70,
      output: "",
      errors: "holdfast: no answer within 1 s\n"
    })
  })

  it("says what it did not understand, with the code of misuse", async () => {
    for (const words of [
      [],
      ["-s", "localhost"],
      ["-s", "127.0.0.1", "-P", "2"],
      ["-s", "127.0.0.1", "-p", "0"],
      ["-s", "127.0.0.1", "-u", "/\n"],
      ["--nonsense"]
    ]) {
      const { code, output, errors } = await holdfast(...words)

      assert.strictEqual(code, 2)
      assert.strictEqual(output, "")
      assert.match(errors, /see holdfast genhash --help\n$/)
    }
  })
})
