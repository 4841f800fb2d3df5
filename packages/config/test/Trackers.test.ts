/** What is tracked, by whom, and with what weight: sections, lines, and what a group makes of them. */
import * as Configuration from "@holdfast/config/Configuration"
import * as Diagnostic from "@holdfast/config/Diagnostic"
import { Parameters } from "@holdfast/vrrp/Parameters"
import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const instance = (name: string, vrid: number, lines = "") =>
  `vrrp_instance ${name} {\ninterface eth0\nvirtual_router_id ${vrid}\nvirtual_ipaddress {\n10.0.0.${vrid}\n}\n${lines}\n}\n`

const sections = `vrrp_script plain {
script /bin/true
}
vrrp_script weighted {
script /bin/true
weight 10 reverse
}
vrrp_track_process daemon {
process sshd
weight -20
}
track_file level {
file /run/level
weight 3
}
`

const reading = (text: string) => Configuration.read({ file: "t", text })
const configurationOf = (text: string) => Option.getOrThrow(reading(text).configuration)
const diagnosticsOf = (text: string) => reading(text).diagnostics.map(Diagnostic.format)

const used = "track_script {\nplain\nweighted\n}\ntrack_process {\ndaemon\n}\ntrack_file {\nlevel\n}"

/** What an instance tracks, as lines. */
const trackersOf = (text: string, name = "V"): ReadonlyArray<string> =>
  configurationOf(text)
    .routers.find((router) => router.name === name)!
    .trackers.map(({ reverse, subject, weight }) => {
      const of = subject._tag === "Interface" ? subject.interface : subject.name
      return `${subject._tag} ${of} ${weight}${reverse ? " reverse" : ""}`
    })

