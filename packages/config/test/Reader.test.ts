/** Reading a file again gives what reading it for the first time gives, and keeps what did not change. */
import * as Configuration from "@holdfast/config/Configuration"
import * as Piece from "@holdfast/config/Piece"
import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const file = "t"

const virtualServer = (name: string, weight: number, lines = "protocol TCP") =>
  `virtual_server ${name} {\n${lines}\nreal_server 10.1.0.1 80 {\nweight ${weight}\nTCP_CHECK {\n}\n}\n}\n`

const group = (name: string, address: string) => `virtual_server_group ${name} {\n${address} 80\n}\n`

/** Sections and lines of which most are good, and some are not, or not where they stand. */
const sections = [
  virtualServer("10.0.0.1 80", 1),
  virtualServer("10.0.0.1 80", 2),
  virtualServer("10.0.0.2 80", 1),
  virtualServer("10.0.0.3 80", 1, ""),
  virtualServer("10.0.0.4 80", 1, "protocol TCP\nreal_server 10.1.0.1 80 {\n}"),
  virtualServer("fwmark 1", 1, ""),
  virtualServer("group A", 1),
  virtualServer("group A", 1, "protocol UDP"),
  virtualServer("group B", 3),
  virtualServer("10.0.0.5 80", 1, "protocol TCP").replace("TCP_CHECK {", "FILE_CHECK {\ntrack_file f"),
  virtualServer("10.0.0.6 80", 1).replace("TCP_CHECK {", "SSL_GET {\nurl {\npath /\n}"),
  virtualServer("10.0.0.7 80", 1).replace("\nreal", "\nsmtp_alert\nreal"),
  virtualServer("10.0.0.8 80", 1).replace(" {", "\n# note\n{"),
  virtualServer("10.0.0.9 80", 1).replace("}\n}\n}\n", "}\n"),
  group("A", "10.0.1.1"),
  group("A", "10.0.1.2"),
  group("B", "10.0.1.3-9"),
  "track_file f {\nfile /f\n}\n",
  "track_file f {\nfile /g\n}\n",
  "SSL {\nca /ca\n}\n",
  "global_defs {\nchecker_log_all_failures\n}\n",
  "global_defs {\nrouter_id x\n}\n",
  "vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n10.9.0.1\n}\n}\n",
  "vrrp_instance W {\ninterface eth0\nvirtual_router_id 1\n}\n",
  "vrrp_instance Y {\ninterface eth0\nvirtual_router_id 4\nuse_vmac\nsmtp_alert\nvirtual_ipaddress {\n10.9.0.4\nfe80::4\n}\n}\n",
  "global_defs {\nvmac_prefix w\nvrrp_garp_interval 1\nnotification_email {\na@b\n}\n}\n",
  "vrrp_instance X {\ninterface eth0\nvirtual_router_id 3\ntrack_script {\ns\n}\ntrack_file {\nf\n}\n}\n",
  "vrrp_script s {\nscript /bin/true\nweight 3\n}\n",
  "vrrp_script s {\nscript /bin/false\n}\n",
  "vrrp_sync_group G {\ngroup {\nV\nX\n}\ntrack_file {\nf\n}\n}\n",
  "vrrp_sync_group H {\nV\n}\n",
  "static_ipaddress {\n10.9.0.2 dev eth0\n}\n",
  "garp_group {\ngarp_interval 1\ninterface eth0\n}\n",
  "child_wait_time 5\n",
  "# a note\n",
  "\n",
  "{\n",
  "}\n",
  '"open\n',
  "virtual_server"
]

const Step = Schema.Struct({
  index: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 30 })),
  remove: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3 })),
  section: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: sections.length - 1 })),
  insert: Schema.Boolean
})

const Good = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 16 }))

const serversOf = (reading: Configuration.Reading) =>
  Option.getOrThrow(reading.configuration).balancer.virtualServers

const text = (...parts: ReadonlyArray<string>) => parts.join("")

