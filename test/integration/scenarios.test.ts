/**
 * The scenarios whose addresses are on devices that the operator has: a and b on the cards, 6 on a macvlan made by hand.
 */
import { it } from "@effect/vitest"
import * as Requirement from "../lab/Requirement.ts"
import * as WholeScenario from "../lab/rules/WholeScenario.ts"

const scenarios = {
  "a-basic": "a, multicast",
  "b-unicast": "b, unicast",
  "6-macvlan": "6, a macvlan made by hand"
} as const

Requirement.suite("the whole of scenario", [...Requirement.lab, "nft"], () => {
  for (const scenario of ["a-basic", "b-unicast", "6-macvlan"] as const) {
    it.live(scenarios[scenario], () => WholeScenario.walk(scenario), WholeScenario.withinMillis)
  }
})