describe("what an instance tracks", () => {
  it.each<[string, string, ReadonlyArray<string>]>([
    ["track_interface", "eth1", ["Interface eth1 0"]],
    ["track_interface", "eth1 weight -253", ["Interface eth1 -253"]],
    ["track_interface", "eth1 weight 3 reverse", ["Interface eth1 3 reverse"]],
    ["track_interface", "eth1 weight 0 reverse", ["Interface eth1 0 reverse"]],
    ["track_script", "plain", ["Script plain 0"]],
    ["track_script", "plain weight 5", ["Script plain 5"]],
    ["track_script", "weighted", ["Script weighted 10 reverse"]],
    ["track_script", "weighted weight 4", ["Script weighted 4"]],
    ["track_script", "weighted weight 4 noreverse", ["Script weighted 4"]],
    ["track_script", "weighted weight 4 no_reverse", ["Script weighted 4"]],
    ["track_process", "daemon", ["Process daemon -20"]],
    ["track_process", "daemon weight 254", ["Process daemon 254"]],
    ["track_file", "level", ["File level 3"]],
    ["track_file", "level weight -254 reverse", ["File level -254 reverse"]]
  ])("%s { %s }", (keyword, line, trackers) => {
    const text = sections + instance("V", 1, `${keyword} {\n${line}\n}`)

    assert.deepStrictEqual(trackersOf(text), trackers)
    assert.isTrue(Schema.is(Parameters)(configurationOf(text).routers[0]))
  })

  it("sections may stand behind what tracks them", () => {
    assert.deepStrictEqual(trackersOf(instance("V", 1, used) + sections), [
      "Script plain 0",
      "Script weighted 10 reverse",
      "Process daemon -20",
      "File level 3"
    ])
  })

  it.each<[string, string, string]>([
    ["track_script", "plane", "error: there is no vrrp_script plane (did you mean plain?)"],
    ["track_script", "nothing", "error: there is no vrrp_script nothing (add vrrp_script nothing)"],
    ["track_script", "nothing weight 5", "error: there is no vrrp_script nothing (add vrrp_script nothing)"],
    [
      "track_process",
      "nothing",
      "error: there is no vrrp_track_process nothing (add vrrp_track_process nothing)"
    ],
    ["track_file", "nothing", "error: there is no track_file nothing (add track_file nothing)"],
    ["track_file", "plain", "error: there is no track_file plain (add track_file plain)"],
    [
      "track_interface",
      "eth1 weight 254",
      "error: 254 is out of range (give a whole number from -253 to 253; keepalived would go on with another value)"
    ],
    [
      "track_interface",
      "eth1 reverse",
      "error: reverse needs a weight before it (write weight 0 reverse for a fault while it is up)"
    ],
    ["track_interface", "eth1 weihgt 3", "error: weihgt is no option of a tracker (did you mean weight?)"],
    ["track_interface", "eth1 weight", "error: weight needs a value (write it after weight)"],
    [
      "track_interface",
      "a/b",
      "error: a/b is no name of a network device (a name has 1 to 15 characters, and neither blanks nor /)"
    ],
    ["track_interface", "eth1 {\n}", "error: what is tracked takes no block (remove the block)"]
  ])("%s { %s } is an error", (keyword, line, message) => {
    const text = instance("V", 1, `${used}\n${keyword} {\n${line}\n}`) + sections
    const [first, ...rest] = diagnosticsOf(text)

    assert.match(first ?? "", /^t:\d+:\d+: /)
    assert.strictEqual(first?.replace(/^t:\d+:\d+: /, ""), message)
    assert.deepStrictEqual(rest, [])
  })

  it("what is named twice counts once, the first time", () => {
    const text = instance("V", 1, "track_interface {\neth1 weight 3\neth1\n}")

    assert.deepStrictEqual(trackersOf(text), ["Interface eth1 3"])
    assert.deepStrictEqual(diagnosticsOf(text), [
      "t:9:1: warning: eth1 is tracked twice (the line at t:8:1 counts)"
    ])
  })

  it("the own interface is tracked anyway", () => {
    const text = instance("V", 1, "track_interface {\neth0 weight 3\n}")

    assert.deepStrictEqual(trackersOf(text), [])
    assert.deepStrictEqual(diagnosticsOf(text), [
      "t:8:1: warning: eth0 is the instance's own interface (remove it)"
    ])
  })

  it("the address owner has no weights", () => {
    const text = sections + instance("V", 1, `priority 255\n${used}`)

    assert.deepStrictEqual(trackersOf(text), ["Script plain 0"])
    assert.include(
      diagnosticsOf(text).join("\n"),
      "warning: weighted is not tracked with a weight by the address owner (priority 255) (write weight 0 for a reason for Fault, or remove the line)"
    )
  })

  it("a file for checks may have a weight that is too large for a router", () => {
    const file = "track_file f {\nfile /run/f\nweight 255\n}\n"

    assert.deepStrictEqual(diagnosticsOf(file), [])
    assert.deepStrictEqual(diagnosticsOf(instance("V", 1, "track_file {\nf\n}") + file), [
      "t:8:1: error: track_file f has the weight 255, which is out of range for a router (write f weight NUMBER, from -254 to 254)"
    ])
  })
})

