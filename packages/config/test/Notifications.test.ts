/** Scripts, pipes and mail: whom the file wants told of what. */
import * as Notification from "@holdfast/vrrp/NotificationParameters"
import { assert, describe, it } from "@effect/vitest"
import { addresses, configurationOf, diagnosticsOf, globals, instanceOf } from "./Instance.ts"

const ipv4 = addresses("10.0.0.1")

const file = (lines: string, all = "", more = "") => globals(all) + instanceOf(`${lines}\n${ipv4}`) + more

const notificationsOf = (text: string) => configurationOf(text).notifications

const told: Notification.ObjectNotification = {
  type: "INSTANCE",
  name: "V",
  scripts: {},
  mail: false,
  priorityChanges: false
}

describe("what an instance wants told", () => {
  it("nothing by default", () => {
    assert.deepStrictEqual(notificationsOf(file("")), Notification.none)
    assert.deepStrictEqual(notificationsOf(file("smtp_alert off")), Notification.none)
  })

  it("notify_deleted alone asks for another word than FAULT", () => {
    assert.deepStrictEqual(notificationsOf(file("notify_deleted")).objects, [{ ...told, deleted: true }])
  })

  it.each([
    ["notify_master", "MASTER"],
    ["notify_backup", "BACKUP"],
    ["notify_fault", "FAULT"],
    ["notify_stop", "STOP"],
    ["notify_deleted", "DELETED"],
    ["notify_master_rx_lower_pri", "MASTER_RX_LOWER_PRI"]
  ])("%s", (keyword, notice) => {
    assert.deepStrictEqual<unknown>(
      notificationsOf(file(`${keyword} "/bin/tell it" nobody nogroup`)).objects,
      [{ ...told, scripts: { [notice]: { words: ["/bin/tell", "it"], user: "nobody", group: "nogroup" } } }]
    )
  })

  it.each<[string, string, string, ReadonlyArray<object>]>([
    ["notify", "notify /bin/any", "", [{ ...told, any: { words: ["/bin/any"] } }]],
    ["smtp_alert", "smtp_alert", "", [{ ...told, mail: true }]],
    ["smtp_alert of the file", "", "smtp_alert", [{ ...told, mail: true }]],
    ["smtp_alert_vrrp goes before smtp_alert", "", "smtp_alert\nsmtp_alert_vrrp off", []],
    ["its own smtp_alert goes before both", "smtp_alert off", "smtp_alert_vrrp", []],
    ["priorities", "notify_priority_changes", "", [{ ...told, priorityChanges: true }]],
    ["priorities of the file", "", "vrrp_notify_priority_changes", [{ ...told, priorityChanges: true }]]
  ])("%s", (_, own, all, expected) => {
    assert.deepStrictEqual<unknown>(notificationsOf(file(own, all)).objects, expected)
  })

  it("a group is told of itself, and its members take from it whether priorities are told", () => {
    const group = "vrrp_sync_group G {\ngroup {\nV\n}\nnotify_master /bin/group\nnotify_priority_changes\n}\n"
    const { objects } = notificationsOf(file("", "", group))

    assert.deepStrictEqual<unknown>(objects, [
      { ...told, priorityChanges: true },
      {
        type: "GROUP",
        name: "G",
        scripts: { MASTER: { words: ["/bin/group"] } },
        mail: false,
        priorityChanges: true
      }
    ])
    assert.deepStrictEqual<unknown>(
      notificationsOf(file("notify_priority_changes off", "", group)).objects.map(({ name }) => name),
      ["G"]
    )
  })
})

describe("pipes and mail", () => {
  it("the pipe of all and that of VRRP are told, with their readers", () => {
    const { fifos, statesOnReload } = notificationsOf(
      file(
        "",
        "notify_fifo /run/all\nvrrp_notify_fifo /run/vrrp\nvrrp_notify_fifo_script /bin/read\nfifo_write_vrrp_states_on_reload"
      )
    )

    assert.deepStrictEqual<unknown>(fifos, [
      { path: "/run/all" },
      { path: "/run/vrrp", script: { words: ["/bin/read"] } }
    ])
    assert.isTrue(statesOnReload)
  })

  it("mail has a server and recipients; what the host knows is left to it", () => {
    const { mail, mailFaults, routerId } = notificationsOf(
      file(
        "",
        "router_id ld-1\nnotification_email {\na@b.example\nc@d.example\na@b.example\n}\nsmtp_server 10.0.0.25"
      )
    )

    assert.deepStrictEqual<unknown>(mail, {
      host: "10.0.0.25",
      port: 25,
      timeout: 30_000_000,
      recipients: ["a@b.example", "c@d.example"]
    })
    assert.isTrue(mailFaults)
    assert.strictEqual(routerId, "ld-1")
  })

  it("all of mail", () => {
    const { mail, mailFaults } = notificationsOf(
      file(
        "",
        "notification_email {\na@b.example\n}\nnotification_email_from ld@b.example\nsmtp_server mail.example 587\nsmtp_helo_name ld.example\nsmtp_connect_timeout 3\nno_email_faults"
      )
    )

    assert.deepStrictEqual<unknown>(mail, {
      host: "mail.example",
      port: 587,
      helloName: "ld.example",
      timeout: 3_000_000,
      from: "ld@b.example",
      recipients: ["a@b.example"]
    })
    assert.isFalse(mailFaults)
  })

  it.each([
    [
      "smtp_alert",
      "t:2:1: warning: no mail is sent: notification_email is missing (add notification_email to global_defs)"
    ],
    [
      "smtp_server 10.0.0.25",
      "t:2:13: warning: no mail is sent: notification_email is missing (add notification_email to global_defs)"
    ],
    [
      "notification_email {\na@b.example\n}",
      "t:2:1: warning: no mail is sent: smtp_server is missing (add smtp_server to global_defs)"
    ],
    [
      "vrrp_notify_fifo_script /bin/x",
      "t:2:25: error: vrrp_notify_fifo_script has no pipe to read from (add vrrp_notify_fifo PATH)"
    ],
    [
      "notify_fifo_script /bin/x",
      "t:2:20: error: notify_fifo_script has no pipe to read from (add notify_fifo PATH)"
    ]
  ])("%j", (all, message) => {
    assert.deepStrictEqual(diagnosticsOf(file("", all)), [message])
  })
})
