/** What the sections of load balancing mean: each keyword, its bounds, what is inherited, and what is refused. */
import type * as Balancer from "@holdfast/balancer/Parameters"
import type { Check } from "@holdfast/balancer/Probe"
import * as Configuration from "@holdfast/config/Configuration"
import * as Diagnostic from "@holdfast/config/Diagnostic"
import * as Instant from "@holdfast/wire/Instant"
import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"

const read = (text: string) => Configuration.read({ file: "t", text })

const diagnosticsOf = (text: string) => read(text).diagnostics.map(Diagnostic.format)

const balancerOf = (text: string): Balancer.Parameters => {
  const { configuration, diagnostics } = read(text)
  if (Option.isNone(configuration)) throw new Error(diagnostics.map(Diagnostic.format).join("\n"))
  return configuration.value.balancer
}

const serverOf = (text: string): Balancer.VirtualServer => balancerOf(text).virtualServers[0]!

/** A virtual server with one real server, without a word to say about it. */
const web = (lines: string, real = "", name = "192.0.2.1 80") =>
  `virtual_server ${name} {\nprotocol TCP\n${lines}\nreal_server 192.0.2.11 8080 {\n${real}\n}\n}\n`

const realOf = (lines: string, real: string): Balancer.RealServer =>
  serverOf(web(lines, real)).realServers[0]!

const checksOf = (lines: string, real: string): ReadonlyArray<Check> => realOf(lines, real).checks

const checkOf = (check: string): Check => checksOf("", check)[0]!

const connection = { address: "192.0.2.11", port: 8080 }
const { seconds } = Instant

