/**
 * Our daemon beside keepalived in every mode of VRRP, each in each role.
 */
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Daemon from "../lab/Daemon.ts"
import * as Requirement from "../lab/Requirement.ts"
import * as Election from "../lab/rules/Election.ts"
import * as Mode from "./Mode.ts"

// The slowest first: tests that run at the same time then end together.
const modes: Readonly<Record<string, Mode.Mode>> = {
  "version 2, PASS": { version: 2, advertSeconds: 1, family: "ipv4", authentication: "PASS" },
  "version 2, AH": { version: 2, advertSeconds: 1, family: "ipv4", authentication: "AH" },
  "version 2, use_vmac": { version: 2, advertSeconds: 1, family: "ipv4", device: "sends" },
  "version 3, IPv4, 100 ms": { version: 3, advertSeconds: 0.1, family: "ipv4" },
  "version 3, IPv4, unicast": { version: 3, advertSeconds: 0.3, family: "ipv4", isUnicast: true },
  "version 3, IPv6": { version: 3, advertSeconds: 0.3, family: "ipv6" },
  "version 3, IPv6, unicast": { version: 3, advertSeconds: 0.3, family: "ipv6", isUnicast: true },
  "version 3, vmac_xmit_base": { version: 3, advertSeconds: 0.3, family: "ipv4", device: "receives" },
  "version 3, use_vmac, unicast": {
    version: 3,
    advertSeconds: 0.3,
    family: "ipv4",
    device: "receives",
    isUnicast: true
  },
  "version 3, IPv6, use_vmac": { version: 3, advertSeconds: 0.3, family: "ipv6", device: "sends" }
}

const plain: Mode.Mode = { version: 3, advertSeconds: 0.3, family: "ipv4", isPlain: true }

const takeTurns = (mode: Mode.Mode, LD1: Daemon.Program, LD2: Daemon.Program) =>
  Effect.asVoid(
    Election.takeTurns({ LD1: Mode.player(mode, LD1), LD2: Mode.player(mode, LD2) }, Mode.expected(mode))
  )

Requirement.suite("our daemon and keepalived", [...Requirement.lab, "keepalived"], () => {
  for (const [name, mode] of Object.entries(modes)) {
    it.live(`${name}: ours is Master, keepalived is Backup`, () =>
      takeTurns(mode, Daemon.underTest, Daemon.keepalived)
    )
    it.live(`${name}: keepalived is Master, ours is Backup`, () =>
      takeTurns(mode, Daemon.keepalived, Daemon.underTest)
    )
  }
})

Requirement.suite("two of our daemons", Requirement.lab, () => {
  it.live("version 3, v3_checksum_as_v2, which keepalived 2.2.7 does not know", () =>
    takeTurns(plain, Daemon.underTest, Daemon.underTest)
  )
})
