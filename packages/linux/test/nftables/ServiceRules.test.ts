/** What a service does with a packet that finds no slot. */
import { assert, describe, it } from "@effect/vitest"
import * as Layout from "@holdfast/linux/nftables/Layout"
import * as ServiceRules from "@holdfast/linux/nftables/ServiceRules"
import * as Expression from "@holdfast/netlink/NfTablesExpression"
import { endpoint, server, serviceOf } from "./Fixture.ts"

const drop = Layout.verdict(Expression.NF_DROP)
const lastOf = (weights: ReadonlyArray<number>) => {
  const servers = weights.map((weight, index) => server(`10.0.0.${index + 1}`, 80, weight))
  return ServiceRules.make(serviceOf(endpoint("192.0.2.1", 80), servers)).rules.at(-1)?.expressions
}

describe("ServiceRules", () => {
  it.each([[[1]], [[3, 1]], [[0, 2]]])(
    "with servers of weight %j it drops that, so that it is sent again",
    (weights) => {
      assert.deepStrictEqual(lastOf(weights), [drop])
    }
  )

  it.each([[[]], [[0, 0]]])(
    "with servers of weight %j it leaves that to the machine, which refuses it",
    (weights) => {
      assert.notDeepEqual(lastOf(weights), [drop])
    }
  )
})