describe("virtual_server", () => {
  it("has the defaults of keepalived", () => {
    assert.deepStrictEqual<unknown>(serverOf(web("")), {
      name: "TCP 192.0.2.1:80",
      addresses: [{ _tag: "Endpoint", protocol: "TCP", address: "192.0.2.1", port: 80 }],
      protocol: "TCP",
      scheduler: "wlc",
      schedulerFlags: [],
      onePacket: false,
      quorum: 1,
      hysteresis: 0,
      alpha: false,
      omega: false,
      haSuspend: false,
      slowStart: 0,
      drain: 0,
      sorryServers: [],
      sorryInhibit: false,
      realServers: [
        {
          key: "192.0.2.11:8080",
          address: "192.0.2.11",
          port: 8080,
          weight: 1,
          method: { _tag: "Nat" },
          upperThreshold: 0,
          lowerThreshold: 0,
          inhibitOnFailure: false,
          checks: []
        }
      ]
    })
  })

  it.each<[string, Partial<Balancer.VirtualServer>]>([
    ["lvs_sched mh", { scheduler: "mh" }],
    ["lb_algo rr", { scheduler: "rr" }],
    ["sh-port\nflag-1", { schedulerFlags: [1, 2] }],
    ["mh-fallback", { schedulerFlags: [1] }],
    ["mh-port\nsh-port", { schedulerFlags: [2] }],
    ["flag-3\nflag-2", { schedulerFlags: [2, 3] }],
    ["persistence_timeout", { persistence: { timeoutSeconds: 360, granularity: 32 } }],
    ["persistence_timeout 50", { persistence: { timeoutSeconds: 50, granularity: 32 } }],
    [
      "persistence_granularity 255.255.255.0\npersistence_timeout 5",
      { persistence: { timeoutSeconds: 5, granularity: 24 } }
    ],
    [
      "persistence_timeout 5\npersistence_granularity 16\npersistence_engine sip",
      { persistence: { timeoutSeconds: 5, granularity: 16, engine: "sip" } }
    ],
    ["alpha", { alpha: true }],
    ["alpha off", { alpha: false }],
    ["omega", { omega: true }],
    ["ha_suspend", { haSuspend: true }],
    ["slow_start 1.5", { slowStart: seconds(1.5) }],
    ["drain 30", { drain: seconds(30) }],
    ["weight 9\nquorum 5\nhysteresis 4", { quorum: 5, hysteresis: 4 }],
    ["sorry_server_inhibit", { sorryInhibit: true }],
    [
      'quorum_up "/bin/up now" nobody daemon',
      { quorumUp: { words: ["/bin/up", "now"], user: "nobody", group: "daemon" } }
    ],
    ["quorum_down /bin/down", { quorumDown: { words: ["/bin/down"] } }]
  ])("%j", (lines, expected) => {
    const server = serverOf(web(lines))

    for (const [key, value] of Object.entries(expected))
      assert.deepStrictEqual<unknown>(server[key as keyof Balancer.VirtualServer], value)
  })

  it.each<[string, unknown]>([
    ["NAT", { _tag: "Nat" }],
    ["DR", { _tag: "DirectRouting" }],
    ["TUN", { _tag: "Tunnel", tunnel: { type: "ipip" } }],
    ["TUN type gre csum", { _tag: "Tunnel", tunnel: { type: "gre", checksum: "csum" } }],
    [
      "TUN type gue port 5555 remcsum",
      { _tag: "Tunnel", tunnel: { type: "gue", port: 5555, checksum: "remcsum" } }
    ]
  ])("lvs_method %s", (method, expected) => {
    assert.deepStrictEqual<unknown>(realOf(`lb_kind ${method}`, "").method, expected)
    assert.deepStrictEqual<unknown>(realOf("", `lvs_method ${method}`).method, expected)
  })

  it("several sorry servers are a pool, each with the port and the method of the virtual server", () => {
    const lines = "lvs_method DR\nsorry_server 192.0.2.91\nsorry_server 192.0.2.92 80"

    assert.deepStrictEqual<unknown>(serverOf(web(lines).replace("11 8080", "11")).sorryServers, [
      { key: "192.0.2.91:80", address: "192.0.2.91", port: 80, method: { _tag: "DirectRouting" } },
      { key: "192.0.2.92:80", address: "192.0.2.92", port: 80, method: { _tag: "DirectRouting" } }
    ])
  })

  it("ops is for UDP", () => {
    assert.isTrue(serverOf(web("ops").replace("TCP", "UDP")).onePacket)
    assert.isFalse(serverOf(web("ops")).onePacket)
  })

  it("the order of the lines does not matter", () => {
    const lines = [
      "delay_loop 7",
      "alpha",
      "weight 3",
      "lvs_method DR",
      "retry 9",
      "real_server 192.0.2.11 80 {\nTCP_CHECK\n}"
    ]
    const text = (order: ReadonlyArray<string>) =>
      `virtual_server 192.0.2.1 80 {\nprotocol TCP\n${order.join("\n")}\n}`

    assert.deepStrictEqual(serverOf(text(lines)), serverOf(text(lines.toReversed())))
    assert.deepStrictEqual<unknown>(serverOf(text(lines.toReversed())).realServers[0]?.weight, 3)
  })

  it("global_defs count wherever they stand", () => {
    const globals = "global_defs {\nchecker_alpha\nchecker_log_all_failures\n}\n"
    const server = web("", "TCP_CHECK {\n}")

    assert.deepStrictEqual(serverOf(globals + server), serverOf(server + globals))
    assert.isTrue(serverOf(server + globals).alpha)
    assert.isTrue(serverOf(server + globals).realServers[0]?.checks[0]?.timing.logAllFailures)
  })
})

