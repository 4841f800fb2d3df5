/** What an operator reads about mistakes in the sections of load balancing. */
import * as Configuration from "@holdfast/config/Configuration"
import * as Diagnostic from "@holdfast/config/Diagnostic"
import * as Keywords from "@holdfast/config/Keywords"
import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"

const diagnosticsOf = (text: string) =>
  Configuration.read({ file: "t", text }).diagnostics.map(Diagnostic.format)

/** The lines given begin in the third line of the virtual server, those of the real server behind `real`. */
const virtual = (lines: string) =>
  `virtual_server 192.0.2.1 80 {\nprotocol TCP\n${lines}\nreal_server 192.0.2.11 80 {\n}\n}\n`

const real = (lines: string) =>
  `virtual_server 192.0.2.1 80 {\nprotocol TCP\nreal_server 192.0.2.11 80 {\n${lines}\n}\n}\n`

const stricter = "keepalived would go on with another value"

describe("virtual_server", () => {
  it.each<[string, ReadonlyArray<string>]>([
    ["lvs_shed rr", ["t:3:1: error: lvs_shed is not a keyword in virtual_server (did you mean lvs_sched?)"]],
    ["smtp_alert", ["t:3:1: warning: smtp_alert has no effect in this version"]],
    ["hashed", []],
    ["ip_family inet6", ["t:3:11: warning: ip_family has no effect with an address (remove it)"]],
    ["quorum 2", ["t:3:8: warning: quorum 2 is more than all servers weigh and is read as 1"]],
    ["hysteresis 1", ["t:3:12: warning: hysteresis 1 is not below quorum 1 and is read as 0"]],
    ["ops", ["t:3:1: warning: ops has no effect with protocol TCP (it is for UDP; remove it)"]],
    [
      "persistence_engine foo",
      ["t:3:20: error: persistence_engine: foo is not known here (write one of sip)"]
    ],
    [
      "persistence_engine sip",
      ["t:3:20: warning: without persistence_timeout clients come back for 360 seconds (write it)"]
    ],
    [
      "persistence_timeout 9\npersistence_granularity 255.0.255.0",
      [
        "t:4:25: error: persistence_granularity: 255.0.255.0 is no netmask (write one such as 255.255.255.0, or 24)"
      ]
    ],
    [
      "persistence_timeout 9\npersistence_granularity 33",
      [
        `t:4:25: error: persistence_granularity: 33 is out of range (give a whole number from 1 to 32; ${stricter})`
      ]
    ],
    [
      "lvs_method TUN type gue",
      ["t:3:12: error: lvs_method: a tunnel of type gue needs a port (add port NUMBER)"]
    ],
    [
      "lvs_method TUN port 5",
      ["t:3:21: error: lvs_method: a tunnel of type ipip has no port (remove it, or write type gue)"]
    ],
    ["lvs_method TUN csum", ["t:3:16: error: lvs_method: a tunnel of type ipip has no checksum (remove it)"]],
    [
      "lvs_method TUN type gre remcsum",
      ["t:3:25: error: lvs_method: a tunnel of type gre has no remcsum (write csum or nocsum)"]
    ],
    [
      "lvs_method TUN foo",
      ["t:3:16: error: lvs_method: foo is no option of a tunnel (write type, port, nocsum, csum or remcsum)"]
    ],
    ["lvs_method DR foo", ["t:3:15: warning: lvs_method does not use foo (remove it)"]],
    [
      "quorum_up",
      ["t:3:1: error: quorum_up names no program (give its path, in quotes if it has arguments)"]
    ],
    ['quorum_up ""', ["t:3:11: error: the program has no name (give its path)"]],
    [
      `quorum_up "/bin/x 'y"`,
      [`t:3:11: error: a quotation in /bin/x 'y is not closed (end it with the same sign, ' or ")`]
    ],
    ["quorum_up /bin/x a b c", ["t:3:22: warning: quorum_up does not use c (remove it)"]],
    [
      "sorry_server fd00::1 80",
      [
        "t:3:14: error: fd00::1 and the virtual server are not of one family (only lvs_method TUN can join them)"
      ]
    ],
    ["sorry_server fd00::1 80\nsorry_server_lvs_method TUN", []],
    [
      "sorry_server 10.0.0.300",
      ["t:3:14: error: 10.0.0.300 is not an IP address (write one such as 192.0.2.1 or fd00::1)"]
    ],
    [
      "real_server 192.0.2.11 80 {\nweight 5\n}",
      [
        "t:6:13: warning: real_server 192.0.2.11:80 is listed twice (the one at t:3:13 counts; remove this one)"
      ]
    ],
    [
      "real_server 192.0.2.12 81 {\nlvs_method DR\n}",
      ["t:3:13: warning: port 81 is not used: packets arrive at port 80 (only NAT changes ports)"]
    ]
  ])("%j", (lines, expected) => {
    assert.deepStrictEqual(diagnosticsOf(virtual(lines)), expected)
  })

  it("one service in two virtual servers is an error that names both", () => {
    const group = "virtual_server_group G {\n192.0.2.1 80\n}\n"
    const other = virtual("").replace("192.0.2.1 80", "group G")

    assert.deepStrictEqual(diagnosticsOf(virtual("") + group + other), [
      "t:10:22: error: TCP 192.0.2.1:80 is already balanced by the virtual_server TCP 192.0.2.1:80 at t:1:16 (an address, a port and a protocol belong to one virtual_server)"
    ])
    assert.deepStrictEqual(diagnosticsOf(virtual("") + virtual("").replace("TCP", "UDP")), [])
  })

  it("fwmark makes protocol and ha_suspend void", () => {
    assert.deepStrictEqual(diagnosticsOf(virtual("ha_suspend").replace("192.0.2.1 80", "fwmark 5")), [
      "t:2:10: warning: protocol has no effect with fwmark (the mark decides; remove it)",
      "t:3:1: warning: ha_suspend has no effect with fwmark (a mark is no address that could be absent)"
    ])
  })
})

