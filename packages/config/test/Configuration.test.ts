/** What an operator reads about a file: every mistake, at its exact place, in one run. */
import * as Configuration from "@holdfast/config/Configuration"
import * as Diagnostic from "@holdfast/config/Diagnostic"
import * as Notification from "@holdfast/vrrp/NotificationParameters"
import * as Shared from "@holdfast/vrrp/SharedParameters"
import * as Tracking from "@holdfast/vrrp/TrackingParameters"
import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"

const diagnosticsOf = (text: string) =>
  Configuration.read({ file: "t", text }).diagnostics.map(Diagnostic.format)

/** A sound instance of six lines; what is given begins in the seventh. */
const instance = (lines: string, name = "V") =>
  `vrrp_instance ${name} {\ninterface eth0\nvirtual_router_id 1\nstate BACKUP\nvirtual_ipaddress { 10.0.0.1\n}\n${lines}\n}\n`

const refused = "(the configuration is refused, because running without it would be wrong)"
const stricter = "keepalived would go on with another value"

describe("Configuration", () => {
  it("a sound instance gives no diagnostic", () => {
    assert.deepStrictEqual(diagnosticsOf(instance("")), [])
  })

  it("an empty file is a configuration without routers", () => {
    const { configuration, diagnostics } = Configuration.read({ file: "t", text: "" })

    assert.deepStrictEqual(Option.getOrThrow(configuration), {
      routers: [],
      shared: Shared.none,
      tracking: Tracking.none,
      notifications: Notification.none,
      secretFiles: [],
      balancer: {
        plane: "auto",
        flushAtStart: false,
        atStop: "remove",
        timeouts: {},
        fifos: [],
        scripts: { security: false },
        notifyInitial: false,
        virtualServers: []
      }
    })
    assert.deepStrictEqual(diagnostics, [])
  })

  it("an error means that there is no configuration, a warning does not", () => {
    assert.isTrue(Option.isNone(Configuration.read({ file: "t", text: instance("foo") }).configuration))
    assert.isTrue(Option.isSome(Configuration.read({ file: "t", text: instance("debug") }).configuration))
  })

  it("a file that is too long is refused unread", () => {
    const { configuration, diagnostics } = Configuration.read({ file: "t", text: "}".repeat(2 ** 26 + 1) })

    assert.isTrue(Option.isNone(configuration))
    assert.strictEqual(diagnostics.length, 1)
  })

  it("all mistakes of a file come in one run, in the order of their places", () => {
    const text = `global_defs {
    router_id "LD 1
    vrrp_garp_master_dealy 3
}
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 300
    use_ipvlan {
        ipvl0
    }
    virtual_ipaddress {
        10.0.0.300
    }
virtual_server 10.0.0.1 80 {
    lb_algo rr
    }
}
}
`
    assert.deepStrictEqual(diagnosticsOf(text), [
      't:2:15: error: the quoted string is not closed (put a " where it ends, on the same line)',
      "t:3:5: error: vrrp_garp_master_dealy is not a keyword in global_defs (did you mean vrrp_garp_master_delay?)",
      "t:5:20: error: the block of vrrp_instance is never closed (put a } where it ends)",
      `t:7:23: error: virtual_router_id: 300 is out of range (give a whole number from 1 to 255; ${stricter})`,
      `t:8:5: error: use_ipvlan is not supported by this version ${refused}`,
      "t:12:9: error: 10.0.0.300 is not an IP address (write one such as 192.0.2.1 or fd00::1)",
      "t:14:16: warning: this virtual_server names no protocol and balances UDP (write protocol TCP, UDP or SCTP)",
      "t:17:1: error: this } closes nothing (remove it)",
      "t:18:1: error: this } closes nothing (remove it)"
    ])
  })
})