describe("what is tracked", () => {
  const trackingOf = (section: string, lines: string, options: string) =>
    configurationOf(instance("V", 1, `${lines} {\nx\n}`) + `${section} x {\n${options}\n}\n`).tracking

  const script = {
    name: "x",
    script: { words: ["/bin/check"] },
    interval: 1_000_000,
    rise: 1,
    fall: 1,
    initFail: false
  }

  it.each<[string, object]>([
    ["script /bin/check", {}],
    [`script "/bin/check -a 'b c'"`, { script: { words: ["/bin/check", "-a", "b c"] } }],
    [
      "script /bin/check nobody nogroup",
      { script: { words: ["/bin/check"], user: "nobody", group: "nogroup" } }
    ],
    ["script /bin/check\nuser nobody", { script: { words: ["/bin/check"], user: "nobody" } }],
    [
      "script /bin/check\nuser nobody nogroup",
      { script: { words: ["/bin/check"], user: "nobody", group: "nogroup" } }
    ],
    ["script /bin/check\ninterval 0.5", { interval: 500_000 }],
    ["script /bin/check\ntimeout 2.5", { script: { words: ["/bin/check"], timeout: 2_500_000 } }],
    ["script /bin/check\nrise 2\nfall 3", { rise: 2, fall: 3 }],
    ["script /bin/check\ninit_fail", { initFail: true }]
  ])("vrrp_script: %s", (options, said) => {
    assert.deepStrictEqual<unknown>(trackingOf("vrrp_script", "track_script", options), {
      scripts: [{ ...script, ...said }],
      processes: [],
      files: []
    })
  })

  const process = {
    name: "x",
    command: "sshd",
    fullCommand: false,
    quorum: 1,
    terminateDelay: 0,
    forkDelay: 0
  }

  it.each<[string, object]>([
    ["process sshd", {}],
    ['process "/bin/a b"', { command: "/bin/a b" }],
    ['process sshd -D "x y"', { parameters: { words: ["-D", "x y"], match: "Exact" } }],
    ["process sshd -D\nparam_match initial", { parameters: { words: ["-D"], match: "Initial" } }],
    ["process sshd -D\nparam_match partial", { parameters: { words: ["-D"], match: "Partial" } }],
    ["process sshd\nparam_match partial", { parameters: { words: [], match: "Exact" } }],
    ["process sshd\nfull_command", { fullCommand: true }],
    ["process sshd\nquorum 2\nquorum_max 3", { quorum: 2, quorumMax: 3 }],
    ["process sshd\nquorum_max 0", { quorum: 0, quorumMax: 0 }],
    ["process sshd\ndelay 1.5", { terminateDelay: 1_500_000, forkDelay: 1_500_000 }],
    ["process sshd\ndelay 1\nfork_delay 2", { terminateDelay: 1_000_000, forkDelay: 2_000_000 }],
    ["process sshd\nterminate_delay 2\ndelay 1", { terminateDelay: 1_000_000, forkDelay: 1_000_000 }]
  ])("vrrp_track_process: %s", (options, said) => {
    assert.deepStrictEqual<unknown>(trackingOf("vrrp_track_process", "track_process", options), {
      scripts: [],
      processes: [{ ...process, ...said }],
      files: []
    })
  })

  it.each<[string, object]>([
    ["file /run/x", {}],
    ['file "/run/x y"', { path: "/run/x y" }],
    ["file /run/x\ninit_file", { initial: { value: 0, overwrite: false } }],
    ["file /run/x\ninit_file 5", { initial: { value: 5, overwrite: false } }],
    ["file /run/x\ninit_file -5 overwrite", { initial: { value: -5, overwrite: true } }],
    ["file /run/x\ninit_file overwrite", { initial: { value: 0, overwrite: true } }]
  ])("track_file: %s", (options, said) => {
    const files = [{ name: "x", path: "/run/x", ...said }]

    assert.deepStrictEqual<unknown>(trackingOf("track_file", "track_file", options).files, files)
    assert.deepStrictEqual<unknown>(trackingOf("vrrp_track_file", "track_file", options).files, files)
  })

  it("what nobody tracks is not run", () => {
    const { tracking } = configurationOf(sections)

    assert.deepStrictEqual<unknown>(tracking, { scripts: [], processes: [], files: [] })
    assert.deepStrictEqual(diagnosticsOf(sections), [
      "t:1:13: warning: nobody tracks vrrp_script plain (remove it, or track it)",
      "t:4:13: warning: nobody tracks vrrp_script weighted (remove it, or track it)",
      "t:8:20: warning: nobody tracks vrrp_track_process daemon (remove it, or track it)"
    ])
  })

  it.each<[string, ReadonlyArray<string>]>([
    [
      "vrrp_script {\n}",
      ["t:1:1: error: vrrp_script needs a name (write vrrp_script NAME, before the brace)"]
    ],
    ["vrrp_script x", ["t:1:1: error: vrrp_script needs a block (write { after it, and } where it ends)"]],
    ["vrrp_script x {\n}", ["t:1:13: error: vrrp_script x names no program (add script PATH)"]],
    [
      "vrrp_track_process x {\n}",
      ["t:1:20: error: vrrp_track_process x names no program (add process NAME)"]
    ],
    [
      "vrrp_track_process x {\nprocess\n}",
      ["t:2:1: error: process names no program (write its name, and perhaps its arguments)"]
    ],
    [
      "vrrp_track_process x {\nprocess a\nquorum 3\nquorum_max 2\n}",
      [
        "t:1:20: warning: nobody tracks vrrp_track_process x (remove it, or track it)",
        "t:4:12: error: quorum_max 2 is below quorum 3 (it could never be up)"
      ]
    ],
    ["track_file x {\n}", ["t:1:12: error: track_file names no file (add file PATH)"]]
  ])("%j is a mistake", (text, diagnostics) => {
    assert.deepStrictEqual(diagnosticsOf(text), diagnostics)
  })

  it("two sections of a name are an error", () => {
    const text = sections + "vrrp_script plain {\nscript /bin/false\n}\n" + instance("V", 1, used)

    assert.deepStrictEqual(diagnosticsOf(text), [
      "t:16:13: error: vrrp_script plain is already defined at t:1:13 (give each its own name)"
    ])
  })
})