describe("virtual_server_group", () => {
  const remedy =
    "write 192.0.2.1-9, 192.0.2.1-192.0.2.9, 192.0.2.0/24, or for IPv6 a range of the last 16 bits: fd00::1-ff"

  it.each<[string, ReadonlyArray<string>]>([
    ["10.0.0.9-1 80", [`t:2:1: error: 10.0.0.9-1 is no range of addresses (${remedy})`]],
    ["10.0.0.1-x 80", [`t:2:1: error: 10.0.0.1-x is no range of addresses (${remedy})`]],
    ["10.0.0.1-300 80", [`t:2:1: error: 10.0.0.1-300 is no range of addresses (${remedy})`]],
    ["10.0.0.1-fd00::1 80", [`t:2:1: error: 10.0.0.1-fd00::1 is no range of addresses (${remedy})`]],
    ["fd00::1-fd01::1 80", [`t:2:1: error: fd00::1-fd01::1 is no range of addresses (${remedy})`]],
    ["fd00::/64 80", [`t:2:1: error: 64 is out of range (give a whole number from 112 to 128; ${stricter})`]],
    ["fwmark", ["t:2:1: error: fwmark needs a value"]],
    ["fwmark 0", [`t:2:8: error: 0 is out of range (give a whole number from 1 to 4294967295; ${stricter})`]],
    ["10.0.0.1 80 tcp", ["t:2:13: warning: 10.0.0.1 does not use tcp (remove it)"]]
  ])("%j", (lines, expected) => {
    assert.deepStrictEqual(diagnosticsOf(`virtual_server_group G {\n${lines}\n}\n`), expected)
  })
})

