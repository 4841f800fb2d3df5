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
  it("shows pages through what breaks and comes back, in order and in time, and leaves nothing", async () => {
    const demo = start()

    assert.deepStrictEqual(await demo.ended, [0, null], demo.output())
    const lines = demo.output().split("\n")
    const timeline = lines.filter((line) => /^ *\d+\.\d{3} s /.test(line))
    assertInOrder(timeline, [
      /LD1 .*Backup -> Master/,
      /client +reaches 192\.168\.3\.117 at LD1$/,
      /client +gets a page from LS[12]$/,
      /client +gets a page from LS[12]$/,
      /LS1 +its web server is killed/,
      /client +loses pages: /,
      /LD[12] .*172\.168\.0\.1:80 is down: connection refused/,
      /LS1 +its web server is started/,
      /LD[12] .*172\.168\.0\.1:80 is up/,
      /client +gets a page from LS1, after/,
      /LD1 +loses power/,
      /client +loses pages: no answer/,
      /LD2 .*Backup -> Master/,
      /client +reaches 192\.168\.3\.117 at LD2, after/,
      /client +gets a page from LS[12], after/,
      /client +gets a page from LS[12], after/,
      /LD1 +gets power/,
      /LD1 .*Backup -> Master/,
      /LD2 .*Master -> Backup/
    ])
    const times = timeline.map((line) => Number.parseFloat(line))
    assert.deepStrictEqual(
      times,
      times.toSorted((left, right) => left - right)
    )

    const row = (title: string) => {
      const cells = lines.find((line) => line.startsWith(`${title}  `))?.slice(title.length)
      const [fromLs1, fromLs2, lost, within] = cells?.trim().split(/ +/).map(Number) ?? []
      return { fromLs1: fromLs1!, fromLs2: fromLs2!, lost: lost!, within: within! }
    }
    const killed = row("LS1's web server is killed")
    assert.strictEqual(killed.fromLs1, 0)
    assert.isAbove(killed.fromLs2, 0)
    assert.isAbove(killed.lost, 0)
    // A check every 6 s, and one more after 1 s; the first that fails may come at once.
    assert.isAtLeast(killed.within, 1 - slack)
    assert.isAtMost(killed.within, 7 + slack)

    for (const title of ["both directors, both servers", "LS1's web server is back"]) {
      const steady = row(title)
      assert.isAbove(steady.fromLs1, 0, title)
      assert.isAbove(steady.fromLs2, 0, title)
      assert.strictEqual(steady.lost, 0, title)
    }
    // RFC 3768 6.1: 3 × 1 s + (256 - 150) / 256 s after the last advert, which is at most 1 s older than the loss.
    const lost = row("LD1 loses power")
    assert.isAtLeast(lost.within, 3.414 - 1 - slack)
    assert.isAtMost(lost.within, 3.414 + slack)
    assertNothingLeft()
  })

  it("fails when more is lost than promised, and says what", async () => {
    const demo = start()
    await demo.prints("loses power")
    const backup = processesOfDemo().find((pid) => argumentsOf(pid).includes("LD2.conf"))

    process.kill(backup!, "SIGSTOP")
    await pause(backupLateMillis)
    process.kill(backup!, "SIGCONT")

    assert.deepStrictEqual(await demo.ended, [70, null], demo.output())
    assert.match(
      demo.output(),
      /the demo failed: LD1 loses power: \d+ pages lost within [\d.]+ s, promised was up to 3\.914 s$/m
    )
    assertNothingLeft()
  })

  it("cleans up when it is interrupted", async () => {
    const demo = start()
    await demo.prints("loses pages")
    assert.isAbove(processesOfDemo().length, 1)

    demo.process.kill("SIGINT")

    assert.deepStrictEqual(await demo.ended, [130, null], demo.output())
    assertNothingLeft()
  })

  it("needs no privilege over networks where users may have namespaces, and cleans up there, too", async () => {
    // What root needs to be root in a user namespace of its own; other users do not need it.
    const demo = start("setpriv", "--bounding-set=-all,+setfcap", "--inh-caps=-all")
    await demo.prints("gets a page from LS1")

    demo.process.kill("SIGTERM")

    assert.deepStrictEqual(await demo.ended, [143, null], demo.output())
    assertNothingLeft()
  })

  it("shows the directors alone where they may not forward packets, and says so", async () => {
    // Every network namespace has settings of its own below this folder.
    const forbid = [
      "mount -t tmpfs tmpfs /mnt",
      "mkdir -p /mnt/net/ipv4",
      "echo 0 > /mnt/net/ipv4/ip_forward",
      "mount --bind /mnt /proc/sys",
      "mount -o remount,ro,bind /proc/sys",
      'exec "$@"'
    ].join(" && ")
    const demo = start("unshare", "--mount", "sh", "-c", forbid, "sh")

    assert.deepStrictEqual(await demo.ended, [0, null], demo.output())
    assert.match(demo.output(), /LD1 +cannot forward packets: .*EROFS/)
    assert.match(demo.output(), /^No page was fetched/m)
    assert.match(demo.output(), /^LD1 lost: the client had no answer for [23]\.\d{3} s/m)
    assert.notMatch(demo.output(), /gets a page/)
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
  const ended = once(child, "close")
  return {
    process: child,
    output: () => output,
    ended,
    prints: async (text: string) => {
      while (!output.includes(text)) {
        const event = await Promise.race([once(child.stdout, "data"), ended.then(() => "ended")])
        if (event === "ended") assert.fail(`the demo ended without "${text}":\n${output}`)
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

const environmentOf = (pid: number): string => factsOf(pid, "environ")
const argumentsOf = (pid: number): string => factsOf(pid, "cmdline")
const factsOf = (pid: number, file: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1")
  } catch {
    return "" // It ended meanwhile.
  }
}

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url))
/** Longer than LD2 waits for an advert and the demo allows it besides. */
const backupLateMillis = 6_000
/** For a busy computer, in seconds. */
const slack = 0.4
/** The daemon's own bound for stopping. */
const directorsStopMillisMax = 8_000