describe("virtual_server: what it is known by", () => {
  const addressesOf = (text: string) => serverOf(text).addresses
  const group = (lines: string, rest = "") =>
    `virtual_server_group G {\n${lines}\n}\n${web(rest, "", "group G")}`
  const endpoints = (...addresses: ReadonlyArray<string>) =>
    addresses.map((address) => ({ _tag: "Endpoint", protocol: "TCP", address, port: 80 }))

  it("an IPv6 address", () => {
    const server = serverOf(web("", "", "FD00:0::1 443").replace("192.0.2.11", "fd00::11"))

    assert.strictEqual(server.name, "TCP [fd00::1]:443")
    assert.strictEqual(server.realServers[0]?.key, "[fd00::11]:8080")
  })

  it("an address alone is every port, for clients that come back", () => {
    assert.strictEqual(serverOf(web("persistence_timeout", "", "192.0.2.1")).name, "TCP 192.0.2.1:0")
    assert.deepStrictEqual(diagnosticsOf(web("", "", "192.0.2.1")), [
      "t:1:16: error: every port of an address can be balanced only for clients that come back to their server (add persistence_timeout, or write a port)"
    ])
  })

  it("a firewall mark has the family of ip_family, else that of its servers", () => {
    const mark = (lines: string, address: string) =>
      addressesOf(`virtual_server fwmark 3 {\n${lines}\nreal_server ${address} 80 {\n}\n}`)

    assert.deepStrictEqual<unknown>(mark("", "192.0.2.11"), [
      { _tag: "FirewallMark", family: "inet", mark: 3 }
    ])
    assert.deepStrictEqual<unknown>(mark("", "fd00::11"), [
      { _tag: "FirewallMark", family: "inet6", mark: 3 }
    ])
    assert.deepStrictEqual<unknown>(mark("real_server 192.0.2.12 80 {\nlvs_method TUN\n}", "fd00::11"), [
      { _tag: "FirewallMark", family: "inet6", mark: 3 }
    ])
    assert.deepStrictEqual<unknown>(mark("ip_family inet6\nlvs_method TUN", "192.0.2.11"), [
      { _tag: "FirewallMark", family: "inet6", mark: 3 }
    ])
  })

  it.each<[string, ReadonlyArray<unknown>]>([
    ["192.0.2.1 80", endpoints("192.0.2.1")],
    ["192.0.2.254-255 80", endpoints("192.0.2.254", "192.0.2.255")],
    ["192.0.2.255-192.0.3.1 80", endpoints("192.0.2.255", "192.0.3.0", "192.0.3.1")],
    ["192.0.2.8/30 80", endpoints("192.0.2.8", "192.0.2.9", "192.0.2.10", "192.0.2.11")],
    ["192.0.2.10/30 80", endpoints("192.0.2.8", "192.0.2.9", "192.0.2.10", "192.0.2.11")],
    ["192.0.2.1 80\n192.0.2.7/32 80", endpoints("192.0.2.1", "192.0.2.7")],
    ["fwmark 5", [{ _tag: "FirewallMark", family: "inet", mark: 5 }]],
    ["fwmark 5 inet", [{ _tag: "FirewallMark", family: "inet", mark: 5 }]]
  ])("a group of %j", (lines, expected) => {
    assert.deepStrictEqual<unknown>(addressesOf(group(lines)), expected)
  })

  it.each<[string, ReadonlyArray<string>]>([
    ["fd00::e-11 80", ["fd00::e", "fd00::f", "fd00::10", "fd00::11"]],
    ["fd00::1-fd00::2 80", ["fd00::1", "fd00::2"]],
    ["fd00::fffe/127 80", ["fd00::fffe", "fd00::ffff"]]
  ])("a group of %j", (lines, expected) => {
    const addresses = addressesOf(group(lines).replace("192.0.2.11", "fd00::99"))

    assert.deepStrictEqual<unknown>(addresses, endpoints(...expected))
  })

  it("a group has a bound", () => {
    assert.strictEqual(addressesOf(group("10.0.0.0/16 80")).length, 65_536)
    assert.deepStrictEqual(diagnosticsOf(group("10.0.0.0/16 80\n10.1.0.0 80")), [
      "t:3:1: error: a virtual_server_group has 65536 addresses at most (make the range smaller; a firewall mark can stand for many addresses)"
    ])
    assert.strictEqual(diagnosticsOf(group("0.0.0.0/1 80")).length, 1)
  })

  it("a server without a port has the one of all addresses", () => {
    const server = (lines: string) =>
      serverOf(group(lines, "persistence_timeout").replace("192.0.2.11 8080", "192.0.2.11")).realServers[0]

    assert.strictEqual(server("192.0.2.1-3 443")?.port, 443)
    assert.strictEqual(server("192.0.2.1 443\n192.0.2.2 80")?.port, 0)
    assert.strictEqual(server("192.0.2.1 443\nfwmark 1")?.port, 0)
  })

  it("a group may stand behind its virtual server", () => {
    const [first, second] = [
      group("192.0.2.1 80").slice(0, -web("", "", "group G").length),
      web("", "", "group G")
    ]

    assert.deepStrictEqual(serverOf(second + first), serverOf(first + second))
    assert.strictEqual(serverOf(first + second).name, "group G TCP")
    assert.strictEqual(serverOf(first + second).group, "G")
  })
})

