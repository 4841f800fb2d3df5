/**
 * Programs, pipes and refusals: what the operator is told, and that nothing unusable counts as success. keepalived's
 * defects D1, D11 and D12 are among them.
 */
import { spawnSync } from "node:child_process"
import {
  chmodSync,
  createReadStream,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { Scope } from "effect/Scope"
import { first, port, second, vip, virtualServer } from "../ipvs/Director.ts"
import * as Child from "../lab/Child.ts"
import * as Daemon from "../lab/Daemon.ts"
import * as Journal from "../lab/Journal.ts"
import * as Namespace from "../lab/Namespace.ts"
import * as Peer from "../lab/Peer.ts"
import * as Requirement from "../lab/Requirement.ts"
import * as Topology from "../lab/Topology.ts"

const plane = "global_defs {\n  forwarding_plane nf_tables\n}\n"

/** A director with both servers' addresses, the first server listening, and a directory for the test's files. */
const make = Effect.gen(function* () {
  const namespace = yield* Namespace.make("director")
  yield* Topology.ip(namespace, [
    "link set lo up",
    ...[vip, first, second].map((address) => `addr add ${address}/32 dev lo`)
  ])
  const peer = yield* Peer.make(namespace)
  yield* peer.listen(first, port)
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "holdfast-scripts-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true }))
  )
  return {
    namespace,
    peer,
    start: (configuration: string): Effect.Effect<Daemon.Daemon, never, Scope> =>
      Daemon.start(namespace, Daemon.checking(Daemon.underTest), plane + configuration),
    ruleset: Child.run(namespace, ["nft", "list", "ruleset"]),
    file: (name: string) => join(directory, name)
  }
})
type Lab = Effect.Success<typeof make>

const logged = (daemon: Daemon.Daemon, pattern: RegExp, from = 0) =>
  daemon.log.waitFor(String(pattern), ({ text }) => pattern.test(text), { from })

/** Waits until these and no other servers are in the rules. */
const serves = (lab: Lab, wanted: ReadonlyArray<string>) =>
  lab.ruleset.pipe(
    Effect.repeat({
      until: (rules) =>
        [first, second].every((address) => rules.includes(address) === wanted.includes(address)),
      schedule: Schedule.spaced("50 millis")
    }),
    Effect.timeoutOrElse({
      duration: "10 seconds",
      orElse: () => Effect.die(new Error(`the rules never serve ${wanted.join(" and ")}`))
    })
  )

const misc = (script: string) => [
  "MISC_CHECK {",
  `  misc_path "${script}"`,
  "  misc_timeout 5",
  "  delay_loop 1",
  "}"
]

