/**
 * Scripts, processes and files under watch: what they do to the adverts on the wire and to the addresses in the kernel,
 * with keepalived as the other director where there is one.
 */
import { copyFileSync, existsSync, readFileSync } from "node:fs"
import { basename } from "node:path"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Child from "../lab/Child.ts"
import * as Configuration from "../lab/Configuration.ts"
import * as Daemon from "../lab/Daemon.ts"
import * as Frame from "../lab/Frame.ts"
import * as Pair from "../lab/Pair.ts"
import * as Question from "../lab/Question.ts"
import * as Requirement from "../lab/Requirement.ts"
import * as Scratch from "../lab/Scratch.ts"
import * as Topology from "../lab/Topology.ts"
import * as Witness from "../lab/Witness.ts"

Requirement.suite("what is tracked, beside keepalived", [...Requirement.lab, "keepalived"], () => {
  it.live("a script, a process and a file change the priority, and the one that is higher is Master", () =>
    Effect.gen(function* () {
      const lab = yield* Pair.network
      const scratch = yield* Scratch.make(lab.topology.LD1)
      yield* scratch.write("healthy", "")
      yield* scratch.write("number", "0\n")
      // A name that no other process has; the kernel keeps 15 characters of it.
      const program = scratch.path(`hf-${process.pid}`)
      copyFileSync("/bin/sleep", program)
      const work = () => Child.start(lab.topology.LD1, [program, "60"])
      const worker = yield* work()
      yield* Pair.direct(
        lab,
        "LD1",
        Daemon.underTest,
        [
          Configuration.section(
            "vrrp_script healthy",
            `script "/bin/test -e ${scratch.path("healthy")}"`,
            "interval 0.1",
            "fall 2",
            "weight -120",
            "user root"
          ),
          Configuration.section("track_file number", `file ${scratch.path("number")}`),
          Configuration.section("vrrp_track_process worker", `process ${basename(program)}`, "weight -11"),
          quickly(
            "LD1",
            Configuration.section("track_script", "healthy"),
            Configuration.section("track_file", "number"),
            Configuration.section("track_process", "worker")
          )
        ].join("\n")
      )
      yield* Pair.direct(lab, "LD2", Daemon.keepalived, quickly("LD2"))
      const next = (director: Configuration.Director, priority: number) =>
        Pair.advert(lab, director, { from: lab.vmbr.entries.length, priority })
      yield* next("LD1", 250)

      yield* scratch.write("number", "-20\n")
      yield* next("LD1", 230)
      yield* worker.signal("SIGKILL")
      yield* next("LD1", 219)
      yield* work()
      yield* next("LD1", 230)
      yield* scratch.write("number", "4")
      yield* next("LD1", 254)

      yield* scratch.remove("healthy")
      yield* next("LD1", 134)
      yield* next("LD2", 150)
      yield* Witness.owned(lab.topology.LD2, "eth1", Topology.clientVip)
      yield* scratch.write("healthy", "")
      yield* next("LD1", 254)

      // Below any priority: a fault.
      yield* scratch.write("number", "-254")
      yield* Pair.advert(lab, "LD1", { from: lab.vmbr.entries.length, priority: 0 })
      yield* next("LD2", 150)
    })
  )

  it.live("an unweighted script is a fault after `fall` failures and none after `rise` successes", () =>
    Effect.gen(function* () {
      const lab = yield* Pair.network
      const scratch = yield* Scratch.make(lab.topology.LD1)
      const runs = yield* scratch.pipe("runs")
      const script = yield* scratch.script(
        "check",
        [
          `if test -e ${scratch.path("healthy")}; then result=0; else result=1; fi`,
          // Its own time: the one who reads this may be late.
          `echo $result $(date +%s%6N) > ${scratch.path("runs")}`,
          "exit $result"
        ].join("\n")
      )
      yield* scratch.write("healthy", "")
      yield* Pair.direct(
        lab,
        "LD1",
        Daemon.underTest,
        [
          Configuration.section("vrrp_script check", `script ${script}`, "interval 0.1", "fall 3", "rise 4"),
          quickly("LD1", Configuration.section("track_script", "check"))
        ].join("\n")
      )
      yield* Pair.direct(lab, "LD2", Daemon.keepalived, quickly("LD2"))
      yield* Pair.advert(lab, "LD1", { from: lab.vmbr.entries.length })
      const run = (text = "") => {
        const [result = "", atMicros] = text.split(" ")
        return { result, atMicros: Number(atMicros) }
      }
      const ended = (wanted: string, from: number, until: number) =>
        runs.entries
          .slice(from)
          .map(({ text }) => run(text))
          .filter(({ atMicros, result }) => result === wanted && atMicros < until).length

      const failing = runs.entries.length
      yield* scratch.remove("healthy")
      const zero = yield* Pair.advert(lab, "LD1", { priority: 0 })
      const taken = yield* Pair.advert(lab, "LD2", { from: lab.vmbr.entries.indexOf(zero) })
      assert.strictEqual(ended("1", failing, zero.atMicros), 3)
      assert.isBelow(taken.atMicros - zero.atMicros, masterDownMicros, "priority 0 was heard")
      yield* Witness.disowned(lab.topology.LD1, "eth1", Topology.clientVip)
      yield* Witness.owned(lab.topology.LD2, "eth1", Topology.clientVip)

      const mark = lab.vmbr.entries.length
      const succeeding = runs.entries.length
      yield* scratch.write("healthy", "")
      const back = yield* Pair.advert(lab, "LD1", { from: mark })
      // It waits as a Backup from the moment in which the fault is none any more.
      assert.isAtLeast(ended("0", succeeding, back.atMicros - masterDownMicros), 4)
      yield* Witness.owned(lab.topology.LD1, "eth1", Topology.clientVip)
    })
  )
})

