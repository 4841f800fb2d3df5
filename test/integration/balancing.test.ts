/**
 * Servers that die behind the directors of scenario a, forwarded by nf_tables. What happens when directors die is told by
 * the walks through all scenarios (`scenarios.test.ts`, `scenarios-virtual-mac.test.ts`).
 *
 * On a kernel with IPVS the file would choose that; there one line more chooses nf_tables. Elsewhere the file is as
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

Requirement.suite("scenario a on nf_tables", [...Requirement.lab, "nft"], () =>
  Balancing.register(programs, "a-basic", plane, ["killedServer", "silentServer"])
)