describe("what members of a group track", () => {
  const group = (lines: string) => `vrrp_sync_group G {\ngroup {\nV\nW\n}\n${lines}\n}\n`
  const file = (lines: string, own: string) =>
    `${sections}${group(lines)}${instance("V", 1, own)}${instance("W", 2)}`
  const warned = (text: string) =>
    diagnosticsOf(text).filter((line) => line.includes("does not count for a member"))

  it("what the group tracks, every member tracks, with its weight", () => {
    const text = file(`track_interface {\neth1 weight 5\n}\n${used}`, "")
    const trackers = [
      "Interface eth1 5",
      "Script plain 0",
      "Script weighted 10 reverse",
      "Process daemon -20",
      "File level 3"
    ]

    assert.deepStrictEqual(trackersOf(text, "V"), trackers)
    assert.deepStrictEqual(trackersOf(text, "W"), trackers)
    assert.deepStrictEqual(diagnosticsOf(text), [])
  })

  it("without a weight a member tracks for itself", () => {
    const text = file("", "track_interface {\neth1\n}\ntrack_script {\nplain\nweighted weight 0\n}")

    assert.deepStrictEqual(trackersOf(text, "V"), ["Interface eth1 0", "Script plain 0", "Script weighted 0"])
    assert.deepStrictEqual(warned(text), [])
  })

  it.each<[string, string, ReadonlyArray<string>]>([
    ["track_interface", "eth1 weight 5", ["Interface eth1 0"]],
    ["track_script", "weighted", []],
    ["track_script", "plain weight 5", []],
    ["track_process", "daemon", []],
    ["track_file", "level", ["File level 0"]],
    ["track_file", "level weight 5", []]
  ])("a weight of a member alone does not count: %s { %s }", (keyword, line, trackers) => {
    const text = file("", `${keyword} {\n${line}\n}`)

    assert.deepStrictEqual(trackersOf(text, "V"), trackers)
    assert.lengthOf(warned(text), 1)
  })

  it.each(["sync_group_tracking_weight", "global_tracking"])("%s lets it count", (keyword) => {
    const text = file(keyword, "track_script {\nweighted\n}")

    assert.deepStrictEqual(trackersOf(text, "V"), ["Script weighted 10 reverse"])
    assert.deepStrictEqual(trackersOf(text, "W"), [])
    assert.deepStrictEqual(warned(text), [])
  })

  it("what both track, the group tracks", () => {
    const text = file("track_interface {\neth1 weight 5\n}", "track_interface {\neth1 weight 7\n}")

    assert.deepStrictEqual(trackersOf(text, "V"), ["Interface eth1 5"])
    assert.include(
      diagnosticsOf(text).join("\n"),
      "warning: eth1 is also tracked by vrrp_sync_group G (remove this line; that of the group counts)"
    )
  })
})
