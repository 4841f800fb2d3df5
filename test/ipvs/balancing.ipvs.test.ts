/**
 * The scenarios' whole files at work, exactly as written, forwarded by IPVS.
 *
 * One lab at a time: User-Mode Linux has one processor.
 */
import { describe } from "@effect/vitest"
import * as Child from "../lab/Child.ts"
import * as Daemon from "../lab/Daemon.ts"
import * as Balancing from "../lab/rules/Balancing.ts"

const plane: Balancing.Plane = {
  lines: "",
  table: (director) => Child.run(director, ["ipvsadm", "-Ln"]),
  // Four daemons and servers share one processor whose system calls are a hundred times slower.
  marginMicros: 1_500_000
}

describe("scenario a on IPVS", () => Balancing.register(Daemon.underTest, "a-basic", plane))
describe("scenario b on IPVS", () =>
  Balancing.register(Daemon.underTest, "b-unicast", plane, ["killedServer"]))
describe("scenario 6 on IPVS", () =>
  Balancing.register(Daemon.underTest, "6-macvlan", plane, ["terminatedMaster"]))
