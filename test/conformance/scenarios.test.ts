/**
 * The virtual server of all six scenarios is one and the same, so what is tested end to end with some of them
 * (`test/lab/rules/Balancing.ts`) holds for all.
 */
import { readdirSync, readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Configuration from "@holdfast/config/Configuration"
import * as Option from "effect/Option"

const directory = new URL("../scenarios/", import.meta.url)
const files = readdirSync(directory)

const balancerOf = (file: string) => {
  const text = readFileSync(new URL(file, directory), "utf8")
  return Option.getOrThrow(Configuration.read({ file, text }).configuration).balancer
}

describe("the scenarios", () => {
  it("are six pairs", () => {
    assert.lengthOf(files, 12)
  })

  it.each(files)("%s has the virtual server of the basic pair", (file) => {
    const balancer = balancerOf(file)

    assert.lengthOf(balancer.virtualServers, 1)
    assert.deepStrictEqual(balancer, balancerOf("a-basic-LD1.conf"))
  })
})
