/**
 * The neighbour advertisement of IPv6 (RFC 4861 section 4.4): bytes to value and back, and the unsolicited one of a new
 * Master.
 *
 * **Details** it is to IPv6 what a gratuitous ARP is to IPv4: sent to all nodes, it makes them replace the link-layer
 * address that they remember for an address (RFC 4861 section 7.2.6; RFC 9568 sections 6.4.1 and 8.2.2). So the flag
 * `override` is set, `solicited` is clear, and the option with the link-layer address is there.
 *
 * **Gotchas** the source is the announced address itself, as keepalived and FRR send it, not the link-local address of the
 * device: a host that knows the new place of an address by its source alone believes it, too.
 *
 * @see RFC 4861 sections 4.4, 7.1.2 and 7.2.6
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { ipv6FromBytes, Ipv6Address, ipv6ToBytes, MacAddress, macFromBytes, macToBytes } from "./Address.ts"
import * as Checksum from "./Checksum.ts"
import * as Ethernet from "./Ethernet.ts"
import * as Ipv6 from "./Ipv6.ts"

/**
 * A neighbour advertisement: `target` is at `linkLayerAddress`.
 *
 * @category models
 * @since 0.1.0
 */
export const Advertisement = Schema.Struct({
  /** The sender forwards packets. */
  router: Schema.Boolean,
  /** It answers a question. */
  solicited: Schema.Boolean,
  /** What was remembered for the target is to be replaced. */
  override: Schema.Boolean,
  target: Ipv6Address,
  /** Of the target; absent without the option. */
  linkLayerAddress: Schema.optionalKey(MacAddress)
})

/**
 * @category models
 * @since 0.1.0
 */
export type Advertisement = typeof Advertisement.Type

/**
 * Why a packet is no neighbour advertisement, by the rules of RFC 4861 section 7.1.2 in their order.
 *
 * - `HopLimit`: not 255, so a router may have forwarded it.
 * - `Length`: shorter than its fixed part, or than an option says.
 * - `Checksum`: damaged on the way.
 * - `Type`: another message of ICMPv6.
 * - `Target`: a group, which has no place.
 * - `Solicited`: it answers one node and was sent to many.
 * - `Option`: one of length 0, which would have no end.
 *
 * @category models
 * @since 0.1.0
 */
export const MalformedReason = Schema.Literals([
  "HopLimit",
  "Length",
  "Checksum",
  "Type",
  "Target",
  "Solicited",
  "Option"
])

/**
 * @category models
 * @since 0.1.0
 */
export type MalformedReason = typeof MalformedReason.Type

/**
 * Decodes the payload of a packet of ICMPv6. Total: any packet gives a value or the first broken rule.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (packet: Ipv6.Packet): Result.Result<Advertisement, MalformedReason> => {
  const { destination, payload } = packet
  if (packet.hopLimit !== hopLimit) return Result.fail("HopLimit")
  if (payload.length < fixedLength) return Result.fail("Length")
  if (Checksum.compute(Checksum.pseudoHeader(packet, Ipv6.protocolIcmpv6, payload.length), payload) !== 0)
    return Result.fail("Checksum")
  if (payload[0] !== typeAdvertisement || payload[1] !== 0) return Result.fail("Type")
  const target = ipv6FromBytes(payload, targetOffset)
  if (Ipv6.isMulticast(target)) return Result.fail("Target")
  const flags = payload[flagsOffset]!
  const solicited = (flags & flagSolicited) !== 0
  if (solicited && Ipv6.isMulticast(destination)) return Result.fail("Solicited")
  return Result.map(linkLayerAddressOf(payload.subarray(fixedLength)), (found) => ({
    router: (flags & flagRouter) !== 0,
    solicited,
    override: (flags & flagOverride) !== 0,
    target,
    ...(found === undefined ? {} : { linkLayerAddress: found })
  }))
}

/**
 * Encodes an advertisement with its checksum, as the payload of a packet between these ends.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (advertisement: Advertisement, ends: Checksum.Ends): Uint8Array => {
  const { linkLayerAddress, override, router, solicited, target } = advertisement
  const bytes = new Uint8Array(fixedLength + (linkLayerAddress === undefined ? 0 : optionLength))
  bytes[0] = typeAdvertisement
  bytes[flagsOffset] =
    (router ? flagRouter : 0) | (solicited ? flagSolicited : 0) | (override ? flagOverride : 0)
  ipv6ToBytes(target, bytes, targetOffset)
  if (linkLayerAddress !== undefined) {
    bytes[fixedLength] = optionTargetLinkLayerAddress
    bytes[fixedLength + 1] = optionLength / optionUnit
    macToBytes(linkLayerAddress, bytes, fixedLength + 2)
  }
  const checksum = Checksum.compute(Checksum.pseudoHeader(ends, Ipv6.protocolIcmpv6, bytes.length), bytes)
  bytes[checksumOffset] = checksum >>> 8
  bytes[checksumOffset + 1] = checksum
  return bytes
}

/**
 * Returns the whole frame that tells every node on the link: `address` is at `hardware`. `router` says whether this
 * machine forwards packets of IPv6; keepalived asks the device, FRR always says so.
 *
 * @category unsolicited
 * @since 0.1.0
 */
export const unsolicitedFrame = (
  hardware: MacAddress,
  address: Ipv6Address,
  options: { readonly router: boolean }
): Uint8Array => {
  const ends = { source: address, destination: Ipv6.groupAllNodes }
  const payload = encode(
    { router: options.router, solicited: false, override: true, target: address, linkLayerAddress: hardware },
    ends
  )
  return Ethernet.encode({
    destination: Ethernet.multicastMac(Ipv6.groupAllNodes),
    source: hardware,
    etherType: Ethernet.etherTypeIpv6,
    payload: Ipv6.encode({
      ...ends,
      trafficClass: 0,
      flowLabel: 0,
      nextHeader: Ipv6.protocolIcmpv6,
      hopLimit,
      payload
    })
  })
}

/** Returns what the first option with the target's link-layer address says, nothing without one (RFC 4861 section 4.6). */
const linkLayerAddressOf = (
  options: Uint8Array
): Result.Result<MacAddress | undefined, "Length" | "Option"> => {
  let found: MacAddress | undefined
  for (let offset = 0; offset < options.length;) {
    const length = options[offset + 1]
    if (length === undefined) return Result.fail("Length")
    if (length === 0) return Result.fail("Option")
    const end = offset + length * optionUnit
    if (end > options.length) return Result.fail("Length")
    if (found === undefined && options[offset] === optionTargetLinkLayerAddress)
      found = macFromBytes(options, offset + 2)
    offset = end
  }
  return Result.succeed(found)
}

const hopLimit = 255 // RFC 4861 4.4
const typeAdvertisement = 136 // RFC 4861 4.4
const flagRouter = 0x80
const flagSolicited = 0x40
const flagOverride = 0x20
const checksumOffset = 2
const flagsOffset = 4
const targetOffset = 8
const fixedLength = 24
const optionTargetLinkLayerAddress = 2 // RFC 4861 4.6.1
const optionUnit = 8 // RFC 4861 4.6: lengths of options count eight bytes
const optionLength = 8 // RFC 2464 section 6
