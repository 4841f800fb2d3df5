/**
 * SIGHUP: what changed in the file changes, and nothing else does.
 */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Configuration from "../lab/Configuration.ts"
import * as Daemon from "../lab/Daemon.ts"
import * as Frame from "../lab/Frame.ts"
import * as Pair from "../lab/Pair.ts"
import * as Requirement from "../lab/Requirement.ts"
import * as Phase from "../lab/rules/Phase.ts"
import * as Topology from "../lab/Topology.ts"
import * as Witness from "../lab/Witness.ts"

Requirement.suite("SIGHUP", Requirement.lab, () => {
  it.live("an unchanged file puts nothing on the wire and keeps the phase of the adverts", () =>
    Effect.gen(function* () {
      const lab = yield* settled

      yield* reload(lab)
      yield* threeAdverts(lab)

      assert.deepStrictEqual(sentSince(lab), [])
      assert.deepStrictEqual([...lab.changes.entries], [])
      assertAdverts(lab, [Topology.clientVip, Topology.serverVip])
    })
  )

  it.live("an added address is all that changes, and when it is taken out again it is all that goes", () =>
    Effect.gen(function* () {
      const lab = yield* settled

      yield* lab.daemon.configure(
        Configuration.make("LD1", { ...quick, addresses: [...usual, `${addedVip}/32 dev eth0`] })
      )
      yield* reload(lab)
      yield* lab.vmbr.waitForCount(5, "announcement", Frame.announcementOf(addedVip), {
        from: lab.marks.vmbr
      })
      yield* threeAdverts(lab)

      assert.deepStrictEqual(
        sentSince(lab),
        Array.from({ length: 5 }, () => `announcement of ${addedVip}`)
      )
      assert.deepStrictEqual(changed(lab), [`Added ${addedVip}`])
      assertAdverts(lab, [Topology.clientVip, Topology.serverVip, addedVip])

      yield* lab.daemon.configure(Configuration.make("LD1", quick))
      yield* reload(lab)
      yield* lab.changes.waitFor("removal", (change) => change.change === "Deleted")
      yield* threeAdverts(lab)

      assert.deepStrictEqual(changed(lab), [`Added ${addedVip}`, `Deleted ${addedVip}`])
      assertAdverts(lab, [Topology.clientVip, Topology.serverVip])
    })
  )

  it.live("another script, another recipient, another order of the blocks: nothing on the wire", () =>
    Effect.gen(function* () {
      const lab = yield* settled
      const [global, ...instance] = Configuration.make("LD1", {
        ...quick,
        lines: [...quick.lines, "notify_stop /bin/true", "smtp_alert"]
      }).split(/(?<=^}\n)/m)
      const mail = "notification_email {\n    ops@example.org\n  }\n  smtp_server 127.0.0.1\n}"

      yield* lab.daemon.configure(instance.join("") + global?.replace("}", mail))
      yield* reload(lab)
      yield* threeAdverts(lab)

      assert.deepStrictEqual(sentSince(lab), [])
      assert.deepStrictEqual([...lab.changes.entries], [])
      assertAdverts(lab, [Topology.clientVip, Topology.serverVip])
    })
  )

  // keepalived's defect D6: there the values of the file are lost when it is read again, unchanged.
  it.live("global_defs behind an instance count for it, also after an unchanged file was read again", () =>
    Effect.gen(function* () {
      const lab = yield* settled
      const fileWith = (addresses: ReadonlyArray<string>): string =>
        `${Configuration.make("LD1", { addresses })}global_defs {\n  vrrp_garp_master_delay 0\n  vrrp_garp_master_repeat 2\n}\n`
      yield* lab.daemon.configure(fileWith(usual))
      yield* reload(lab)
      yield* reload(lab)
      assert.deepStrictEqual(sentSince(lab), [])

      yield* lab.daemon.configure(fileWith([...usual, `${addedVip}/32 dev eth0`]))
      yield* reload(lab)
      yield* threeAdverts(lab)

      assert.deepStrictEqual(
        sentSince(lab),
        Array.from({ length: 2 }, () => `announcement of ${addedVip}`)
      )
      assertAdverts(lab, [Topology.clientVip, Topology.serverVip, addedVip])
    })
  )

  it.live("an instance comes to a group and leaves it, and its adverts go on", () =>
    Effect.gen(function* () {
      const lab = yield* settled
      const file = Configuration.make("LD1", quick)
      const group = "vrrp_sync_group both {\n  group {\n    VI_1\n    VI_2\n  }\n}\n"
      const second =
        "vrrp_instance VI_2 {\n  interface eth1\n  virtual_router_id 83\n  priority 250\n  virtual_ipaddress {\n    172.168.0.9/32 dev eth0\n  }\n}\n"

      for (const text of [file + second + group, file]) {
        yield* lab.daemon.configure(text)
        yield* reload(lab)
        yield* threeAdverts(lab)
      }

      assertAdverts(lab, [Topology.clientVip, Topology.serverVip])
      assert.isFalse(lab.daemon.log.entries.some(({ text }) => /VI_1: Master -> /.test(text)))
    })
  )

  it.live("use_vmac on a running Master: it leaves with priority 0 and comes back with the virtual MAC", () =>
    Effect.gen(function* () {
      const lab = yield* settled

      yield* lab.daemon.configure(
        Configuration.make("LD1", { ...quick, lines: [...quick.lines, "use_vmac"] })
      )
      yield* lab.daemon.signal("SIGHUP")
      const left = yield* lab.vmbr.waitFor(
        "farewell",
        (frame) => Frame.isAdvert(frame) && frame.priority === 0,
        {
          from: lab.marks.vmbr
        }
      )
      const back = yield* lab.vmbr.waitFor(
        "advert from the virtual MAC",
        (frame) => Frame.isAdvert(frame) && frame.sourceMac === "00:00:5e:00:01:52",
        { from: lab.marks.vmbr }
      )
      assert.isAbove(back.atMicros, left.atMicros)
    })
  )

  it.live("a file with a mistake changes nothing and is reported by file, line and column", () =>
    Effect.gen(function* () {
      const lab = yield* settled
      const mistaken = Configuration.make("LD1", {
        ...quick,
        priority: 999,
        addresses: [`${addedVip}/32 dev eth0`]
      })
      const line = mistaken.split("\n").findIndex((text) => text.includes("999")) + 1

      yield* lab.daemon.configure(mistaken)
      yield* Pair.midInterval(lab, "LD1")
      const from = lab.daemon.log.entries.length
      yield* lab.daemon.signal("SIGHUP")
      yield* lab.daemon.log.waitFor(
        `report of line ${line}`,
        ({ text }) => text.includes(`${lab.daemon.files.configuration}:${line}:${"  priority ".length + 1}`),
        { from }
      )
      yield* threeAdverts(lab)

      assert.deepStrictEqual(sentSince(lab), [])
      assert.deepStrictEqual([...lab.changes.entries], [])
      assertAdverts(lab, [Topology.clientVip, Topology.serverVip])
      assert.strictEqual(lab.vmbr.entries.findLast(Frame.isAdvert)?.priority, Configuration.priority.LD1)
    })
  )

  it.live("a file that somebody is writing, and that is empty for the moment, changes nothing", () =>
    Effect.gen(function* () {
      const lab = yield* settled

      yield* lab.daemon.configure("\n")
      const from = lab.daemon.log.entries.length
      yield* lab.daemon.signal("SIGHUP")
      yield* lab.daemon.log.waitFor(
        "report",
        ({ text }) => text.includes("is empty") && text.includes("nothing was changed"),
        { from }
      )
      yield* threeAdverts(lab)

      assert.deepStrictEqual(sentSince(lab), [])
      assert.deepStrictEqual([...lab.changes.entries], [])
      assertAdverts(lab, [Topology.clientVip, Topology.serverVip])
    })
  )
})

