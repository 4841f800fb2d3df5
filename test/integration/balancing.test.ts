/**
 * The scenarios' whole files at work, forwarded by nf_tables.
 *
 * Scenarios c, d and 5 want a virtual MAC address, which this version refuses; their virtual server is the same
 * (`test/conformance/scenarios.test.ts`).
 *
 * On a kernel with IPVS the file would choose that; there one line more chooses nf_tables. Elsewhere the files are as
 * written. `test/ipvs/balancing.ipvs.test.ts` is the same on IPVS.
 */
import * as Child from "../lab/Child.ts"
import * as Daemon from "../lab/Daemon.ts"
import * as Requirement from "../lab/Requirement.ts"
import * as Balancing from "../lab/rules/Balancing.ts"
import * as UserModeLinux from "../lab/uml/UserModeLinux.ts"

const plane: Balancing.Plane = {
  lines: UserModeLinux.isNeeded() ? "" : "global_defs {\n  forwarding_plane nf_tables\n}\n",
  table: (director) => Child.run(director, ["nft", "list", "ruleset"]),
  // Several labs share two cores, and making and removing namespaces holds a lock of the kernel that sending needs.
  marginMicros: 600_000
}

const programs = { LD1: Daemon.underTest, LD2: Daemon.underTest }
const always = ["killedServer", "killedMaster", "linkDown", "terminatedMaster"] as const
const chosen = {
  "a-basic": [...always, "silentServer"],
  "b-unicast": always,
  "6-macvlan": always
} as const

for (const scenario of ["a-basic", "b-unicast", "6-macvlan"] as const) {
  Requirement.suite(`scenario ${scenario} on nf_tables`, [...Requirement.lab, "nft"], () =>
    Balancing.register(programs, scenario, plane, chosen[scenario])
  )
}