describe("checks", () => {
  const timing = {
    delay: seconds(60),
    timeout: seconds(5),
    retries: 1,
    retryDelay: seconds(1),
    logAllFailures: false
  }

  it.each<[string, unknown, Partial<Check["timing"]>]>([
    ["TCP_CHECK {\n}", { _tag: "Tcp", connection }, {}],
    ["PING_CHECK {\n}", { _tag: "Ping", connection }, {}],
    [
      "UDP_CHECK {\npayload Ab12f 3 456\nrequire_reply\nmin_reply_length 1\nmax_reply_length 9\n}",
      {
        _tag: "Udp",
        connection,
        payload: Uint8Array.of(0xab, 0x12, 0x0f, 0x03, 0x45, 0x06),
        requireReply: true,
        replyMin: 1,
        replyMax: 9
      },
      {}
    ],
    [
      "UDP_CHECK {\nrequire_reply 4aXb x1 7\n}",
      {
        _tag: "Udp",
        connection,
        payload: new Uint8Array(16),
        requireReply: true,
        reply: { bytes: Uint8Array.of(0x4a, 0x0b, 0x01, 0x07), mask: Uint8Array.of(0xff, 0x0f, 0x0f, 0xff) },
        replyMin: 0,
        replyMax: 255
      },
      {}
    ],
    [
      "UDP_CHECK {\n}",
      {
        _tag: "Udp",
        connection,
        payload: new Uint8Array(16),
        requireReply: false,
        replyMin: 0,
        replyMax: 255
      },
      {}
    ],
    [
      "DNS_CHECK {\n}",
      { _tag: "Dns", connection, type: "SOA", name: "." },
      { retries: 3, retryDelay: seconds(60) }
    ],
    [
      "DNS_CHECK {\ntype aaaa\nname example.com\ndelay_loop 2\n}",
      { _tag: "Dns", connection, type: "AAAA", name: "example.com" },
      { retries: 3, retryDelay: seconds(2), delay: seconds(2) }
    ],
    ["SMTP_CHECK {\nhelo_name mail\n}", { _tag: "Smtp", connection, heloName: "mail" }, {}],
    [
      "SMTP_CHECK {\nretry 4\nbindto 192.0.2.2\nhost {\nconnect_ip 192.0.2.77\nconnect_port 25\n}\n}",
      {
        _tag: "Smtp",
        connection: { address: "192.0.2.77", port: 25, bindAddress: "192.0.2.2" },
        heloName: "localhost"
      },
      { retries: 4 }
    ],
    [
      `MISC_CHECK {\nmisc_path "/bin/check -a 'two words'"\nmisc_dynamic\nuser nobody\n}`,
      { _tag: "Script", script: { words: ["/bin/check", "-a", "two words"], user: "nobody" }, dynamic: true },
      { retries: 0, timeout: seconds(60) }
    ],
    [
      "MISC_CHECK {\nmisc_path /bin/check\nmisc_timeout 4\ndelay_loop 9\n}",
      { _tag: "Script", script: { words: ["/bin/check"] }, dynamic: false },
      { retries: 0, timeout: seconds(4), delay: seconds(9) }
    ],
    [
      "TCP_CHECK {\nconnect_ip 192.0.2.5\nconnect_port 81\nbindto 192.0.2.6\nbind_port 1024\nbind_if eth0\nfwmark 7\nconnect_timeout 0.5\nretry 2\ndelay_before_retry 3\nwarmup 0\nlog_all_failures\n}",
      {
        _tag: "Tcp",
        connection: {
          address: "192.0.2.5",
          port: 81,
          bindAddress: "192.0.2.6",
          bindPort: 1024,
          bindInterface: "eth0",
          mark: 7
        }
      },
      {
        timeout: seconds(0.5),
        retries: 2,
        retryDelay: seconds(3),
        warmup: seconds(0),
        logAllFailures: true
      }
    ]
  ])("%j", (text, probe, own) => {
    assert.deepStrictEqual<unknown>(checkOf(text), { probe, timing: { ...timing, ...own }, alpha: false })
  })

  it("HTTP_GET takes its pages, headers and version", () => {
    const digest = "0123456789ABCDEF0123456789abcdef"
    const check = checkOf(`HTTP_GET {
      http_protocol 1.1
      header X-Probe "a b"
      header Accept */*
      body_max 100
      virtualhost www.example.com
      url {
        path /a
        status_code 200-204 301
        status_code 404
      }
      url {
        path /b
        digest ${digest}
        virtualhost b.example.com
        regex "^ok"
        regex_options caseless
        regex_no_match
        regex_min_offset 1
        regex_max_offset 2
      }
      url {
        path /
      }
    }`)

    assert.deepStrictEqual<unknown>(check.probe, {
      _tag: "Http",
      connection,
      pages: [
        {
          path: "/a",
          statusCodes: [
            [200, 204],
            [301, 301],
            [404, 404]
          ]
        },
        {
          path: "/b",
          statusCodes: [],
          digest: digest.toLowerCase(),
          virtualHost: "b.example.com",
          pattern: { source: "(?<![^])ok", flags: "i", negated: true, minOffset: 1, maxOffset: 2 }
        },
        { path: "/", statusCodes: [[200, 299]] }
      ],
      version: "1.1",
      virtualHost: "www.example.com",
      headers: [
        ["X-Probe", "a b"],
        ["Accept", "*/*"]
      ],
      bodyMax: 100
    })
    assert.strictEqual(check.timing.retryDelay, seconds(3))
  })

  it.each<[string, string, unknown]>([
    ["", "", { verify: false }],
    ["enable_sni\nvirtualhost www.example.com:8443", "", { verify: false, serverName: "www.example.com" }],
    ["sni_name a.example.com", "", { verify: false, serverName: "a.example.com" }],
    ["tls_verify", "", { verify: true }],
    ["tls_verify /etc/ca.pem", "", { verify: true, authority: "/etc/ca.pem" }],
    [
      "tls_verify",
      "SSL {\nca /c\ncertificate /d\nkey /e\npassword f\n}",
      { verify: true, authority: "/c", certificate: "/d", key: "/e", password: "f" }
    ],
    ["tls_verify /mine", "SSL {\nca /c\n}", { verify: true, authority: "/mine" }]
  ])("SSL_GET %j with %j", (lines, files, expected) => {
    const text = `${web("", `SSL_GET {\nurl {\npath /\n}\n${lines}\n}`)}${files}`
    const probe = serverOf(text).realServers[0]?.checks[0]?.probe

    assert.deepStrictEqual<unknown>(probe?._tag === "Http" && probe.tls, expected)
  })

  it.each<[string, string, number]>([
    ["weight 3", "", 3],
    ["weight 3 reverse", "", -3],
    ["", "", 1],
    ["weight 3", "weight -2", -2]
  ])("FILE_CHECK: the file says %j, the check %j", (file, check, factor) => {
    const text = `${web("", `FILE_CHECK {\ntrack_file load\n${check}\n}`)}track_file load {\nfile "/run/load"\n${file}\n}\n`

    assert.deepStrictEqual<unknown>(serverOf(text).realServers[0]?.checks[0]?.probe, {
      _tag: "File",
      path: "/run/load",
      factor
    })
  })

  it.each<
    [keyword: string, written: (value: number) => string, (check: Check) => unknown, inherited: unknown]
  >([
    ["retry", (value) => `retry ${value}`, ({ timing: { retries } }) => retries, (value: number) => value],
    [
      "delay_before_retry",
      (value) => `delay_before_retry ${value}`,
      ({ timing: { retryDelay } }) => retryDelay,
      seconds
    ],
    ["warmup", (value) => `warmup ${value}`, ({ timing: { warmup } }) => warmup, seconds],
    ["delay_loop", (value) => `delay_loop ${value}`, ({ timing: { delay } }) => delay, seconds],
    ["connect_timeout", (value) => `connect_timeout ${value}`, ({ timing: { timeout } }) => timeout, seconds],
    [
      "alpha",
      (value) => `alpha ${value % 2 === 0 ? "on" : "off"}`,
      ({ alpha }) => alpha,
      (value: number) => value % 2 === 0
    ]
  ])("%s goes from the virtual server to the real server to the check", (_, written, seen, expected) => {
    const of = expected as (value: number) => unknown
    const check = (virtual: string, real: string, own: string) =>
      seen(checksOf(virtual, `DNS_CHECK {\n${own}\n}\n${real}`)[0]!)

    assert.deepStrictEqual(check(written(11), "", ""), of(11))
    assert.deepStrictEqual(check(written(11), written(12), ""), of(12))
    assert.deepStrictEqual(check(written(11), written(12), written(13)), of(13))
    assert.deepStrictEqual(check("", written(12), ""), of(12))
  })

  it("virtualhost goes the same way", () => {
    const seen = (virtual: string, real: string, own: string) => {
      const { probe } = checksOf(virtual, `HTTP_GET {\nurl {\npath /\n}\n${own}\n}\n${real}`)[0]!
      return probe._tag === "Http" && probe.virtualHost
    }

    assert.strictEqual(seen("virtualhost a", "", ""), "a")
    assert.strictEqual(seen("virtualhost a", "virtualhost b", ""), "b")
    assert.strictEqual(seen("virtualhost a", "virtualhost b", "virtualhost c"), "c")
  })
})