Requirement.suite("scripts under watch", Requirement.lab, () => {
  it.live("D1: a path through a symbolic link runs as root; what may not run is a fault, never Master", () =>
    Effect.gen(function* () {
      const lab = yield* Pair.network
      const scratch = yield* Scratch.make(lab.topology.LD1)
      const refused = yield* scratch.write("refused", "#!/bin/sh\nexit 0\n")
      const scripts = {
        passing: ["script /bin/true", "interval 0.1"],
        failing: ["script /bin/false", "interval 0.1"],
        refused: [`script ${refused}`, "interval 0.1"],
        missing: ["script /nowhere/check", "interval 0.1"],
        held: [`script "/bin/sleep 0.7"`, "interval 2", "init_fail", "weight -50"]
      }
      const instances = ["passing", "failing", "refused", "missing", "held", "free"]
      const daemon = yield* Pair.direct(
        lab,
        "LD1",
        Daemon.underTest,
        [
          ...Object.entries(scripts).map(([name, lines]) =>
            Configuration.section(`vrrp_script ${name}`, "user root", ...lines)
          ),
          Configuration.make(
            "LD1",
            ...instances.map((name, index) => ({
              version: 3 as const,
              advertSeconds: 0.1,
              name,
              vrid: index + 1,
              addresses: [`172.168.0.${201 + index}/32 dev eth0`],
              lines: name === "free" ? [] : [Configuration.section("track_script", name)]
            }))
          )
        ].join("\n")
      )
      const vrid = (name: string) => instances.indexOf(name) + 1
      const advertOf = (name: string) => (frame: Frame.Frame) =>
        Frame.isAdvert(frame) && frame.vrid === vrid(name)

      yield* lab.vmbr.waitFor("advert of passing", advertOf("passing"))
      // Until its first result it counts as failed.
      const held = yield* lab.vmbr.waitFor("advert of held", advertOf("held"))
      assert.strictEqual(Frame.isAdvert(held) ? held.priority : undefined, 200)
      yield* lab.vmbr.waitFor(
        "advert of held, healthy",
        (frame) => Frame.isAdvert(frame) && frame.vrid === vrid("held") && frame.priority === 250
      )
      // Longer than any of them would take to become Master.
      yield* lab.vmbr.waitForCount(10, "advert of free", advertOf("free"), { from: lab.vmbr.entries.length })
      for (const name of ["failing", "refused", "missing"]) {
        assert.isFalse(lab.vmbr.entries.some(advertOf(name)), name)
        assert.isTrue(
          daemon.log.entries.some(({ text }) => text.includes(`(${name}) Init -> Fault`)),
          name
        )
        yield* Witness.disowned(lab.topology.LD1, "eth0", `172.168.0.${200 + vrid(name)}`)
      }
      assert.isTrue(daemon.log.entries.some(({ text }) => text.includes(refused)))
      assert.isTrue(daemon.log.entries.some(({ text }) => text.includes("/nowhere/check")))
    })
  )

  it.live("a script over its time is a fault, and ends with all that it started", () =>
    Effect.gen(function* () {
      const lab = yield* Pair.network
      const scratch = yield* Scratch.make(lab.topology.LD1)
      const script = yield* scratch.script(
        "check",
        [
          `test -e ${scratch.path("hang")} || exit 0`,
          "sleep 60 &",
          `echo $! > ${scratch.path("started")}`,
          "wait"
        ].join("\n")
      )
      yield* Pair.direct(
        lab,
        "LD1",
        Daemon.underTest,
        [
          Configuration.section("vrrp_script check", `script ${script}`, "interval 0.1", "timeout 0.2"),
          quickly("LD1", Configuration.section("track_script", "check"))
        ].join("\n")
      )
      yield* Pair.advert(lab, "LD1")

      yield* scratch.write("hang", "")
      yield* Pair.advert(lab, "LD1", { priority: 0 })
      const started = Number(readFileSync(scratch.path("started"), "utf8"))
      yield* scratch.remove("hang")
      yield* Question.until(
        "ends",
        Effect.sync(() => existsSync(`/proc/${started}/exe`)),
        (runs) => !runs
      )
      yield* Pair.advert(lab, "LD1", { from: lab.vmbr.entries.length })
    })
  )
})

const quick = { version: 3, advertSeconds: 0.1, lines: ["garp_master_delay 0"] } as const

/** A director of scenario a with ten adverts a second and these lines. */
const quickly = (director: Configuration.Director, ...lines: ReadonlyArray<string>): string =>
  Configuration.make(director, { ...quick, lines: [...quick.lines, ...lines] })

const masterDownMicros = 300_000