const rules = (): void => {
  it.live("D1: a MISC_CHECK below a symbolic link runs: /bin/true serves, /bin/false does not", () =>
    Effect.gen(function* () {
      const lab = yield* make
      const daemon = yield* lab.start(
        virtualServer([first], { check: misc("/bin/true") }) +
          virtualServer([second], { at: `${vip} 81`, check: misc("/bin/false") })
      )

      yield* logged(daemon, new RegExp(`${second}:${port} is down: .*1`))
      yield* serves(lab, [first])
    })
  )

  it.live(
    "a script that cannot run any more takes its server out and says why; it comes back with the script",
    () =>
      Effect.gen(function* () {
        const lab = yield* make
        const script = lab.file("check")
        writeFileSync(script, "#!/bin/sh\nexit 0\n", { mode: 0o755 })
        const daemon = yield* lab.start(virtualServer([first], { check: misc(script) }))
        yield* serves(lab, [first])

        chmodSync(script, 0o644)
        yield* logged(daemon, new RegExp(`${first}:${port} is down: .*${script}.*execut`))
        yield* serves(lab, [])

        chmodSync(script, 0o755)
        yield* serves(lab, [first])
      })
  )

  it.live("a script that is missing at the start keeps its server out, and the daemon runs", () =>
    Effect.gen(function* () {
      const lab = yield* make
      const daemon = yield* lab.start(
        virtualServer([first], { check: misc("/nowhere/check") }) +
          virtualServer([second], { at: `${vip} 81` })
      )
      yield* lab.peer.listen(second, port)

      yield* logged(daemon, new RegExp(`${first}:${port} is down: .*/nowhere/check`))
      yield* serves(lab, [second])
    })
  )

  it("holdfast check refuses a script that is missing", () => {
    const path = join(mkdtempSync(join(tmpdir(), "holdfast-check-")), "daemon.conf")
    writeFileSync(path, virtualServer([first], { check: misc("/nowhere/check") }))
    const { status, stderr } = spawnSync(
      fileURLToPath(new URL("../../apps/holdfast/bin/holdfast", import.meta.url)),
      ["check", path],
      { encoding: "utf8" }
    )
    rmSync(join(path, ".."), { recursive: true })

    assert.strictEqual(status, 1, stderr)
    assert.match(stderr, /daemon\.conf: error: .*\/nowhere\/check/)
  })

  it.live("D1: notifications whose program is below a symbolic link run", () =>
    Effect.gen(function* () {
      const lab = yield* make
      const out = lab.file("out")
      const tell = (word: string) => `"/bin/sh -c 'echo ${word} >> ${out}'"`
      yield* lab.start(
        virtualServer([first], {
          lines: [`quorum_up ${tell("quorum-up")}`, `quorum_down ${tell("quorum-down")}`],
          serverLines: [`notify_up ${tell("up")}`, `notify_down ${tell("down")}`]
        })
      )
      const told = (...wanted: ReadonlyArray<string>) =>
        Effect.sync(() =>
          existsSync(out) ? readFileSync(out, "utf8").trim().split("\n").toSorted() : []
        ).pipe(
          Effect.repeat({
            until: (words) => words.join() === wanted.toSorted().join(),
            schedule: Schedule.spaced("20 millis")
          }),
          Effect.timeoutOrElse({
            duration: "10 seconds",
            orElse: () =>
              Effect.die(new Error(`${wanted.join()} was never told, but ${readFileSync(out, "utf8")}`))
          })
        )
      yield* told("quorum-up")
      yield* lab.peer.close(first, port)
      yield* told("quorum-up", "down", "quorum-down")
      yield* lab.peer.listen(first, port)
      yield* told("quorum-up", "down", "quorum-down", "up", "quorum-up")
    })
  )

  it.live("D11: lines in a pipe end in a line feed with nothing behind it", () =>
    Effect.gen(function* () {
      const lab = yield* make
      const fifo = lab.file("fifo")
      spawnSync("mkfifo", [fifo])
      const lines = Journal.make<string>("pipe", (line) => JSON.stringify(line))
      const stream = yield* Effect.acquireRelease(
        Effect.sync(() => createReadStream(fifo)),
        (opened) => Effect.sync(() => opened.destroy())
      )
      Child.onLines(stream, lines.append)
      yield* lab.start(`global_defs {\n  lvs_notify_fifo ${fifo}\n}\n${virtualServer([first])}`)
      const place = `[${vip}]:tcp:80`

      yield* lines.waitFor("word of the quorum", (line) => line === `VS ${place} UP`)
      yield* lab.peer.close(first, port)
      yield* lines.waitFor("word of its loss", (line) => line === `VS ${place} DOWN`)

      assert.deepStrictEqual(lines.entries, [
        `VS ${place} UP`,
        `RS [${first}]:tcp:${port} ${place} DOWN`,
        `VS ${place} DOWN`
      ])
    })
  )

  it.live("D12: what the kernel refuses is told and does not count as set, until the kernel takes it", () =>
    Effect.gen(function* () {
      const lab = yield* make
      // Another program owns a table of our name: the kernel lets nobody else write it.
      const owner = yield* Child.start(lab.namespace, ["nft", "-i"])
      owner.stdin.write("add table inet holdfast { flags owner; }\n")
      yield* lab.ruleset.pipe(Effect.repeat({ until: (text) => text.includes("flags owner") }))

      const daemon = yield* lab.start(virtualServer([first]))

      yield* logged(daemon, new RegExp(`error: .*(${vip}:80|holdfast)`))
      yield* serves(lab, [])
      yield* owner.crash
      yield* owner.exit
      // It would be tried again within 30 s.
      yield* daemon.signal("SIGHUP")
      yield* serves(lab, [first])
    })
  )

  it.live("D2: rules that somebody flushed are back at once, and that is told", () =>
    Effect.gen(function* () {
      const lab = yield* make
      const daemon = yield* lab.start(virtualServer([first]))
      yield* serves(lab, [first])

      for (const words of [
        ["flush", "ruleset"],
        ["delete", "table", "inet", "holdfast"]
      ]) {
        const from = daemon.log.entries.length
        yield* Child.run(lab.namespace, ["nft", ...words])

        yield* logged(daemon, /somebody changed the forwarding table; put right: /, from)
        yield* serves(lab, [first])
      }
    })
  )
}

Requirement.suite("our daemon", [...Requirement.lab, "nft"], rules)
