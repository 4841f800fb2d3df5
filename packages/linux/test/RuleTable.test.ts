import * as Rule from "@holdfast/netlink/Rule"
import * as RuleTable from "@holdfast/linux/RuleTable"
import type { VirtualRule } from "@holdfast/vrrp/VirtualRule"
import type { IpAddress } from "@holdfast/wire/Address"
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import { assert, describe, it } from "@effect/vitest"

const rule = (details: Partial<VirtualRule> = {}): VirtualRule => ({
  family: "Ipv4",
  action: { _tag: "Table", table: 300 },
  layer3Master: false,
  inverted: false,
  protocol: 112,
  tracked: true,
  ...details
})

const prefix = (address: string, length: number) => ({ address: address as IpAddress, length })

/** What the kernel tells of a rule that it was asked for, and gave a priority. */
const told = (asked: VirtualRule): Rule.Rule => {
  const request = Rule.add({ ...RuleTable.newRule(asked), priority: asked.priority ?? 32_765 })
  return Rule.decode({ ...request, sequence: 0, port: 0 })!
}

const rules: ReadonlyArray<VirtualRule> = [
  rule(),
  rule({ from: prefix("192.0.2.0", 24), to: prefix("198.51.100.7", 32), typeOfService: 4 }),
  rule({ priority: 0, from: prefix("192.0.2.9", 32) }),
  rule({ priority: 100, action: { _tag: "Goto", priority: 200 } }),
  rule({ action: { _tag: "Prohibit" }, mark: { value: 0, mask: 0xff }, inverted: true }),
  rule({
    family: "Ipv6",
    inputInterface: "eth0" as InterfaceName,
    outputInterface: "eth1" as InterfaceName,
    ipProtocol: 6,
    sourcePorts: { first: 1, last: 2 },
    destinationPorts: { first: 80, last: 80 },
    users: { first: 0, last: 0 },
    tunnelId: 9,
    suppressPrefixLength: 0,
    suppressInterfaceGroup: 0
  }),
  rule({ realms: 5 }),
  rule({ protocol: 4 })
]

describe("isSame", () => {
  it("knows each rule by what the kernel tells of it, and no other", () => {
    for (const [index, asked] of rules.entries())
      assert.deepStrictEqual(
        rules.map((other) => RuleTable.isSame(asked, told(other))),
        rules.map((_, other) => other === index)
      )
  })

  it("takes a rule without priority for the same wherever it is, and one with priority only there", () => {
    const asked = rule({ from: prefix("192.0.2.1", 32) })
    const present = { ...told(asked), priority: 7 }

    assert.isTrue(RuleTable.isSame(asked, present))
    assert.isTrue(RuleTable.isSame({ ...asked, priority: 7 }, present))
    assert.isFalse(RuleTable.isSame({ ...asked, priority: 8 }, present))
  })

  it("takes a prefix of no bits for none", () => {
    assert.isTrue(RuleTable.isSame(rule({ from: prefix("0.0.0.0", 0) }), told(rule())))
  })
})