describe("programs", () => {
  it.each<[string, unknown]>([
    ["/bin/x", { words: ["/bin/x"] }],
    ["/bin/x nobody daemon", { words: ["/bin/x"], user: "nobody", group: "daemon" }],
    ['"/bin/x  a\tb" nobody', { words: ["/bin/x", "a", "b"], user: "nobody" }],
    [`"/bin/x 'a  b' c"`, { words: ["/bin/x", "a  b", "c"] }],
    [String.raw`"/bin/x \"a b\" c"`, { words: ["/bin/x", "a b", "c"] }],
    [`'/bin/x "a  b" c"d"' nobody`, { words: ["/bin/x", "a  b", "cd"], user: "nobody" }],
    [String.raw`"/bin/x a\ b \t\x41\101\cA '\t' ''"`, { words: ["/bin/x", "a b", "\tAA\u0001", "\\t", ""] }],
    [String.raw`"/bin/x \E\a\q\ "`, { words: ["/bin/x", "\u001b\u0007q "] }]
  ])("%s", (line, expected) => {
    assert.deepStrictEqual<unknown>(realOf("", `notify_up ${line}`).notifyUp, expected)
    assert.deepStrictEqual<unknown>(realOf("", `notify_down ${line}`).notifyDown, expected)
  })
})

