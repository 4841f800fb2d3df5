/** Lines of `virtual_ipaddress`: each option, its default, and what it is refused for. */
import * as AddressLine from "@holdfast/config/AddressLine"
import { VirtualAddress } from "@holdfast/vrrp/Parameters"
import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { readLine } from "./Line.ts"

const usual = { address: "10.0.0.1", prefixLength: 32, scope: 0, tracked: true }
const ipv6 = { address: "fd00::1", prefixLength: 64, scope: 0, tracked: true }

describe("AddressLine", () => {
  it.each<[string, object]>([
    ["10.0.0.1", usual],
    ["10.0.0.1/24", { ...usual, prefixLength: 24 }],
    ["10.0.0.1 label eth0:1", { ...usual, label: "eth0:1" }],
    ["10.0.0.1 scope link", { ...usual, scope: 253 }],
    ["10.0.0.1 scope 17", { ...usual, scope: 17 }],
    ["10.0.0.1/24 brd 10.0.0.99", { ...usual, prefixLength: 24, broadcast: "10.0.0.99" }],
    ["10.0.0.1/24 broadcast +", { ...usual, prefixLength: 24, broadcast: "10.0.0.255" }],
    ["10.0.0.1/24 brd -", { ...usual, prefixLength: 24, broadcast: "10.0.0.0" }],
    ["10.0.0.1 peer 10.9.9.9", { ...usual, peer: "10.9.9.9" }],
    ["10.0.0.1 noprefixroute autojoin", { ...usual, flags: ["noprefixroute", "autojoin"] }],
    ["10.0.0.1 preferred_lft 10", { ...usual, preferredLifetime: 10_000_000 }],
    ["10.0.0.1 preferred_lft forever", usual],
    ["10.0.0.1 no_track", { ...usual, tracked: false }],
    ["fd00::1/64", ipv6],
    ["FD00:0::1/64", ipv6],
    // keepalived keeps an address of a whole prefix from being the source of what the machine sends.
    ["fd00::1", { ...ipv6, prefixLength: 128, preferredLifetime: 0 }],
    ["fd00::1/128", { ...ipv6, prefixLength: 128, preferredLifetime: 0 }],
    ["fd00::1 preferred_lft forever", { ...ipv6, prefixLength: 128 }],
    ["fd00::1/64 -nodad home mngtmpaddr", { ...ipv6, flags: ["dad", "home", "mngtmpaddr"] }],
    ["fd00::1/64 home home", { ...ipv6, flags: ["home"] }],
    ["fd00::1 peer fd00::2", { ...ipv6, prefixLength: 128, peer: "fd00::2", preferredLifetime: 0 }]
  ])("%s", (text, carried) => {
    const { diagnostics, value } = readLine(AddressLine.read, text)

    assert.deepStrictEqual(diagnostics, [])
    assert.deepStrictEqual<unknown>(value?.carried, carried)
    assert.isTrue(Schema.is(VirtualAddress)({ ...value!.carried, interface: "eth0", advertised: true }))
  })

  it.each(["10.0.0.1/", "10.0.0.1/0x8", "10.0.0.1/1e1", "10.0.0.1/-1", "10.0.0.1/24/1", "10.0.0/8", "/8"])(
    "%s is no prefix",
    (text) => {
      const { diagnostics, value } = readLine(AddressLine.read, text)

      assert.isUndefined(value)
      assert.match(diagnostics.join(), /^t:1:[0-9]+: error: /)
    }
  )

  it("names the device of the address, and whether that has a virtual MAC device", () => {
    const { value } = readLine(AddressLine.read, "10.0.0.1 dev eth1 use_vmac")

    assert.strictEqual(value?.interface, "eth1")
    assert.strictEqual(value?.virtualMac?.column, 19)
    assert.isUndefined(readLine(AddressLine.read, "10.0.0.1").value?.interface)
    assert.isUndefined(readLine(AddressLine.read, "10.0.0.1").value?.virtualMac)
  })

  it.each<[string, string, object]>([
    ["10.0.0.1 home", "t:1:10: warning: home has no effect on an IPv4 address (remove home)", usual],
    ["10.0.0.1 -nodad", "t:1:10: warning: -nodad has no effect on an IPv4 address (remove -nodad)", usual],
    [
      "10.0.0.1/31 brd +",
      "t:1:17: warning: a prefix of 31 bits has no broadcast address (remove brd, or write the length of the network's prefix)",
      { ...usual, prefixLength: 31 }
    ],
    ["fd00::1/64 label eth0:1", "t:1:18: warning: an IPv6 address has no label (remove label)", ipv6],
    [
      "10.0.0.1 track_group G",
      "t:1:10: warning: track_group has no effect in this version (an address that somebody takes away is put back)",
      usual
    ]
  ])("%s is a warning", (text, diagnostic, carried) => {
    const { diagnostics, value } = readLine(AddressLine.read, text)

    assert.deepStrictEqual(diagnostics, [diagnostic])
    assert.deepStrictEqual<unknown>(value?.carried, carried)
  })

  it.each<[string, string]>([
    [
      "fd00::1/129",
      "t:1:9: error: 129 is out of range (give a whole number from 0 to 128; keepalived would go on with another value)"
    ],
    ["fd00::1/64 brd +", "t:1:16: error: IPv6 has no broadcast addresses (remove brd)"],
    [
      "10.0.0.1 peer fd00::1",
      "t:1:15: error: the peer fd00::1 is of the other IP version than 10.0.0.1 (correct one of them)"
    ],
    [
      "fd00::1/64 peer fd00::2",
      "t:1:17: error: fd00::1 has a peer, and so no prefix of 64 bits (remove the length, or the peer)"
    ],
    ["10.0.0.1 peer", "t:1:10: error: peer needs a value (write it after peer)"],
    ["10.0.0.1 scope lnk", "t:1:16: error: lnk is no scope that is known here (did you mean link?)"],
    [
      "10.0.0.1 prefered_lft 1",
      "t:1:10: error: prefered_lft is no option of an address (did you mean preferred_lft?)"
    ],
    ["10.0.0.1 {\n}", "t:1:10: error: an address takes no block (remove the block)"]
  ])("%s is an error", (text, diagnostic) => {
    assert.deepStrictEqual(readLine(AddressLine.read, text).diagnostics, [diagnostic])
  })
})
