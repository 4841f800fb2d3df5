/**
 * The scenarios' whole files at work, exactly as written, forwarded by IPVS.
 *
 * One lab at a time: User-Mode Linux has one processor.
 */
import { describe } from "@effect/vitest"
import * as Daemon from "../lab/Daemon.ts"
import * as Balancing from "../lab/rules/Balancing.ts"

const programs = { LD1: Daemon.underTest, LD2: Daemon.underTest }

describe("scenario a on IPVS", () =>
  Balancing.register(programs, "a-basic", Balancing.ipvs, [
    "killedServer",
    "killedMaster",
    "linkDown",
    "terminatedMaster"
  ]))
describe("scenario b on IPVS", () =>
  Balancing.register(programs, "b-unicast", Balancing.ipvs, ["killedServer"]))
describe("scenario 6 on IPVS", () =>
  Balancing.register(programs, "6-macvlan", Balancing.ipvs, ["terminatedMaster"]))