describe("Configuration.makeReader", () => {
  it.prop(
    "each reading is the one that a first reading gives",
    { start: Schema.Array(Good), steps: Schema.Array(Step) },
    ({ start, steps }) => {
      const reader = Configuration.makeReader()
      // Without repetition most files are good: only a good one is remembered.
      const parts = [...new Set(start)].map((index) => sections[index]!)
      assert.deepStrictEqual(
        reader.read({ file, text: parts.join("") }),
        Configuration.read({ file, text: parts.join("") })
      )
      for (const { index, insert, remove, section } of steps) {
        parts.splice(index % (parts.length + 1), remove, ...(insert ? [sections[section]!] : []))
        const source = { file, text: parts.join("") }

        assert.deepStrictEqual(reader.read(source), Configuration.read(source))
      }
    },
    { arbitrary: { runs: 1000 } }
  )

  it.prop(
    "letters may change anywhere",
    {
      edits: Schema.Array(
        Schema.Tuple([Schema.Number, Schema.Literals(["", "{", "}", "\n", " ", "x", "1", "#"])])
      )
    },
    ({ edits }) => {
      const reader = Configuration.makeReader()
      let whole = text(sections[6]!, sections[2]!, sections[14]!, sections[12]!, sections[11]!, sections[7]!)
      assert.isTrue(Option.isSome(reader.read({ file, text: whole }).configuration))
      for (const [place, letter] of edits) {
        const at = Math.floor(Math.abs(Number.isFinite(place) ? place * 7919 : 0)) % (whole.length + 1)
        whole = whole.slice(0, at) + letter + whole.slice(letter === "" ? at + 1 : at)
        const source = { file, text: whole }

        assert.deepStrictEqual(reader.read(source), Configuration.read(source))
      }
    },
    { arbitrary: { runs: 500 } }
  )

  it("an unchanged virtual server is the same object, wherever its lines are now", () => {
    const [one, two, three] = ["10.0.0.1 80", "10.0.0.2 80", "10.0.0.3 80"].map((name) =>
      virtualServer(name, 1)
    )
    const reader = Configuration.makeReader()
    const before = serversOf(reader.read({ file, text: text(one!, two!, three!) }))

    const changed = serversOf(
      reader.read({ file, text: text(one!, two!.replace("weight 1", "weight 222"), three!) })
    )
    assert.strictEqual(changed[0], before[0])
    assert.notStrictEqual(changed[1], before[1])
    assert.strictEqual(changed[2], before[2])

    const moved = serversOf(reader.read({ file, text: text("# note\n", three!, one!) }))
    assert.strictEqual(moved[0], before[2])
    assert.strictEqual(moved[1], before[0])
  })

  it("a reading with errors leaves what is remembered", () => {
    const reader = Configuration.makeReader()
    const good = text(virtualServer("10.0.0.1 80", 1), virtualServer("10.0.0.2 80", 1))
    const before = serversOf(reader.read({ file, text: good }))

    assert.isTrue(Option.isNone(reader.read({ file, text: `${good}}` }).configuration))
    assert.strictEqual(serversOf(reader.read({ file, text: good }))[1], before[1])
  })

  it.each<[string, string, string]>([
    ["its group", group("A", "10.0.1.1"), group("A", "10.0.1.2")],
    ["global_defs", "global_defs {\n}\n", "global_defs {\nchecker_alpha\n}\n"]
  ])("%s is part of what a virtual server means", (_, first, second) => {
    const reader = Configuration.makeReader()
    const server = virtualServer("group A", 1)
    const rest = first.startsWith("global") ? group("A", "10.0.1.1") : ""
    const before = serversOf(reader.read({ file, text: text(first, rest, server) }))
    const after = serversOf(reader.read({ file, text: text(second, rest, server) }))

    assert.notDeepEqual(after[0], before[0])
  })

  it("what follows a part may end it elsewhere", () => {
    const reader = Configuration.makeReader()
    const before = text(virtualServer("10.0.0.1 80", 1), "child_wait_time 5\n")
    reader.read({ file, text: text(before, "virtual_server 10.0.0.2 80 {\nprotocol TCP\n}\n") })
    const source = { file, text: text(before, "{\nprotocol TCP\n}\n") }

    assert.deepStrictEqual(reader.read(source), Configuration.read(source))
  })

  it("what stands behind a virtual server on its line counts for all", () => {
    const first = virtualServer("10.0.0.1 80", 1)
    const globals = "global_defs {\nchecker_alpha\n}\n"
    const behind = virtualServer("10.0.0.2 80", 1).replace(/\n$/, ` ${globals}`)

    assert.deepStrictEqual(
      serversOf(Configuration.read({ file, text: first + behind })),
      serversOf(Configuration.read({ file, text: globals + first + virtualServer("10.0.0.2 80", 1) }))
    )
  })

  it("another file is read anew", () => {
    const reader = Configuration.makeReader()
    const warned = virtualServer("10.0.0.1 80", 1, "")
    reader.read({ file, text: warned })

    assert.deepStrictEqual(
      reader.read({ file: "other", text: warned }),
      Configuration.read({ file: "other", text: warned })
    )
  })

  it("a place in a message follows its line", () => {
    const reader = Configuration.makeReader()
    const twice = virtualServer("10.0.0.4 80", 1, "protocol TCP\nreal_server 10.1.0.1 80 {\n}")
    reader.read({ file, text: twice })
    const source = { file, text: `\n\n${twice}` }

    assert.deepStrictEqual(reader.read(source), Configuration.read(source))
    assert.match(reader.read(source).diagnostics[0]!.remedy!, /t:5:13/)
  })
})

describe("Piece", () => {
  it("begins where a section does, and nowhere else", () => {
    const whole = text(
      "# virtual_server 1 {\n",
      "  global_defs\n\n {\n}\n",
      "virtual_server 10.0.0.1 80 # note {\n{\nvirtual_server\n track_file x\n}\n",
      "track_file x {\n}\ntrack_file {\n}\nvirtual_serverx {\n}\n"
    )

    assert.deepStrictEqual(
      Piece.split(whole).map(({ length, line, offset }) => [line, whole.slice(offset, offset + 14), length]),
      [
        [1, "# virtual_serv", 21],
        [2, "  global_defs\n", 20],
        [6, "virtual_server", 69],
        [11, "track_file x {", 52]
      ]
    )
  })

  it.each(["\n", " ", "# note\n", "x"])("bears any number of %j behind a heading", (filler) => {
    const whole = `virtual_server 10.0.0.1 80\n${filler.repeat(1_000_000)}{\n}\n`

    assert.strictEqual(Piece.split(whole).length, 1)
    assert.strictEqual(Piece.split(`\n${whole}`).length, filler === "x" ? 1 : 2)
  })
})
