/** Lines of any words: what comes of them is within its bounds, or the operator is told. */
import * as AddressLine from "@holdfast/config/AddressLine"
import * as RouteLine from "@holdfast/config/RouteLine"
import * as RuleLine from "@holdfast/config/RuleLine"
import * as TrackerLine from "@holdfast/config/TrackerLine"
import { VirtualAddress } from "@holdfast/vrrp/Parameters"
import { VirtualRoute } from "@holdfast/vrrp/VirtualRoute"
import { VirtualRule } from "@holdfast/vrrp/VirtualRule"
import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { type Read, readLine } from "./Line.ts"

const values = "10.0.0.1 10.0.0.0/8 fd00::/64 fd00::1 default eth0 0 1 257 0x10 lock +"

const addressWords = `dev use_vmac label scope brd peer home -nodad noprefixroute preferred_lft no_track ${values}`

const routeWords = `inet6 blackhole to via gw or dev onlink nexthop weight from src table metric tos scope protocol realms pref high expires mtu rtt features ecn encap ${values}`

const ruleWords = `inet6 from to table goto nop type prohibit priority iif oif fwmark tos ipproto sport uidrange realms suppress_prefixlength l3mdev not protocol track_group ${values}`

/** Some of the words, as one line. */
const Line = (words: string) =>
  Schema.Array(Schema.Literals(words.split(" "))).check(Schema.isMinLength(1), Schema.isMaxLength(lengthMax))

const lengthMax = 8

/** How many lines were whole; a line that was not must have been reported. */
const check = <A>(read: Read<A>, words: ReadonlyArray<string>, isSound: (value: A) => boolean): boolean => {
  const { diagnostics, value } = readLine(read, words.join(" "))
  const faulty = diagnostics.some((line) => line.includes(" error: "))

  if (value === undefined) assert.isTrue(faulty, words.join(" "))
  else if (!faulty) assert.isTrue(isSound(value), words.join(" "))
  return value !== undefined
}

const options = { arbitrary: { runs: 2000 } }

describe("a line of any words", () => {
  const counts = { addresses: 0, routes: 0, rules: 0 }
  const isAddress = Schema.is(VirtualAddress)
  const isRoute = Schema.is(VirtualRoute)
  const isRule = Schema.is(VirtualRule)

  it.prop(
    "an address is within its bounds, or there is an error",
    { words: Line(addressWords) },
    ({ words }) => {
      const isSound = ({ carried }: AddressLine.AddressLine) =>
        isAddress({ ...carried, interface: "eth0", advertised: true })
      if (check(AddressLine.read, ["10.0.0.1", ...words], isSound)) counts.addresses++
    },
    options
  )

  it.prop(
    "a route is within its bounds, or there is an error",
    { words: Line(routeWords) },
    ({ words }) => {
      if (check(RouteLine.read, ["10.2.0.0/16", ...words], ({ route }) => isRoute(route))) counts.routes++
    },
    options
  )

  it.prop(
    "a rule is within its bounds, or there is an error",
    { words: Line(ruleWords) },
    ({ words }) => {
      if (check(RuleLine.read, ["table", "5", ...words], ({ rule }) => isRule(rule))) counts.rules++
    },
    options
  )

  it("was whole often enough", () => {
    assert.isAbove(Math.min(...Object.values(counts)), 10, JSON.stringify(counts))
  })

  it("a value that is missing at the end of the line is an error at its option", () => {
    assert.deepStrictEqual(readLine(TrackerLine.read("Script"), "x weight").diagnostics, [
      "t:1:3: error: weight needs a value (write it after weight)"
    ])
  })
})