describe("a file as operators write it", () => {
  it("is read without a word", () => {
    const text = `
global_defs {
    router_id lb-1
    script_user nobody
    lvs_sync_daemon eth1 inst web id 1
}
vrrp_instance web {
    interface eth0
    virtual_router_id 51
    virtual_ipaddress {
        192.0.2.1/24
    }
}
SSL {
    ca /etc/ssl/ca.pem
}
virtual_server_group web {
    192.0.2.1 443       # the address of the pair
    192.0.2.32/28 443
    fwmark 9
}
virtual_server group web
{
    delay_loop 6
    lvs_sched wrr
    lvs_method DR
    persistence_timeout 50
    persistence_granularity 255.255.255.0
    protocol TCP
    alpha
    omega
    quorum 2
    hysteresis 1
    quorum_up   "/usr/local/bin/announce add 'web site'"
    quorum_down "/usr/local/bin/announce del 'web site'"
    sorry_server 192.0.2.99 443
    virtualhost www.example.com
    real_server 192.0.2.11 443 {
        weight 3
        inhibit_on_failure
        notify_down "/usr/bin/logger down" nobody
        SSL_GET {
            enable_sni
            url {
                path /health
                status_code 200 204
            }
            url {
                path /version
                digest 9b3a0c85a887a256d6939da88aabd8cd
            }
            connect_timeout 3
            retry 3
            delay_before_retry 2
        }
    }
    real_server 192.0.2.12 443 {
        MISC_CHECK {
            misc_path "/usr/local/bin/check 192.0.2.12"
            misc_timeout 5
            misc_dynamic
        }
        PING_CHECK {
            retry 2
        }
    }
}
virtual_server 192.0.2.1 53 {
    protocol UDP
    ops
    lvs_sched sh
    sh-port
    real_server 192.0.2.21 53 {
        DNS_CHECK {
            type A
            name www.example.com
        }
        UDP_CHECK {
        }
    }
}
`
    assert.deepStrictEqual(diagnosticsOf(text), [])
    assert.deepStrictEqual(
      balancerOf(text).virtualServers.map(({ addresses, name }) => [name, addresses.length]),
      [
        ["group web TCP", 18],
        ["UDP 192.0.2.1:53", 1]
      ]
    )
  })
})

