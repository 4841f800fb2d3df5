/** Which virtual routers go together, and whom a group tells. */
import { assert, describe, it } from "@effect/vitest"
import { configurationOf, diagnosticsOf } from "./Instance.ts"

const instance = (name: string, vrid: number, lines = "") =>
  `vrrp_instance ${name} {\ninterface eth0\nvirtual_router_id ${vrid}\nvirtual_ipaddress {\n10.0.0.${vrid}\n}\n${lines}\n}\n`

const three = instance("A", 1) + instance("B", 2) + instance("C", 3)
const groupsOf = (text: string) => configurationOf(text + three).shared.groups

describe("SyncGroups", () => {
  it("members are those of the block, in its order", () => {
    assert.deepStrictEqual<unknown>(groupsOf("vrrp_sync_group G {\ngroup {\nB\nA\n}\n}\n"), [
      { name: "G", kind: "Group", members: ["B", "A"] }
    ])
  })

  it("a member that is listed twice is one member", () => {
    assert.deepStrictEqual<unknown>(groupsOf("vrrp_sync_group G {\ngroup {\nA\nB\nA\n}\n}\n"), [
      { name: "G", kind: "Group", members: ["A", "B"] }
    ])
  })

  it("the older form names them without a block, with one warning", () => {
    const text = "vrrp_sync_group G {\nA\nB\nsmtp_alert\n}\n"

    assert.deepStrictEqual<unknown>(groupsOf(text), [{ name: "G", kind: "Group", members: ["A", "B"] }])
    assert.deepStrictEqual(
      diagnosticsOf(text + three).filter((line) => line.includes("older form")),
      [
        "t:2:1: warning: members in the section itself are of the older form (put the members into group { … })"
      ]
    )
  })

  it("both routers of an instance of two families are members", () => {
    const both = "virtual_ipaddress {\n10.0.0.4\nfe80::4\n}"
    const pair = `vrrp_instance D {\ninterface eth0\nvirtual_router_id 4\nversion 3\n${both}\n}\n`

    assert.deepStrictEqual<unknown>(groupsOf(`vrrp_sync_group G {\ngroup {\nA\nD\n}\n}\n${pair}`), [
      { name: "G", kind: "Group", members: ["A", "D", "D (IPv6)"] }
    ])
    assert.deepStrictEqual<unknown>(groupsOf(pair), [
      { name: "D", kind: "Instance", members: ["D", "D (IPv6)"] }
    ])
  })

  it.each<[string, string]>([
    [
      "vrrp_sync_group G {\ngroup {\nA\n}\n}\n",
      "t:1:17: warning: vrrp_sync_group G has one member only (add the others, or remove it)"
    ],
    [
      "vrrp_sync_group G {\ngroup {\nA\nB\nA\n}\n}\n",
      "t:5:1: warning: A is listed twice (remove one of them)"
    ],
    [
      "vrrp_sync_group G {\n}\n",
      "t:1:17: error: vrrp_sync_group G has no members (add group { … }, or remove it)"
    ],
    [
      "vrrp_sync_group G {\ngroup {\nA\nB\nX\n}\n}\n",
      "t:5:1: error: there is no vrrp_instance X (did you mean A?)"
    ],
    [
      "vrrp_sync_group G {\ngroup {\nA\nB\nnobody\n}\n}\n",
      "t:5:1: error: there is no vrrp_instance nobody (add vrrp_instance nobody, or correct the name)"
    ],
    [
      "vrrp_sync_group G {\ngroup {\nA\nB\n}\n}\nvrrp_sync_group H {\ngroup {\nB\nC\n}\n}\n",
      "t:9:1: error: B is already in vrrp_sync_group G (an instance is in one group at most)"
    ],
    [
      "vrrp_sync_group G {\ngroup {\nA\nB\n}\n}\nvrrp_sync_group G {\ngroup {\nC\nC\n}\n}\n",
      "t:7:17: error: vrrp_sync_group G is already defined at t:1:17 (give each its own name)"
    ],
    [
      "vrrp_sync_group G {\ngroup {\nA\nB\n}\nglobal_tracking\n}\n",
      "t:6:1: warning: global_tracking is out of use (write track_interface, track_script and their like in the group, or sync_group_tracking_weight)"
    ],
    [
      "vrrp_sync_group G {\ngroup {\nA\nB\n}\nnotify_deleted\n}\n",
      "t:6:1: warning: notify_deleted has no effect in this version"
    ],
    [
      "vrrp_sync_group G {\ngroup {\nA\nB\n}\ntrack_bfd {\nb\n}\n}\n",
      "t:6:1: error: track_bfd is not supported by this version (the configuration is refused, because running without it would be wrong)"
    ],
    [
      "vrrp_sync_group G {\ngroup {\nA\nB\n}\nnotify_mastr /bin/true\n}\n",
      "t:6:1: error: notify_mastr is not a keyword in vrrp_sync_group (did you mean notify_master?)"
    ]
  ])("%j", (text, diagnostic) => {
    assert.deepStrictEqual(diagnosticsOf(text + three), [diagnostic])
  })

  it("address owners and others in one group are a warning", () => {
    const owner = instance("D", 4, "priority 255")
    const text = `vrrp_sync_group G {\ngroup {\nA\nD\n}\n}\n${three}${owner}`

    assert.deepStrictEqual(diagnosticsOf(text), [
      "t:1:17: warning: vrrp_sync_group G mixes address owners (priority 255) with other routers (give all members a priority below 255, or all 255)"
    ])
  })

  it("a group tells for itself", () => {
    const lines =
      "notify /bin/any\nnotify_master /bin/master\nnotify_backup /bin/backup\nnotify_fault /bin/fault\nnotify_stop /bin/stop\nnotify_priority_changes\nsmtp_alert"
    const { notifications } = configurationOf(`vrrp_sync_group G {\ngroup {\nA\nB\n}\n${lines}\n}\n${three}`)

    assert.deepStrictEqual<unknown>(
      notifications.objects.find(({ type }) => type === "GROUP"),
      {
        type: "GROUP",
        name: "G",
        scripts: {
          MASTER: { words: ["/bin/master"] },
          BACKUP: { words: ["/bin/backup"] },
          FAULT: { words: ["/bin/fault"] },
          STOP: { words: ["/bin/stop"] }
        },
        any: { words: ["/bin/any"] },
        mail: true,
        priorityChanges: true
      }
    )
  })
})
