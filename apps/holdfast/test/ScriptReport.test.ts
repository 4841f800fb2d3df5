/** Which scripts of a file are said to be unable to run. */
import { assert, describe, it } from "@effect/vitest"
import * as Configuration from "@holdfast/config/Configuration"
import * as Option from "effect/Option"
import * as ScriptReport from "../src/ScriptReport.ts"

const text = `
global_defs {
  script_user root
  startup_script /nowhere/startup
  shutdown_script /nowhere/shutdown
  notify_fifo /run/all
  notify_fifo_script /nowhere/all
  vrrp_notify_fifo /run/vrrp
  vrrp_notify_fifo_script /nowhere/vrrp
  lvs_notify_fifo /run/lvs
  lvs_notify_fifo_script /nowhere/lvs
}
vrrp_script proxy {
  script /nowhere/proxy
}
vrrp_script good {
  script /bin/true
}
vrrp_sync_group both {
  group {
    web
  }
  notify_fault /nowhere/fault
}
vrrp_instance web {
  interface eth0
  virtual_router_id 51
  priority 100
  track_script {
    proxy
    good
  }
  virtual_ipaddress {
    192.0.2.10
  }
  notify_master /nowhere/master
  notify_backup /bin/true
  notify_stop /nowhere/stop
  notify_deleted /nowhere/deleted
  notify_master_rx_lower_pri /nowhere/lower
  notify /nowhere/any
}
virtual_server 192.0.2.10 80 {
  quorum_up /nowhere/quorum
  real_server 10.0.0.1 80 {
    MISC_CHECK {
      misc_path /nowhere/check
    }
  }
}
`

const configuration = Option.getOrThrow(Configuration.read({ file: "holdfast.conf", text }).configuration)

/** What each refusal is about, and the program that it names. */
const refused = (parts?: ScriptReport.Parts): ReadonlyArray<string> =>
  ScriptReport.refusals(configuration, parts).map((line) => {
    assert.include(line, "cannot be found")
    return line.slice(0, line.indexOf(" cannot be found"))
  })

const common = ["startup_script: /nowhere/startup", "shutdown_script: /nowhere/shutdown"]
const ofVrrp = [
  "pipe /run/all: /nowhere/all",
  "pipe /run/vrrp: /nowhere/vrrp",
  "vrrp_script proxy: /nowhere/proxy",
  "vrrp_sync_group both: notify_fault: /nowhere/fault",
  "vrrp_instance web: notify_master: /nowhere/master",
  "vrrp_instance web: notify_stop: /nowhere/stop",
  "vrrp_instance web: notify_deleted: /nowhere/deleted",
  "vrrp_instance web: notify_master_rx_lower_pri: /nowhere/lower",
  "vrrp_instance web: notify: /nowhere/any"
]
const ofBalancer = [
  "pipe /run/lvs: /nowhere/lvs",
  "UDP 192.0.2.10:80: quorum_up: /nowhere/quorum",
  "UDP 192.0.2.10:80: 10.0.0.1:80: MISC_CHECK: /nowhere/check"
]

describe("ScriptReport.refusals", () => {
  it("names every script that cannot run, once", () => {
    assert.sameMembers([...refused()], [...common, ...ofVrrp, ...ofBalancer])
  })

  it("names those of the parts that run", () => {
    assert.sameMembers([...refused({ vrrp: true, balancer: false })], [...common, ...ofVrrp])
    assert.sameMembers(
      [...refused({ vrrp: false, balancer: true })],
      [...common, "pipe /run/all: /nowhere/all", ...ofBalancer]
    )
  })
})