describe("global_defs of load balancing", () => {
  it("all of them", () => {
    const text = `global_defs {
      forwarding_plane nf_tables
      lvs_flush
      lvs_flush_on_stop VS
      lvs_timeouts tcp 900 udp 300
      lvs_sync_daemon eth1 inst web id 7 maxlen 1400 port 8849 ttl 2 group 224.0.0.82
      notify_fifo /run/all
      lvs_notify_fifo /run/lvs
      lvs_notify_fifo_script "/bin/reader -x" nobody
      script_user nobody nogroup
      enable_script_security
      rs_init_notifies
    }
    vrrp_instance web {
      interface eth0
      virtual_router_id 9
      no_virtual_ipaddress
    }`

    assert.deepStrictEqual<unknown>(balancerOf(text), {
      plane: "nf_tables",
      flushAtStart: true,
      atStop: "flush-services",
      timeouts: { tcpSeconds: 900, udpSeconds: 300 },
      syncDaemon: {
        interface: "eth1",
        router: "web",
        syncId: 7,
        maxLength: 1400,
        port: 8849,
        ttl: 2,
        group: "224.0.0.82"
      },
      fifos: [
        { path: "/run/all" },
        { path: "/run/lvs", script: { words: ["/bin/reader", "-x"], user: "nobody" } }
      ],
      scripts: { user: "nobody", group: "nogroup", security: true },
      notifyInitial: true,
      virtualServers: []
    })
  })

  it.each<[string, unknown]>([
    ["eth1", { interface: "eth1", syncId: 0 }],
    ["eth1 web", { interface: "eth1", router: "web", syncId: 9 }],
    ["eth1 web 5", { interface: "eth1", router: "web", syncId: 5 }],
    ["eth1 id 0", { interface: "eth1", syncId: 0 }]
  ])("lvs_sync_daemon %s", (line, expected) => {
    const text = `global_defs {\nlvs_sync_daemon ${line}\n}\nvrrp_instance web {\ninterface eth0\nvirtual_router_id 9\nno_virtual_ipaddress\n}`

    assert.deepStrictEqual<unknown>(balancerOf(text).syncDaemon, expected)
  })
})
