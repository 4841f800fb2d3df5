import * as Configuration from "@holdfast/config/Configuration"
import * as Option from "effect/Option"
import { assert, describe, it } from "@effect/vitest"
import * as PlaneReport from "../src/PlaneReport.ts"

/** Two virtual servers, one with a scheduler and one with a method that nf_tables does not have. */
const parametersOf = (plane: string) =>
  Option.getOrThrow(
    Configuration.read({
      file: "web.conf",
      text: `
        global_defs {
          forwarding_plane ${plane}
        }
        virtual_server 192.0.2.1 80 {
          protocol TCP
          lvs_sched wlc
          real_server 10.0.0.1 80 {
          }
        }
        virtual_server 192.0.2.2 80 {
          protocol TCP
          lvs_sched wrr
          lvs_method DR
          real_server 10.0.0.1 80 {
          }
        }
      `
    }).configuration
  ).balancer

const note = "TCP 192.0.2.1:80: lvs_sched wlc is done as wrr: nf_tables does not count open connections"
const refusal = "TCP 192.0.2.2:80: 10.0.0.1:80: lvs_method DR needs IPVS: nf_tables can only do NAT"

describe("PlaneReport", () => {
  it("with nf_tables asked for, what it cannot do is a mistake", () => {
    assert.deepStrictEqual(PlaneReport.of(parametersOf("nf_tables"), true), {
      notes: [note],
      refusals: [refusal]
    })
  })

  it("with auto and no IPVS here all of it is worth a warning, since the file may be for another machine", () => {
    assert.deepStrictEqual(PlaneReport.of(parametersOf("auto"), false), {
      notes: [`without IPVS, as here: ${note}`, `without IPVS, as here: ${refusal}`],
      refusals: []
    })
  })

  it("says nothing where IPVS carries the services", () => {
    const silence = { notes: [], refusals: [] }

    assert.deepStrictEqual(PlaneReport.of(parametersOf("auto"), true), silence)
    assert.deepStrictEqual(PlaneReport.of(parametersOf("ipvs"), false), silence)
  })
})
