/**
 * The demo as a user runs it: a process, its output, its exit code, and what it leaves behind.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { afterEach, assert, beforeEach, describe, it } from "vitest"

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "holdfast-demo-test-"))
})
afterEach(() => {
  for (const pid of processesOfDemo()) process.kill(pid, "SIGKILL")
  rmSync(directory, { recursive: true })
})

describe("holdfast demo", () => {
  it("shows a failover and a return, in order and in time, and leaves nothing", async () => {
    const demo = start()

    assert.deepStrictEqual(await demo.ended, [0, null], demo.output())
    const lines = demo.output().split("\n")
    const timeline = lines.filter((line) => /^ *\d+\.\d{3} s /.test(line))
    assertInOrder(timeline, [
      /LD1 .*Backup -> Master/,
      /client +reaches 192\.168\.3\.117 at LD1$/,
      /LD1 +loses power/,
      /LD2 .*Backup -> Master/,
      /client +reaches 192\.168\.3\.117 at LD2, after/,
      /LD1 +gets power/,
      /LD1 .*Backup -> Master/,
      /LD2 .*Master -> Backup/
    ])
    const times = timeline.map((line) => Number.parseFloat(line))
    assert.deepStrictEqual(
      times,
      times.toSorted((left, right) => left - right)
    )

    const [lost, back] = ["lost", "back"].map((what) =>
      Number(lines.find((line) => line.startsWith(`LD1 ${what}`))?.match(/no answer for ([\d.]+) s/)?.[1])
    )
    // RFC 3768 6.1: 3 × 1 s + (256 - 150) / 256 s after the last advert, which is at most 1 s older than the loss.
    assert.isAtLeast(lost!, 3.414 - 1 - slack)
    assert.isAtMost(lost!, 3.414 + slack)
    assert.isAtMost(back!, slack)
    assertNothingLeft()
  })

  it("cleans up when it is interrupted", async () => {
    const demo = start()
    await demo.prints("Backup -> Master")
    assert.isAbove(processesOfDemo().length, 1)

    demo.process.kill("SIGINT")

    assert.deepStrictEqual(await demo.ended, [130, null], demo.output())
    assertNothingLeft()
  })

  it("needs no privilege over networks where users may have namespaces, and cleans up there, too", async () => {
    // What root needs to be root in a user namespace of its own; other users do not need it.
    const demo = start("setpriv", "--bounding-set=-all,+setfcap", "--inh-caps=-all")
    await demo.prints("Backup -> Master")

    demo.process.kill("SIGTERM")

    assert.deepStrictEqual(await demo.ended, [143, null], demo.output())
    assertNothingLeft()
  })

  it("says what to do where users may have no namespaces", async () => {
    const refuse = 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"'
    const inside = ["unshare", "--user", "--map-root-user", "sh", "-c", refuse, "sh"]
    const demo = start(...inside, "setpriv", "--bounding-set=-all", "--inh-caps=-all")

    assert.deepStrictEqual(await demo.ended, [4, null], demo.output())
    assert.match(demo.output(), /run it as root, or allow user namespaces/)
    assertNothingLeft()
  })

  it("takes its directors with it when it is killed", async () => {
    const demo = start()
    await demo.prints("Backup -> Master")

    demo.process.kill("SIGKILL")

    await demo.ended
    const deadline = Date.now() + directorsStopMillisMax
    while (processesOfDemo().length > 0 && Date.now() < deadline) await pause(50)
    assert.deepStrictEqual(processesOfDemo(), [])
  })
})

const start = (...under: ReadonlyArray<string>) => {
  const child = spawn("env", [...under, process.execPath, main, "demo"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TMPDIR: directory }
  })
  let output = ""
  child.stdout.on("data", (data) => (output += data))
  child.stderr.on("data", (data) => (output += data))
  return {
    process: child,
    output: () => output,
    ended: once(child, "close"),
    prints: async (text: string) => {
      while (!output.includes(text)) {
        const ended = await Promise.race([
          once(child.stdout, "data"),
          once(child, "close").then(() => "ended")
        ])
        if (ended === "ended") assert.fail(`the demo ended without "${text}":\n${output}`)
      }
    }
  }
}

const assertInOrder = (lines: ReadonlyArray<string>, patterns: ReadonlyArray<RegExp>): void => {
  let next = 0
  for (const pattern of patterns) {
    const found = lines.findIndex((line, index) => index >= next && pattern.test(line))
    assert.isAtLeast(found, 0, `${pattern} after line ${next} of\n${lines.join("\n")}`)
    next = found + 1
  }
}

const assertNothingLeft = (): void => {
  assert.deepStrictEqual(processesOfDemo(), [])
  assert.deepStrictEqual(readdirSync(directory), [])
}

/** The demo and its directors, by the directory that they were given in their environment. */
const processesOfDemo = (): ReadonlyArray<number> =>
  readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && environmentOf(pid).includes(`TMPDIR=${directory}`))

const environmentOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1")
  } catch {
    return "" // It ended meanwhile.
  }
}

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url))
/** For a busy computer, in seconds. */
const slack = 0.4
/** The daemon's own bound for stopping. */
const directorsStopMillisMax = 8_000
