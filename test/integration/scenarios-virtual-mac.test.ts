/**
 * The scenarios whose virtual MAC device the daemon makes: c, d and 5.
 */
import { it } from "@effect/vitest"
import * as Requirement from "../lab/Requirement.ts"
import * as WholeScenario from "../lab/rules/WholeScenario.ts"

const scenarios = {
  "c-vmac-multicast": "c, virtual MAC and multicast",
  "d-vmac-unicast": "d, virtual MAC and unicast",
  "5-vmac-xmit-base": "5, virtual MAC and adverts from the card"
} as const

Requirement.suite("the whole of scenario", [...Requirement.lab, "nft"], () => {
  for (const scenario of ["c-vmac-multicast", "d-vmac-unicast", "5-vmac-xmit-base"] as const) {
    it.live(scenarios[scenario], () => WholeScenario.walk(scenario), WholeScenario.withinMillis)
  }
})
