/**
 * Two directors with our daemon, in the scenarios as written.
 */
import * as Daemon from "../lab/Daemon.ts"
import * as Requirement from "../lab/Requirement.ts"
import * as Takeover from "../lab/rules/Takeover.ts"

const programs = { LD1: Daemon.underTest, LD2: Daemon.underTest }

Requirement.suite("scenario a: multicast", Requirement.lab, () => Takeover.register(programs, "a-basic"))
Requirement.suite("scenario b: unicast", Requirement.lab, () => Takeover.register(programs, "b-unicast"))
