/**
 * What scripts, pipes and mail servers are told: ours beside keepalived's, line by line, in the same story.
 */
import * as Net from "node:net"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import { assert, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Child from "../lab/Child.ts"
import * as Configuration from "../lab/Configuration.ts"
import * as Daemon from "../lab/Daemon.ts"
import * as Frame from "../lab/Frame.ts"
import * as Journal from "../lab/Journal.ts"
import type { Namespace } from "../lab/Namespace.ts"
import * as Pair from "../lab/Pair.ts"
import * as RawSender from "../lab/RawSender.ts"
import * as Requirement from "../lab/Requirement.ts"
import * as Scratch from "../lab/Scratch.ts"
import * as Topology from "../lab/Topology.ts"

/** What was told of one thing that happened: lines as they came, scripts sorted, for they run at the same time. */
interface Chapter {
  readonly pipe: ReadonlyArray<string>
  readonly told: ReadonlyArray<string>
}

/** A group of two instances and one alone, from the start over faults, a rival and a reload to the end. */
const story = (program: Daemon.Program) =>
  Effect.gen(function* () {
    const lab = yield* Pair.network
    const scratch = yield* Scratch.make(lab.topology.LD1)
    const pipe = yield* scratch.pipe("pipe")
    const told = yield* scratch.pipe("told")
    const script = yield* scratch.script("tell", `echo "$@" > ${scratch.path("told")}`)
    yield* scratch.write("number", "0\n")
    yield* scratch.write("broken", "0\n")
    const scripts = (name: string) => [
      `notify "${script} any ${name}"`,
      ...["master", "backup", "fault", "stop"].map((state) => `notify_${state} "${script} ${state} ${name}"`)
    ]
    const instance = (name: string, vrid: number, card: string, ...lines: ReadonlyArray<string>) => ({
      name,
      vrid,
      networkInterface: card,
      version: 3 as const,
      advertSeconds: 0.1,
      addresses: [`172.168.0.${200 + vrid}/32 dev ${card}`],
      lines: [...scripts(name), ...lines]
    })
    const grouped = [instance("VI_1", 1, "eth0"), instance("VI_2", 2, "eth1")]
    const alone = instance(
      "VI_3",
      3,
      "eth0",
      `notify_master_rx_lower_pri "${script} rival VI_3"`,
      "notify_priority_changes true",
      Configuration.section("track_file", "number", "broken weight 0")
    )
    const marked = instance("VI_4", 4, "eth0", `notify_deleted "${script} deleted VI_4"`)
    const sections = [
      Configuration.section("global_defs", `vrrp_notify_fifo ${scratch.path("pipe")}`),
      Configuration.section("track_file number", `file ${scratch.path("number")}`),
      Configuration.section("track_file broken", `file ${scratch.path("broken")}`),
      Configuration.section(
        "vrrp_sync_group VG_1",
        Configuration.section("group", "VI_1", "VI_2"),
        ...scripts("VG_1")
      )
    ]
    const chapters: Array<Chapter> = []
    const read = { pipe: 0, told: 0 }
    /** Waits for these lines of the pipe and as many scripts, and keeps what came. */
    const chapter = (lines: number, runs: number) =>
      Effect.gen(function* () {
        yield* pipe.waitForCount(lines, "line", () => true, { from: read.pipe })
        yield* told.waitForCount(runs, "script", () => true, { from: read.told })
        chapters.push({
          pipe: pipe.entries.slice(read.pipe).map(({ text }) => text),
          told: told.entries
            .slice(read.told)
            .map(({ text }) => text)
            .toSorted()
        })
        read.pipe = pipe.entries.length
        read.told = told.entries.length
      })

    const daemon = yield* Pair.direct(
      lab,
      "LD1",
      program,
      [...sections, Configuration.make("LD1", ...grouped, alone, marked)].join("\n")
    )
    yield* chapter(10, 20)
    yield* scratch.write("number", "-20\n")
    yield* chapter(1, 0)
    const rival = yield* RawSender.make(lab.topology.LD2, "eth0")
    yield* rival.send(RawSender.bytes(lower))
    yield* chapter(1, 1)
    yield* scratch.write("broken", "1\n")
    yield* chapter(1, 2)
    yield* scratch.write("broken", "0\n")
    yield* chapter(2, 4)
    yield* Topology.ip(lab.topology.LD1, ["link set eth1 down"])
    yield* chapter(3, 6)
    yield* Topology.ip(lab.topology.LD1, ["link set eth1 up"])
    yield* chapter(6, 12)
    yield* daemon.configure([...sections, Configuration.make("LD1", ...grouped)].join("\n"))
    yield* daemon.signal("SIGHUP")
    yield* chapter(2, 3)
    yield* Daemon.stop(daemon)
    yield* chapter(3, 6)
    return chapters
  })

Requirement.suite("notifications beside keepalived", [...Requirement.lab, "keepalived"], () => {
  it.live("pipes and scripts are told the same", () =>
    Effect.gen(function* () {
      const [ours, theirs] = yield* Effect.all([story(Daemon.underTest), story(Daemon.keepalived)], {
        concurrency: 2
      })

      assert.deepStrictEqual(ours.map(byObject), theirs.map(byObject))
      for (const { pipe } of ours) {
        for (const [index, line] of pipe.entries()) {
          if (!line.startsWith("GROUP")) continue
          const [, , state = ""] = line.split(" ")
          const members = pipe
            .slice(0, index)
            .filter((each) => /"VI_[12]"/.test(each) && each.includes(state))
          assert.lengthOf(members, 2, `${line} comes after its members`)
        }
      }
    })
  )
})

/** Which of several objects that change at the same time comes first is chance. */
const byObject = ({ pipe, told }: Chapter): Chapter => ({
  pipe: pipe.toSorted((left, right) => nameIn(left).localeCompare(nameIn(right))),
  told
})

const nameIn = (line: string): string => line.split(" ")[1] ?? ""

const lower: RawSender.AdvertFields = {
  source: Pair.address("LD2"),
  sourceMac: Topology.port("LD2", "eth0").mac,
  destination: "224.0.0.18",
  destinationMac: "01:00:5e:00:00:12",
  ttl: 255,
  version: 3,
  type: 1,
  vrid: 3,
  priority: 100,
  authenticationType: 0,
  intervalSeconds: 0.1,
  addresses: ["172.168.0.203"]
}

Requirement.suite("notifications of ours", Requirement.lab, () => {
  it.live("a mail is sent for each change, with who it is about, to all who want it", () =>
    Effect.gen(function* () {
      const lab = yield* Pair.network
      const mail = yield* mailServer(lab.topology.LD1, true)
      const daemon = yield* Pair.direct(lab, "LD1", Daemon.underTest, mailing(mail.port))
      yield* Pair.advert(lab, "LD1")
      yield* Daemon.stop(daemon)
      yield* mail.lines.waitForCount(3, "mail", (line) => line === ".")

      const of = (start: string) => mail.lines.entries.filter((line) => line.startsWith(start))
      assert.deepStrictEqual(of("Subject:"), [
        "Subject: [LD1] VRRP instance VI_1 is BACKUP",
        "Subject: [LD1] VRRP instance VI_1 is MASTER",
        "Subject: [LD1] VRRP instance VI_1 is STOP"
      ])
      assert.deepStrictEqual(
        [...new Set(of("MAIL FROM:")), ...new Set(of("RCPT TO:"))],
        ["MAIL FROM:<ld1@example.org>", "RCPT TO:<ops@example.org>", "RCPT TO:<boss@example.org>"]
      )
    })
  )

  it.live("scripts and a mail server that hang delay no advert, and no script of another instance", () =>
    Effect.gen(function* () {
      const lab = yield* Pair.network
      const scratch = yield* Scratch.make(lab.topology.LD1)
      const told = yield* scratch.pipe("told")
      const hang = yield* scratch.script("hang", "while :; do sleep 1; done")
      // The first one takes longer than it takes to become Master.
      const tell = yield* scratch.script(
        "tell",
        `test $3 = MASTER || sleep 0.6\necho "$@" > ${scratch.path("told")}`
      )
      const mail = yield* mailServer(lab.topology.LD1, false)
      const daemon = yield* Pair.direct(
        lab,
        "LD1",
        Daemon.underTest,
        mailing(
          mail.port,
          { name: "VI_1", vrid: 1, lines: [`notify ${hang}`, "smtp_alert"] },
          { name: "VI_2", vrid: 2, addresses: ["172.168.0.8/32 dev eth0"], lines: [`notify ${tell}`] }
        )
      )

      yield* told.waitFor("script", ({ text }) => text === "INSTANCE VI_2 MASTER 250")
      assert.deepStrictEqual(
        told.entries.map(({ text }) => text),
        ["INSTANCE VI_2 BACKUP 250", "INSTANCE VI_2 MASTER 250"]
      )
      const from = lab.vmbr.entries.length
      yield* lab.vmbr.waitForCount(20, "advert", Frame.isAdvert, { from })
      const adverts = lab.vmbr.entries.filter(Frame.isAdvert).filter(({ vrid }) => vrid === 1)
      const gaps = adverts.slice(1).map(({ atMicros }, index) => atMicros - adverts[index]!.atMicros)
      // Less than what a Backup waits for.
      assert.isBelow(Math.max(...gaps), 300_000)
      const left = yield* Clock.currentTimeMillis
      yield* daemon.signal("SIGTERM")
      const zero = yield* Pair.advert(lab, "LD1", { priority: 0 })
      assert.isBelow(zero.atMicros / 1000 - left, 300)
    })
  )
})

/** Ten adverts a second, and mail to a server of this machine. */
const mailing = (port: number, ...instances: ReadonlyArray<Configuration.Instance>): string =>
  [
    Configuration.section(
      "global_defs",
      Configuration.section("notification_email", "ops@example.org", "boss@example.org"),
      "notification_email_from ld1@example.org",
      `smtp_server 127.0.0.1 ${port}`,
      "smtp_connect_timeout 5"
    ),
    Configuration.make(
      "LD1",
      ...(instances.length === 0 ? [{ lines: ["smtp_alert"] }] : instances).map((each) =>
        Object.assign({ version: 3 as const, advertSeconds: 0.1 }, each)
      )
    )
  ].join("\n")

/** A mail server that takes everything, or takes connections and says nothing. */
const mailServer = (namespace: Namespace, speaks: boolean) =>
  Effect.gen(function* () {
    const lines = Journal.make<string>("mail", (line) => line)
    const server = Net.createServer((socket) => {
      let isText = false
      const say = (line: string) => (speaks ? socket.write(`${line}\r\n`) : undefined)
      say("220 lab")
      socket.on("error", () => undefined)
      Child.onLines(socket, (ended) => {
        const line = ended.replace(/\r$/, "")
        lines.append(line)
        if (isText && line !== ".") return
        isText = line === "DATA"
        say(isText ? "354 go on" : line === "QUIT" ? "221 bye" : "250 ok")
      })
    })
    // Without a host it listens before this returns, inside.
    NetworkNamespace.within(namespace, () => server.listen(0))
    yield* Effect.addFinalizer(() => Effect.sync(() => server.close()))
    return { lines, port: (server.address() as Net.AddressInfo).port }
  })
