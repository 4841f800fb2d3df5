/** Lines of `virtual_rules`: each option, its default, and what it is refused for. */
import * as RuleLine from "@holdfast/config/RuleLine"
import { VirtualRule } from "@holdfast/vrrp/VirtualRule"
import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { readLine } from "./Line.ts"

const from = { address: "10.2.0.0", length: 16 }
const usual = {
  family: "Ipv4",
  action: { _tag: "Table", table: 5 },
  priority: 7,
  layer3Master: false,
  inverted: false,
  protocol: 112,
  tracked: true
}

describe("RuleLine", () => {
  it.each<[string, object]>([
    ["from 10.2.0.0/16 table 5", { from }],
    ["to 10.2.0.0/16 lookup 5", { to: from }],
    ["from all to 10.2.0.0/16 table main", { to: from, action: { _tag: "Table", table: 254 } }],
    ["inet6 table 5", { family: "Ipv6" }],
    ["from fd00::/64 table 5", { family: "Ipv6", from: { address: "fd00::", length: 64 } }],
    ["fwmark 0x10/0xff table 5", { mark: { value: 16, mask: 255 } }],
    ["fwmark 16 table 5", { mark: { value: 16, mask: 0xffff_ffff } }],
    ["iif eth0 oif eth1 table 5", { inputInterface: "eth0", outputInterface: "eth1" }],
    ["dev eth0 table 5", { inputInterface: "eth0" }],
    ["tos 0x10 table 5", { typeOfService: 16 }],
    ["dsfield EF table 5", { typeOfService: 184 }],
    [
      "ipproto tcp sport 10-20 dport 80 table 5",
      {
        ipProtocol: 6,
        sourcePorts: { first: 10, last: 20 },
        destinationPorts: { first: 80, last: 80 }
      }
    ],
    ["ip_proto 17 table 5", { ipProtocol: 17 }],
    ["uidrange 10-20 table 5", { users: { first: 10, last: 20 } }],
    ["tunnel-id 9 table 5", { tunnelId: 9 }],
    ["tunnel_id 9 table 5", { tunnelId: 9 }],
    ["from 10.2.0.0/16 realms 3/4 table 5", { from, realms: 3 * 65_536 + 4 }],
    ["table 5 suppress_prefixlength 0", { suppressPrefixLength: 0 }],
    ["table 5 sup_pl 8", { suppressPrefixLength: 8 }],
    ["table 5 suppress_ifgroup 3", { suppressInterfaceGroup: 3 }],
    ["table 5 sup_group 3", { suppressInterfaceGroup: 3 }],
    ["not from 10.2.0.0/16 table 5", { from, inverted: true }],
    ["table 5 protocol static", { protocol: 4 }],
    ["table 5 no_track", { tracked: false }],
    ["goto 30", { action: { _tag: "Goto", priority: 30 } }],
    ["nop", { action: { _tag: "Nop" } }],
    ["blackhole", { action: { _tag: "Blackhole" } }],
    ["type prohibit", { action: { _tag: "Prohibit" } }],
    ["unreachable", { action: { _tag: "Unreachable" } }],
    ["l3mdev", { action: { _tag: "Table", table: 0 }, layer3Master: true }]
  ])("%s", (text, said) => {
    const { diagnostics, value } = readLine(RuleLine.read, `${text} preference 7`)

    assert.deepStrictEqual(diagnostics, [])
    assert.deepStrictEqual<unknown>(value?.rule, { ...usual, ...said })
    assert.isTrue(Schema.is(VirtualRule)(value!.rule))
  })

  it.each(["priority", "order"])("%s is another word for preference", (word) => {
    assert.strictEqual(readLine(RuleLine.read, `table 5 ${word} 9`).value?.rule.priority, 9)
  })

  it("without a preference the kernel gives one, and the operator is warned", () => {
    const { diagnostics, value } = readLine(RuleLine.read, "from 10.2.0.0/16 table 5")

    assert.isUndefined(value?.rule.priority)
    assert.deepStrictEqual(diagnostics, [
      "t:1:1: warning: the rule has no preference, and the kernel gives it one (write preference NUMBER: rules are gone through by rising preference)"
    ])
  })

  it.each<[string, string]>([
    [
      "from 10.2.0.0/16 order 7",
      "t:1:1: error: the rule says nothing of what becomes of packets (add table NUMBER)"
    ],
    [
      "from 10.2.0.0/16 to fd00::/64 table 5 order 7",
      "t:1:21: error: fd00:: is of another version of IP than the rest of the line (use IPv4 addresses only)"
    ],
    [
      "table 5 blackhole order 7",
      "t:1:9: error: the rule says twice what becomes of packets (write one action a rule)"
    ],
    ["table 5 l3mdev order 7", "t:1:1: error: a rule has l3mdev or an action, not both (remove one of them)"],
    [
      "table 0 order 7",
      "t:1:7: error: a rule looks up no table 0 (write the number of a table, such as main)"
    ],
    ["table 5 sport 20-10 order 7", "t:1:15: error: 20-10 is no range (write FIRST-LAST, such as 1000-1999)"],
    [
      "table 5 nat 10.0.0.1 order 7",
      "t:1:9: error: nat is not supported by this version (the kernel has no rules of this kind)"
    ],
    [
      "table 5 type nat order 7",
      "t:1:14: error: nat is not known here (write one of blackhole, unreachable, prohibit, nop)"
    ],
    ["table 5 prefrence 7", "t:1:9: error: prefrence is no option of a rule (did you mean preference?)"],
    ["table 5 order 7 {\n}", "t:1:17: error: a rule takes no block (remove the block)"]
  ])("%s is an error", (text, diagnostic) => {
    assert.deepStrictEqual(readLine(RuleLine.read, text).diagnostics, [diagnostic])
  })

  it("track_group is a warning", () => {
    assert.deepStrictEqual(readLine(RuleLine.read, "table 5 order 7 track_group G").diagnostics, [
      "t:1:17: warning: track_group has no effect in this version (a rule that somebody takes away is put back)"
    ])
  })
})