describe("real_server", () => {
  it.each<[string, ReadonlyArray<string>]>([
    [
      "BFD_CHECK {\nname x\n}",
      [
        "t:4:1: error: BFD_CHECK is not supported by this version (the configuration is refused, because running without it would be wrong)"
      ]
    ],
    ["TCP_CHEK {\n}", ["t:4:1: error: TCP_CHEK is not a keyword in real_server (did you mean TCP_CHECK?)"]],
    [
      "TCP_CHECK {\nconect_port 1\n}",
      ["t:5:1: error: conect_port is not a keyword in TCP_CHECK (did you mean connect_port?)"]
    ],
    [
      "weight 65536",
      [`t:4:8: error: weight: 65536 is out of range (give a whole number from 0 to 65535; ${stricter})`]
    ],
    [
      "lthreshold 5",
      ["t:4:12: warning: lthreshold has no effect without uthreshold (add uthreshold, or remove it)"]
    ],
    [
      "uthreshold 4\nlthreshold 5",
      ["t:5:12: error: lthreshold 5 is above uthreshold 4 (a server that was full once would stay out)"]
    ],
    [
      "TCP_CHECK {\nbindto fd00::1\n}",
      ["t:5:8: error: bindto fd00::1 cannot reach 192.0.2.11 (give an address of the same family)"]
    ],
    ["HTTP_GET {\n}", ["t:4:1: error: HTTP_GET names no page (add url { path PATH })"]],
    ["HTTP_GET {\nurl {\n}\n}", ["t:5:1: error: url has no path (add path /)"]],
    ["HTTP_GET {\nurl {\npath x\n}\n}", ["t:6:6: error: path: the path x does not begin with / (write /x)"]],
    [
      'HTTP_GET {\nurl {\npath "/a b"\n}\n}',
      ["t:6:6: error: path: /a b is no path (blanks and control characters are not allowed)"]
    ],
    [
      "HTTP_GET {\nurl {\npath /\ndigest abc\n}\n}",
      ["t:7:8: error: digest: abc is no MD5 digest (write 32 hexadecimal digits)"]
    ],
    [
      "HTTP_GET {\nurl {\npath /\nstatus_code 200-100 20\n}\n}",
      [
        "t:7:13: error: 200-100 is no status code (write codes from 100 to 999, such as 200 or 200-299)",
        "t:7:21: error: 20 is no status code (write codes from 100 to 999, such as 200 or 200-299)"
      ]
    ],
    [
      'HTTP_GET {\nurl {\npath /\nregex "a++"\n}\n}',
      ["t:7:7: error: regex: ++ cannot be used (write it with what PCRE2 and JavaScript have in common)"]
    ],
    [
      "HTTP_GET {\nurl {\npath /\nregex_no_match\n}\n}",
      ["t:7:1: error: without regex this has nothing to act on (add regex PATTERN)"]
    ],
    ['HTTP_GET {\nheader "a b" c\nurl {\npath /\n}\n}', ["t:5:8: error: a b is no name of a header"]],
    [
      "HTTP_GET {\ntls_verify\nurl {\npath /\n}\n}",
      ["t:5:1: error: tls_verify is not a keyword in HTTP_GET (it belongs in SSL_GET)"]
    ],
    ["MISC_CHECK {\n}", ["t:4:1: error: MISC_CHECK names no program (add misc_path PATH)"]],
    ["FILE_CHECK {\n}", ["t:4:1: error: FILE_CHECK names no file (add track_file NAME)"]],
    [
      "FILE_CHECK {\ntrack_file x\n}",
      ["t:5:12: error: there is no track_file x (define it, or correct the name)"]
    ],
    [
      "UDP_CHECK {\npayload xyz\n}",
      ["t:5:9: error: payload: xyz is not hexadecimal (write pairs of 0 to 9 and a to f)"]
    ],
    [
      "UDP_CHECK {\nrequire_reply abxyz\n}",
      ["t:5:15: error: require_reply: abxyz is not hexadecimal (write pairs of 0 to 9 and a to f)"]
    ],
    [
      "UDP_CHECK {\nmin_reply_length 256\n}",
      ["t:5:18: error: min_reply_length 256 is above max_reply_length 255 (no reply could pass)"]
    ],
    [
      "DNS_CHECK {\nname a..b\n}",
      ["t:5:6: error: name: a..b is no name to ask for (write one such as example.com)"]
    ]
  ])("%j", (lines, expected) => {
    assert.deepStrictEqual(diagnosticsOf(real(lines)), expected)
  })

  it("a check needs a port", () => {
    const text = real("TCP_CHECK {\n}")
      .replace("192.0.2.11 80", "192.0.2.11")
      .replace("192.0.2.1 80", "fwmark 1")

    assert.deepStrictEqual(diagnosticsOf(text.replace("protocol TCP\n", "")), [
      "t:3:1: error: TCP_CHECK has no port to talk to (add connect_port)"
    ])
  })

  it("a file with weight 0 would mean nothing", () => {
    const text = `${real("FILE_CHECK {\ntrack_file x\n}")}track_file x {\nfile /x\nweight 0\n}\n`

    assert.deepStrictEqual(diagnosticsOf(text), [
      "t:5:12: error: with weight 0 the file would mean nothing (give a weight)"
    ])
  })
})