describe("Configuration: one mistake", () => {
  it.each<[string, ReadonlyArray<string>]>([
    [
      "vrrp_instanse V {\nfoo\n}",
      ["t:1:1: error: vrrp_instanse is not a keyword at the top of the file (did you mean vrrp_instance?)"]
    ],
    [
      "priority 5",
      ["t:1:1: error: priority is not a keyword at the top of the file (it belongs in vrrp_instance)"]
    ],
    ["global_defs {\n xyzzy\n}", ["t:2:2: error: xyzzy is not a keyword in global_defs"]],
    ["global_defs {\n __proto__\n}", ["t:2:2: error: __proto__ is not a keyword in global_defs"]],
    ["global_defs", ["t:1:1: error: global_defs needs a block (write { after it, and } where it ends)"]],
    ["global_defs x {\n}", ["t:1:13: warning: global_defs does not use x (remove it)"]],
    ["vrrp_instance {\n}", ["t:1:1: error: vrrp_instance needs a name"]],
    [
      "vrrp_instance V",
      ["t:1:1: error: vrrp_instance needs a block (write { after it, and } where it ends)"]
    ],
    [
      "vrrp_instance V {\nno_virtual_ipaddress\n}",
      [
        "t:1:15: error: vrrp_instance V names no interface (add interface NAME)",
        "t:1:15: error: vrrp_instance V has no virtual_router_id (add virtual_router_id NUMBER, from 1 to 255, the same on all its routers)"
      ]
    ],
    [
      "vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\n}",
      [
        "t:1:15: warning: vrrp_instance V has no address (add virtual_ipaddress, or no_virtual_ipaddress if that is meant)"
      ]
    ],
    [
      "vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\nstate MASTER\nno_virtual_ipaddress\n}",
      [
        "t:4:7: warning: state MASTER without priority makes the router the address owner, priority 255 (write the priority)"
      ]
    ],
    [
      "global_defs {\nvrrp_strict on\n}",
      ["t:2:13: error: vrrp_strict takes no value (to switch it off, remove the line)"]
    ],
    [
      "global_defs {\nvrrp_startup_delay 3601\n}",
      [
        `t:2:20: error: vrrp_startup_delay: 3601 is out of range (give seconds from 0 to 3600, such as 1.5; ${stricter})`
      ]
    ],
    [
      "global_defs {\nvrrp_version 4\n}",
      [`t:2:14: error: vrrp_version: 4 is out of range (give a whole number from 2 to 3; ${stricter})`]
    ],
    [
      "global_defs {\nnotification_email {\nroot@localhost\n}\n}",
      ["t:2:1: warning: no mail is sent: smtp_server is missing (add smtp_server to global_defs)"]
    ],
    [
      "global_defs {\nvrrp_mcast_group4 10.0.0.1\n}",
      [
        "t:2:19: error: vrrp_mcast_group4: 10.0.0.1 is not a multicast group (give an address from 224.0.0.0 to 239.255.255.255)"
      ]
    ],
    ["net_namespace blue", [`t:1:1: error: net_namespace is not supported by this version ${refused}`]],
    [
      "include other.conf",
      ["t:1:1: error: included files are not supported by this version (write out what it stands for)"]
    ],
    [
      "@main global_defs {\n}",
      ["t:1:1: error: conditional lines are not supported by this version (write out what it stands for)"]
    ],
    ["$X=5", ["t:1:1: error: definitions are not supported by this version (write out what it stands for)"]],
    [
      "~SEQ(x, 1, 3) foo",
      ["t:1:1: error: repetitions are not supported by this version (write out what it stands for)"]
    ],
    [
      "global_defs {\nrouter_id ${_INSTANCE}\n}",
      ["t:2:11: error: built-in definitions are not supported by this version (write out what it stands for)"]
    ],
    [
      instance("") + instance("", "W").replace("_id 1", "_id 2").replace("10.0.0.1", "10.0.0.1/24"),
      ["t:13:21: warning: 10.0.0.1 is also an address of V at t:5:21 (an address belongs to one instance)"]
    ],
    [
      instance("") + instance("", "W").replace("10.0.0.1", "10.0.0.2"),
      [
        "t:11:19: error: virtual_router_id 1 on eth0 is already that of V at t:3:19 (use another number or another interface)"
      ]
    ],
    [
      instance("") + instance("").replace("10.0.0.1", "10.0.0.2").replace("_id 1", "_id 2"),
      ["t:9:15: error: vrrp_instance V is already defined at t:1:15 (give each instance its own name)"]
    ],
    [
      "virtual_server_group G {\n10.0.0.1 80\n}\nvirtual_server_group G {\n10.0.0.2 80\n}",
      ["t:4:22: error: virtual_server_group G is already defined at t:1:22 (give each group its own name)"]
    ],
    [
      "virtual_server_group G {\n10.0.0.1 99999\n10.0.0.1-9 80\nfwmark 3\n}",
      [`t:2:10: error: 99999 is out of range (give a whole number from 0 to 65535; ${stricter})`]
    ],
    [
      "virtual_server group G {\nprotocol TCP\n}",
      ["t:1:22: error: there is no virtual_server_group G (define it, or correct the name)"]
    ],
    [
      "virtual_server 10.0.0.1 80 {\nlb_kind nat\nreal_server 10.0.0.2 80 {\nweigth 1\n}\n}",
      [
        "t:1:16: warning: this virtual_server names no protocol and balances UDP (write protocol TCP, UDP or SCTP)",
        "t:2:9: error: lb_kind: nat is not known here (write one of NAT, DR, TUN)",
        "t:4:1: error: weigth is not a keyword in real_server (did you mean weight?)"
      ]
    ]
  ])("%j", (text, expected) => {
    assert.deepStrictEqual(diagnosticsOf(text), expected)
  })

  it.each<[string, ReadonlyArray<string>]>([
    ["priority", ["t:7:1: error: priority needs a value"]],
    [
      "priority 0",
      [`t:7:10: error: priority: 0 is out of range (give a whole number from 1 to 255; ${stricter})`]
    ],
    [
      "priority 256",
      [`t:7:10: error: priority: 256 is out of range (give a whole number from 1 to 255; ${stricter})`]
    ],
    [
      "priority 1e2",
      [`t:7:10: error: priority: 1e2 is not a whole number (give a whole number from 1 to 255; ${stricter})`]
    ],
    ["priority 5 6", ["t:7:12: warning: priority does not use 6 (remove it)"]],
    ["priority 5 {\n}", ["t:7:12: error: priority takes no block (remove the block)"]],
    [
      "priority 5\npriority 6",
      ["t:8:1: warning: priority is given more than once (the last one counts; remove the others)"]
    ],
    [
      "advert_int 0.5",
      [
        "t:7:12: error: advert_int is not a whole number of seconds, as VRRP version 2 needs (give 1 to 255, or write version 3 on all routers; keepalived would round it)"
      ]
    ],
    [
      "advert_int 256",
      [
        `t:7:12: error: advert_int: 256 is out of range (give seconds from 0.01 to 255, such as 1.5; ${stricter})`
      ]
    ],
    [
      "advert_int -1",
      [
        `t:7:12: error: advert_int: -1 is not a number of seconds (give seconds from 0.01 to 255, such as 1.5; ${stricter})`
      ]
    ],
    [
      "preempt_delay 1000.5",
      [
        `t:7:15: error: preempt_delay: 1000.5 is out of range (give seconds from 0 to 1000, such as 1.5; ${stricter})`
      ]
    ],
    ["nopreempt off", ["t:7:11: error: nopreempt takes no value (to switch it off, remove the line)"]],
    [
      "nopreempt\npreempt_delay 3",
      ["t:8:15: warning: preempt_delay has no effect with nopreempt (remove one of them)"]
    ],
    [
      "priority 255\nnopreempt",
      ["t:8:1: warning: nopreempt has no effect with priority 255 (the address owner always preempts)"]
    ],
    [
      "skip_check_adv_addr 1",
      ["t:7:21: error: skip_check_adv_addr: 1 is neither on nor off (write on, true, yes, off, false or no)"]
    ],
    [
      "mcast_dst_ip 10.0.0.1",
      [
        "t:7:14: error: mcast_dst_ip: 10.0.0.1 is not a multicast group (give an address from 224.0.0.0 to 239.255.255.255)"
      ]
    ],
    [
      "mcast_src_ip fe80::1",
      [
        "t:7:14: error: the source address fe80::1 is not of the family of the addresses (give one of IPv4; addresses of the other family may be in virtual_ipaddress_excluded)"
      ]
    ],
    [
      "unicast_peer {\n}",
      [
        "t:7:1: error: unicast_peer names no peer (name the peers, or remove the block; keepalived would go on by multicast)"
      ]
    ],
    ["unicast_peer", ["t:7:1: error: unicast_peer needs a block (write { after it, and } where it ends)"]],
    [
      "unicast_peer {\n10.0.0.9 min_ttl 300\n}",
      [`t:8:18: error: 300 is out of range (give a whole number from 0 to 255; ${stricter})`]
    ],
    [
      "unicast_peer {\n10.0.0.9 10.0.0.8\n}",
      ["t:8:10: error: 10.0.0.8 is no option of a peer (write one peer a line)"]
    ],
    [
      "unicast_peer {\n10.0.0.9\n10.0.0.9\n}",
      ["t:9:1: warning: the peer 10.0.0.9 is listed twice (remove one of them)"]
    ],
    [
      "unicast_src_ip 10.0.0.5",
      [
        "t:7:16: warning: unicast_src_ip without unicast_peer: the adverts go by multicast (name the peers, or write mcast_src_ip)"
      ]
    ],
    [
      "mcast_src_ip 10.0.0.4\nunicast_src_ip 10.0.0.5\nunicast_peer {\n10.0.0.5\n}",
      [
        "t:7:14: warning: this source address is not used; 10.0.0.5 is (remove one of them)",
        "t:10:1: warning: the peer 10.0.0.5 is the router itself (list the other routers only)"
      ]
    ],
    ["unicast_ttl 64", ["t:7:13: warning: unicast_ttl has no effect without unicast_peer (remove it)"]],
    ["debug 3", ["t:7:1: warning: debug has no effect in this version"]],
    ["vrf blue", [`t:7:1: error: vrf is not supported by this version ${refused}`]],
    ["use_ipvlan", [`t:7:1: error: use_ipvlan is not supported by this version ${refused}`]],
    [
      "authentication {\nauth_type PASS\n}",
      [
        "t:7:1: error: authentication has no auth_pass (add auth_pass, or remove the block; keepalived would go on without authentication)",
        "t:8:11: warning: auth_type PASS sends the password in clear text: it protects from nobody who can listen (auth_hmac does, where all routers understand it)"
      ]
    ],
    [
      "virtual_ipaddress {\n10.0.0.2/33\n}",
      [`t:8:10: error: 33 is out of range (give a whole number from 0 to 32; ${stricter})`]
    ],
    [
      "virtual_ipaddress {\n10.0.0.2/33\n}",
      [`t:8:10: error: 33 is out of range (give a whole number from 0 to 32; ${stricter})`]
    ],
    ["virtual_ipaddress {\n10.0.0.2 dev\n}", ["t:8:10: error: dev needs a value (write it after dev)"]],
    [
      "virtual_ipaddress {\n10.0.0.2 dev a/b\n}",
      [
        "t:8:14: error: a/b is no name of a network device (a name has 1 to 15 characters, and neither blanks nor /)"
      ]
    ],
    [
      "virtual_ipaddress {\n10.0.0.2 scope near\n}",
      [
        "t:8:16: error: near is no scope that is known here (write its number: names are not read from the files of iproute2)"
      ]
    ],
    [
      "virtual_ipaddress {\n10.0.0.2 label abcdefgh:1234567\n}",
      ["t:8:16: error: the label abcdefgh:1234567 is too long (the kernel takes 15 characters)"]
    ],
    [
      "virtual_ipaddress {\n10.0.0.2/24 peer 10.0.0.3\n}",
      ["t:8:18: error: 10.0.0.2 has a peer, and so no prefix of 24 bits (remove the length, or the peer)"]
    ],
    [
      "virtual_ipaddress {\n10.0.0.2 labl x\n}",
      ["t:8:10: error: labl is no option of an address (did you mean label?)"]
    ],
    [
      "virtual_ipaddress {\n10.0.0.2 10.0.0.3\n}",
      ["t:8:10: error: 10.0.0.3 is no option of an address (write one address a line)"]
    ],
    [
      "virtual_ipaddress {\n10.0.0.1\n}",
      ["t:8:1: warning: 10.0.0.1 is listed twice (the line at t:5:21 counts)"]
    ],
    [
      "garp_master_repeat 0",
      [
        `t:7:20: error: garp_master_repeat: 0 is out of range (give a whole number from 1 to 255; ${stricter})`
      ]
    ],
    ["accept", []],
    ["no_accept", []],
    ["strict_mode off", []],
    ["version 2", []],
    ["version 3", []],
    ["promote_secondaries", []],
    ["timer_expired_backup 254", []]
  ])("vrrp_instance: %j", (lines, expected) => {
    assert.deepStrictEqual(diagnosticsOf(instance(lines)), expected)
  })

  it("state MASTER makes nopreempt and preempt_delay void, as keepalived does", () => {
    const text = instance("priority 9\nnopreempt\npreempt_delay 3").replace("BACKUP", "MASTER")

    assert.deepStrictEqual(diagnosticsOf(text), [
      "t:8:1: warning: nopreempt has no effect with state MASTER (write state BACKUP)",
      "t:9:15: warning: preempt_delay has no effect with state MASTER (write state BACKUP)"
    ])
  })
})
