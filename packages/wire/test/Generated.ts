/** Values that schemas cannot generate by themselves. */
import { Ipv4Address, ipv6FromBytes } from "@holdfast/wire/Address"
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"

const octets = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))).check(
  Schema.isMaxLength(16)
)

/** IPv6 addresses, many of them with a run of zeros. */
export const ipv6Addresses = Arbitrary.map(Arbitrary.schema(octets), (list) => {
  const bytes = new Uint8Array(16)
  bytes.set(list)
  return ipv6FromBytes(list.length % 2 === 0 ? bytes : bytes.toReversed())
})

export const ipv4Addresses = Arbitrary.schema(Ipv4Address)
