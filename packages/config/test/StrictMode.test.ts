/** `strict_mode` and `vrrp_strict`: what they change, exclude and warn of. */
import { assert, describe, it } from "@effect/vitest"
import { addresses, diagnosticsOf, globals, instanceOf, routerOf } from "./Instance.ts"

const ipv4 = addresses("10.0.0.1")

const strict = (lines: string, block = ipv4) => instanceOf(`strict_mode\n${lines}\n${block}`)

const deaf = "STRICT MODE MAKES THE ADDRESSES DEAF"

/** What is said beside the addresses that are deaf. */
const othersOf = (text: string) => diagnosticsOf(text).filter((line) => !line.includes(deaf))

describe("strict mode", () => {
  it("keeps to the RFC", () => {
    const router = routerOf(strict(""))

    assert.isFalse(router.accept)
    assert.isFalse(router.answerLowerPriority)
    assert.isFalse(router.answerHigherPriority)
    assert.strictEqual<number>(router.announcement.lowerPriorityRepeatCount, 0)
    assert.strictEqual<number>(router.announcement.lowerPriorityDelay, 0)
    assert.strictEqual(router.announcement.repeatCount, 5)
  })

  it.each([
    ["of the file", globals("vrrp_strict") + instanceOf(ipv4), false],
    [
      "of the file, but not of the instance",
      globals("vrrp_strict") + instanceOf(`strict_mode off\n${ipv4}`),
      true
    ],
    ["the owner", strict("state MASTER\npriority 255"), true],
    ["accept of version 3", strict("version 3\naccept"), true],
    ["accept of version 2", strict("accept"), false],
    ["no_accept after accept", strict("version 3\naccept\nno_accept"), false]
  ])("accepts packets: %s", (_, text, expected) => {
    assert.strictEqual(routerOf(text).accept, expected)
  })

  it.each([
    ["version 2", strict(""), 1],
    ["version 3", strict("version 3"), 1],
    ["the file", globals("vrrp_strict") + instanceOf(ipv4), 1],
    ["the owner", strict("state MASTER\npriority 255"), 0],
    ["accept of version 3", strict("version 3\naccept"), 0],
    ["no_accept: it is meant", strict("no_accept"), 0]
  ])("warns aloud that the addresses are deaf: %s", (_, text, count) => {
    assert.strictEqual(diagnosticsOf(text).filter((line) => line.includes(deaf)).length, count)
  })

  it("the warning tells what to do", () => {
    assert.deepStrictEqual(diagnosticsOf(strict("version 3")), [
      "t:4:1: warning: STRICT MODE MAKES THE ADDRESSES DEAF: while this router is Master, every packet to them is dropped, pings and connections too (remove strict_mode or vrrp_strict, or add accept; keep it where packets are routed through the addresses alone)"
    ])
  })

  it.each<[string, ReadonlyArray<string>]>([
    [
      "authentication {\nauth_type AH\nauth_pass x\n}",
      ["t:5:1: warning: authentication has no effect in strict mode"]
    ],
    ["preempt_delay 3", ["t:5:15: warning: preempt_delay has no effect in strict mode"]],
    ["accept", ["t:5:1: warning: accept of VRRP version 2 has no effect in strict mode"]],
    ["garp_lower_prio_repeat 3", ["t:5:24: warning: garp_lower_prio_repeat has no effect in strict mode"]],
    ["garp_lower_prio_delay 3", ["t:5:23: warning: garp_lower_prio_delay has no effect in strict mode"]],
    ["lower_prio_no_advert off", ["t:5:22: warning: lower_prio_no_advert off has no effect in strict mode"]],
    ["higher_prio_send_advert", ["t:5:1: warning: higher_prio_send_advert has no effect in strict mode"]],
    ["down_timer_adverts 4", ["t:5:20: warning: down_timer_adverts has no effect in strict mode"]],
    ["use_vmac\nvmac_xmit_base", ["t:6:1: warning: vmac_xmit_base has no effect in strict mode"]]
  ])("%j is set back with a warning", (lines, expected) => {
    const text = strict(lines)
    const router = routerOf(text)

    assert.deepStrictEqual(
      othersOf(text),
      expected.map((line) => `${line} (remove one of them)`)
    )
    assert.isUndefined(router.authentication)
    assert.strictEqual<number>(router.preemptDelay, 0)
    assert.strictEqual(router.downAdverts, 3)
    assert.notStrictEqual(router.virtualMac?.transmitBase, true)
  })

  it("a link-layer address of one's own has no effect", () => {
    const text = strict("use_vmac 02:00:00:00:00:01")

    assert.strictEqual<string | undefined>(routerOf(text).virtualMac?.mac, "00:00:5e:00:01:01")
    assert.deepStrictEqual(othersOf(text), [
      "t:5:10: warning: this address has no effect in strict mode (remove it)"
    ])
  })

  it.each([
    ["state MASTER", strict("state MASTER\npriority 9"), "t:5:7"],
    ["state BACKUP", strict("state BACKUP\npriority 255"), "t:5:7"]
  ])("%s must be as the priority says", (_, text, place) => {
    assert.deepStrictEqual(othersOf(text), [
      `${place}: warning: in strict mode state MASTER is for priority 255, and BACKUP for all others (the router starts as its priority says; write the other state)`
    ])
  })

  it("auth_hmac may stay, if it enforces", () => {
    const block = (mode: string) =>
      strict(`auth_hmac {\nkey 1 hex:${"0f".repeat(32)}\nactive_key 1\nmode ${mode}\n}`)

    assert.strictEqual(routerOf(block("enforce")).authentication?._tag, "Hmac")
    assert.deepStrictEqual(othersOf(block("permissive")), [
      "t:5:1: error: strict mode needs mode enforce in auth_hmac (remove one of them)"
    ])
  })

  it.each([
    [
      strict("unicast_peer {\n10.0.0.9\n}"),
      "t:5:1: error: strict mode has no unicast peers (remove one of them)"
    ],
    [
      strict("no_virtual_ipaddress", ""),
      "t:1:15: error: vrrp_instance V advertises no address, as strict mode needs (add virtual_ipaddress)"
    ]
  ])("%j is refused", (text, message) => {
    assert.deepStrictEqual(othersOf(text), [message])
  })
})