/** A Master that has made all its announcements, with marks where the test begins. */
const settled = Effect.gen(function* () {
  const network = yield* Pair.network
  const daemon = yield* Pair.direct(network, "LD1", Daemon.underTest, Configuration.make("LD1", quick))
  yield* network.br0.waitForCount(5, "announcement", Frame.announcementOf(Topology.clientVip))
  yield* network.vmbr.waitForCount(5, "announcement", Frame.announcementOf(Topology.serverVip))
  const changes = yield* Witness.addressChanges(network.topology.LD1)
  return {
    ...network,
    daemon,
    changes,
    marks: { vmbr: network.vmbr.entries.length, br0: network.br0.entries.length }
  }
})

type Settled = Effect.Success<typeof settled>

const reload = (lab: Settled) =>
  Effect.gen(function* () {
    yield* Pair.midInterval(lab, "LD1")
    const from = lab.daemon.log.entries.length
    yield* lab.daemon.signal("SIGHUP")
    yield* lab.daemon.log.waitFor(
      "end of the reload",
      ({ text }) => /configuration applied|Reload (complete|finished)/.test(text),
      { from }
    )
  })

const threeAdverts = (lab: Settled) =>
  lab.vmbr.waitForCount(3, "advert", Frame.isAdvert, { from: lab.vmbr.entries.length })

/** What the director sent since the mark beside its adverts. */
const sentSince = (lab: Settled): ReadonlyArray<string> =>
  [...lab.vmbr.entries.slice(lab.marks.vmbr), ...lab.br0.entries.slice(lab.marks.br0)]
    .filter((frame) => frame.kind !== "Advert")
    .map((frame) =>
      frame.kind === "Arp" && frame.gratuitous ? `announcement of ${frame.sender}` : Frame.describe(frame)
    )

const changed = (lab: Settled): ReadonlyArray<string> =>
  lab.changes.entries.map(({ change, address }) => `${change} ${address}`)

/** All adverts from the first on are on one phase, and the last lists these addresses. */
const assertAdverts = (lab: Settled, addresses: ReadonlyArray<string>): void => {
  const adverts = lab.vmbr.entries.filter(Frame.isAdvert)
  Phase.assertKept(adverts)
  assert.isTrue(adverts.every((advert) => advert.priority === Configuration.priority.LD1))
  assert.sameMembers([...(adverts.at(-1)?.addresses ?? [])], [...addresses])
}

// No second round of announcements, to save the time.
const quick = { lines: ["garp_master_delay 0"] }
const usual = [`${Topology.clientVip}/32 dev eth1`, `${Topology.serverVip}/32 dev eth0`]
const addedVip = "172.168.0.8"
