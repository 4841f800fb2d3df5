import * as Keywords from "@holdfast/config/Keywords"
import * as Suggestion from "@holdfast/config/Suggestion"
import { assert, describe, it } from "@effect/vitest"

describe("Keywords", () => {
  it.each<[Keywords.Section, number]>([
    ["global_defs", 140 + 2],
    ["vrrp_instance", 70],
    ["authentication", 2],
    ["auth_hmac", 5],
    ["virtual_server", 39 + 2],
    ["real_server", 16 + 10],
    ["TCP_CHECK", 13],
    ["PING_CHECK", 13],
    ["UDP_CHECK", 17],
    ["DNS_CHECK", 15],
    ["SMTP_CHECK", 15],
    ["host", 13],
    ["MISC_CHECK", 10],
    // The manual has one that keepalived has not.
    ["FILE_CHECK", 2 + 1],
    ["HTTP_GET", 20 + 2],
    ["SSL_GET", 21 + 3],
    ["url", 11],
    ["SSL", 4],
    ["vrrp_script", 8],
    ["vrrp_track_process", 9],
    ["track_file", 3],
    // The manual has one that keepalived has not.
    ["vrrp_sync_group", 15 + 1],
    ["garp_group", 4]
  ])("%s knows every keyword of keepalived 2.4 and ours, each in one state", (section, count) => {
    const names = Keywords.namesOf(section)

    assert.strictEqual(new Set(names).size, count)
    assert.strictEqual(names.length, count)
  })

  it("knows the state of a keyword in its section only", () => {
    assert.strictEqual(Keywords.stateOf("vrrp_instance", "priority"), "supported")
    assert.strictEqual(Keywords.stateOf("vrrp_instance", "vrf"), "unsupported")
    assert.strictEqual(Keywords.stateOf("vrrp_instance", "debug"), "ignored")
    assert.strictEqual(Keywords.stateOf("vrrp_instance", "promote_secondaries"), "kept")
    assert.isUndefined(Keywords.stateOf("global_defs", "priority"))
    assert.deepStrictEqual(Keywords.sectionsWith("weight"), [
      "virtual_server",
      "real_server",
      "FILE_CHECK",
      "vrrp_script",
      "vrrp_track_process",
      "track_file"
    ])
  })

  it("a section begins no line of any block", () => {
    assert.isTrue(Keywords.sections.has("vrrp_instance"))
    assert.isFalse(Keywords.sections.has("track_file"))
  })
})

describe("Suggestion", () => {
  it.each<[string, string | undefined]>([
    ["priorty", "priority"],
    ["pirority", "priority"],
    ["prioritty", "priority"],
    ["interfaec", "interface"],
    ["stat", "state"],
    ["sate", "state"],
    ["rfom", "from"],
    ["stt", undefined],
    ["prrty", undefined],
    ["x".repeat(100_000), undefined]
  ])("%s", (word, expected) => {
    assert.strictEqual(Suggestion.nearest(word, ["priority", "interface", "state", "from"]), expected)
  })

  it("prefers the nearer candidate", () => {
    assert.strictEqual(
      Suggestion.nearest("notify_mastr", ["notify_faster", "notify_master"]),
      "notify_master"
    )
  })
})