describe("global_defs", () => {
  it.each<[string, ReadonlyArray<string>]>([
    [
      "lvs_sync_daemon eth0 nobody",
      ["t:2:22: error: there is no vrrp_instance nobody (define it, or correct the name)"]
    ],
    [
      "lvs_sync_daemon eth0 id 256",
      [`t:2:25: error: lvs_sync_daemon: 256 is out of range (give a whole number from 0 to 255; ${stricter})`]
    ],
    ["lvs_timeouts", ["t:2:1: error: lvs_timeouts needs a value (add tcp, tcpfin or udp)"]],
    ["lvs_timeouts tcp", ["t:2:14: error: lvs_timeouts: tcp needs a value"]],
    [
      "lvs_notify_fifo_script /bin/x",
      ["t:2:24: error: lvs_notify_fifo_script has no pipe to read from (add lvs_notify_fifo PATH)"]
    ],
    ["lvs_flush_on_stop all", ["t:2:19: error: lvs_flush_on_stop: all is not known here (write one of VS)"]],
    ["checker_priority 5", ["t:2:1: warning: checker_priority has no effect in this version"]]
  ])("%j", (lines, expected) => {
    assert.deepStrictEqual(diagnosticsOf(`global_defs {\n${lines}\n}\n`), expected)
  })
})

/** Lines of any keyword, in any section, with values that suit some of them. */
const sections = [
  "virtual_server",
  "real_server",
  "TCP_CHECK",
  "HTTP_GET",
  "SSL_GET",
  "url",
  "UDP_CHECK",
  "DNS_CHECK",
  "SMTP_CHECK",
  "MISC_CHECK",
  "FILE_CHECK"
] as const

const keywords = [...new Set(sections.flatMap((section) => Keywords.namesOf(section)))]

const values = [
  "",
  "0",
  "1",
  "1.5",
  "65536",
  "-1",
  "on",
  "off",
  "x",
  "/x",
  "NAT",
  "TUN",
  "type",
  "gue",
  "192.0.2.7",
  "fd00::7"
].concat([
  "fwmark",
  "group",
  "255.255.255.0",
  "G",
  "200-299",
  '"(a"',
  "'",
  '"a b"',
  "sip",
  "10.0.0.1-9",
  "10.0.0.0/30"
])

const Line = Schema.Struct({
  keyword: Schema.Literals(keywords),
  words: Schema.Array(Schema.Literals(values)).check(Schema.isMaxLength(3)),
  opens: Schema.Boolean,
  closes: Schema.Boolean
})

describe("any lines", () => {
  it.prop(
    "give a reading: with errors, or a configuration",
    { lines: Schema.Array(Line), group: Schema.Array(Schema.Literals(values)) },
    ({ group, lines }) => {
      const body = lines.map(
        ({ closes, keyword, opens, words }) =>
          `${keyword} ${words.join(" ")}${opens ? " {" : ""}\n${closes ? "}\n" : ""}`
      )
      const text = `virtual_server group G {\n${body.join("")}\n}\nvirtual_server_group G {\n${group.join(" 80\n")}\n}\n`
      const { configuration, diagnostics } = Configuration.read({ file: "t", text })

      assert.strictEqual(configuration._tag === "None", Diagnostic.hasError(diagnostics))
    },
    { arbitrary: { runs: 1000 } }
  )
})
