/**
 * Our daemon beside keepalived, each in each role, in the scenarios as written.
 */
import * as Daemon from "../lab/Daemon.ts"
import * as Requirement from "../lab/Requirement.ts"
import * as Takeover from "../lab/rules/Takeover.ts"

const ourMaster = { LD1: Daemon.underTest, LD2: Daemon.keepalived }
const theirMaster = { LD1: Daemon.keepalived, LD2: Daemon.underTest }
const requirements = [...Requirement.lab, "keepalived"] as const

for (const scenario of ["a-basic", "b-unicast"] as const) {
  Requirement.suite(`ours is Master, keepalived is Backup, ${scenario}`, requirements, () =>
    Takeover.register(ourMaster, scenario)
  )
  Requirement.suite(`keepalived is Master, ours is Backup, ${scenario}`, requirements, () =>
    Takeover.register(theirMaster, scenario)
  )
}
