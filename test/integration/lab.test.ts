/**
 * The lab itself, proved with keepalived on both sides: the rules our daemon is held to are rules keepalived keeps.
 */
import * as Daemon from "../lab/Daemon.ts"
import * as Requirement from "../lab/Requirement.ts"
import * as Takeover from "../lab/rules/Takeover.ts"

Requirement.suite("keepalived beside keepalived, multicast", [...Requirement.lab, "keepalived"], () => {
  Takeover.register({ LD1: Daemon.keepalived, LD2: Daemon.keepalived }, "a-basic")
})
