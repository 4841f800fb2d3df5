/**
 * What the lab reads in a captured frame: adverts, ARP and neighbour advertisements, the rest by name.
 *
 * Reads the bytes by itself and shares no code with `packages/wire`: a witness must not have the blind spots of what
 * it judges.
 *
 * @since 0.1.0
 */

/**
 * What every frame has.
 *
 * @category models
 * @since 0.1.0
 */
export interface Header {
  /** When the kernel saw it, wall clock, microseconds. */
  readonly atMicros: number
  readonly sourceMac: string
  readonly destinationMac: string
  readonly bytes: Uint8Array
}

/**
 * A VRRP advertisement of version 2 or 3, over IPv4 or IPv6.
 *
 * @category models
 * @since 0.1.0
 */
export interface Advert extends Header {
  readonly kind: "Advert"
  readonly source: string
  readonly destination: string
  /** The hop limit, over IPv6. */
  readonly ttl: number
  /** An authentication header of IP (RFC 4302) is before it. */
  readonly hasAuthenticationHeader: boolean
  readonly version: number
  readonly vrid: number
  readonly priority: number
  readonly addresses: ReadonlyArray<string>
  /** Both checksums are right, in one form or the other: that of VRRP, and that of IPv4 where there is one. */
  readonly checksumsRight: boolean
  /** That of VRRP covers a pseudo-header with the addresses of the packet, too. */
  readonly sumsAddresses: boolean
}

/**
 * An ARP request or reply; gratuitous when it asks for the sender's own address.
 *
 * @category models
 * @since 0.1.0
 */
export interface Arp extends Header {
  readonly kind: "Arp"
  readonly operation: number
  readonly senderMac: string
  readonly sender: string
  readonly target: string
  readonly gratuitous: boolean
}

/**
 * A neighbour advertisement of IPv6 (RFC 4861 4.4).
 *
 * @category models
 * @since 0.1.0
 */
export interface NeighbourAdvert extends Header {
  readonly kind: "NeighbourAdvert"
  readonly source: string
  readonly destination: string
  readonly target: string
  /** Its option with the target's MAC address. */
  readonly targetMac: string | undefined
  readonly isRouter: boolean
  readonly isSolicited: boolean
  readonly isOverride: boolean
}

/**
 * A frame of no interest to the tests.
 *
 * @category models
 * @since 0.1.0
 */
export interface Other extends Header {
  readonly kind: "Other"
}

/**
 * @category models
 * @since 0.1.0
 */
export type Frame = Advert | Arp | NeighbourAdvert | Other

/**
 * Reads an Ethernet frame.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (atMicros: number, bytes: Uint8Array): Frame => {
  const header = { atMicros, bytes, destinationMac: mac(bytes, 0), sourceMac: mac(bytes, 6) }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const type = bytes.length < ethernetLength ? 0 : view.getUint16(12)
  if (type === etherTypeArp && bytes.length >= ethernetLength + arpLength) return arp(header, view)
  if (type === etherTypeIpv4 && bytes.length >= ethernetLength + ipv4LengthMin) {
    return advertInIpv4(header) ?? { ...header, kind: "Other" }
  }
  if (type === etherTypeIpv6 && bytes.length >= ethernetLength + ipv6Length) {
    return advertInIpv6(header) ?? neighbourAdvert(header) ?? { ...header, kind: "Other" }
  }
  return { ...header, kind: "Other" }
}

/**
 * Prints a frame in a line, for reports.
 *
 * @category formatting
 * @since 0.1.0
 */
export const describe = (frame: Frame): string => {
  const at = (frame.atMicros / 1e6).toFixed(6)
  if (frame.kind === "Arp") {
    return `${at} arp ${frame.operation} ${frame.sender} (${frame.senderMac}) for ${frame.target}`
  }
  if (frame.kind === "Advert") {
    return `${at} ${frame.source} > ${frame.destination} vrid ${frame.vrid} priority ${frame.priority} ${frame.addresses.join(" ")}`
  }
  if (frame.kind === "NeighbourAdvert") {
    return `${at} ${frame.source} > ${frame.destination} neighbour ${frame.target} (${frame.targetMac})`
  }
  return `${at} ${frame.sourceMac} > ${frame.destinationMac}`
}

/**
 * @category predicates
 * @since 0.1.0
 */
export const isAdvert = (frame: Frame): frame is Advert => frame.kind === "Advert"

/**
 * Selects adverts, by sender and by priority where given.
 *
 * @category predicates
 * @since 0.1.0
 */
export const advertOf =
  (source: string, priority?: number) =>
  (frame: Frame): frame is Advert =>
    frame.kind === "Advert" &&
    frame.source === source &&
    (priority === undefined ? frame.priority > 0 : frame.priority === priority)

/**
 * Selects gratuitous ARPs for an address, from a card where given; of IPv6, unsolicited neighbour advertisements.
 *
 * @category predicates
 * @since 0.1.0
 */
export const announcementOf =
  (address: string, fromMac?: string) =>
  (frame: Frame): frame is Arp | NeighbourAdvert => {
    if (frame.kind === "Arp") {
      return (
        frame.gratuitous && frame.sender === address && (fromMac === undefined || frame.senderMac === fromMac)
      )
    }
    return (
      frame.kind === "NeighbourAdvert" &&
      !frame.isSolicited &&
      frame.target === address &&
      (fromMac === undefined || frame.targetMac === fromMac)
    )
  }

const arp = (header: Header, view: DataView): Arp => {
  const { bytes } = header
  const sender = ipv4(bytes, 28)
  const target = ipv4(bytes, 38)
  return {
    ...header,
    kind: "Arp",
    operation: view.getUint16(20),
    senderMac: mac(bytes, 22),
    sender,
    target,
    gratuitous: sender === target
  }
}

const advertInIpv4 = (header: Header): Advert | undefined => {
  const { bytes } = header
  const at = (offset: number): number => bytes[offset] ?? 0
  let payload = ethernetLength + (at(14) & 0x0f) * 4
  const headerBytes = bytes.subarray(ethernetLength, payload)
  const hasAuthenticationHeader = at(23) === protocolAuthentication && at(payload) === protocolVrrp
  if (hasAuthenticationHeader) payload += (at(payload + 1) + 2) * 4
  else if (at(23) !== protocolVrrp) return undefined
  // Ethernet pads short frames: the end is where IPv4 says.
  const vrrp = bytes.subarray(payload, Math.min(ethernetLength + at(16) * 256 + at(17), bytes.length))
  const addresses = { source: ipv4(bytes, 26), destination: ipv4(bytes, 30) }
  const read = readAdvert(vrrp, bytes.subarray(26, 34), 4, ipv4)
  if (read === undefined) return undefined
  const checksumsRight = read.checksumsRight && checksum(headerBytes) === 0
  return { ...header, ...addresses, ttl: at(22), hasAuthenticationHeader, ...read, checksumsRight }
}

const advertInIpv6 = (header: Header): Advert | undefined => {
  const { bytes } = header
  if (bytes[20] !== protocolVrrp) return undefined
  const start = ethernetLength + ipv6Length
  const vrrp = bytes.subarray(start, start + (bytes[18] ?? 0) * 256 + (bytes[19] ?? 0))
  const read = readAdvert(vrrp, bytes.subarray(22, 54), 16, ipv6)
  if (read === undefined) return undefined
  const addresses = { source: ipv6(bytes, 22), destination: ipv6(bytes, 38) }
  return { ...header, ...addresses, ttl: bytes[21] ?? 0, hasAuthenticationHeader: false, ...read }
}

/** Reads what is the same over both families. */
const readAdvert = (
  vrrp: Uint8Array,
  ends: Uint8Array,
  addressLength: number,
  address: (bytes: Uint8Array, offset: number) => string
) => {
  if (vrrp.length < vrrpLengthMin) return undefined
  const [first = 0, vrid = 0, priority = 0, countSaid = 0] = vrrp
  const version = first >> 4
  const count = Math.min(countSaid, Math.floor((vrrp.length - vrrpLengthMin) / addressLength))
  // RFC 5798 5.2.8: version 3 sums a pseudo-header, too. Version 2 does not, nor version 3 over IPv4 since RFC 9568.
  const pseudo = [...ends, 0, 0, vrrp.length >> 8, vrrp.length & 0xff, 0, 0, 0, protocolVrrp]
  const sumsAddresses = version === 3 && checksum(Uint8Array.of(...pseudo, ...vrrp)) === 0
  return {
    kind: "Advert" as const,
    version,
    vrid,
    priority,
    addresses: Array.from({ length: count }, (_, index) =>
      address(vrrp, vrrpLengthMin + index * addressLength)
    ),
    checksumsRight: sumsAddresses || (checksum(vrrp) === 0 && addressLength === 4),
    sumsAddresses
  }
}

const neighbourAdvert = (header: Header): NeighbourAdvert | undefined => {
  const { bytes } = header
  const start = ethernetLength + ipv6Length
  if (bytes[20] !== protocolIcmp6 || bytes[start] !== typeNeighbourAdvert) return undefined
  const option = start + neighbourAdvertLength
  const flags = bytes[start + 4] ?? 0
  return {
    ...header,
    kind: "NeighbourAdvert",
    source: ipv6(bytes, 22),
    destination: ipv6(bytes, 38),
    target: ipv6(bytes, start + 8),
    targetMac: bytes[option] === optionTargetMac ? mac(bytes, option + 2) : undefined,
    isRouter: (flags & 0x80) !== 0,
    isSolicited: (flags & 0x40) !== 0,
    isOverride: (flags & 0x20) !== 0
  }
}

/**
 * The Internet checksum (RFC 1071); zero over bytes that hold their own right checksum.
 *
 * @category checksums
 * @since 0.1.0
 */
export const checksum = (bytes: Uint8Array): number => {
  let sum = 0
  for (let offset = 0; offset < bytes.length; offset += 2) {
    sum += (bytes[offset] ?? 0) * 256 + (bytes[offset + 1] ?? 0)
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x1_0000)
  return ~sum & 0xffff
}

const mac = (bytes: Uint8Array, offset: number): string =>
  Array.from(bytes.subarray(offset, offset + 6), (byte) => byte.toString(16).padStart(2, "0")).join(":")

const ipv4 = (bytes: Uint8Array, offset: number): string => bytes.subarray(offset, offset + 4).join(".")

/** The text of RFC 5952: the first of the longest runs of zeros is left out. */
const ipv6 = (bytes: Uint8Array, offset: number): string => {
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((bytes[offset + index * 2] ?? 0) * 256 + (bytes[offset + index * 2 + 1] ?? 0)).toString(16)
  )
  const runs = groups.map((_, index) => groups.slice(index).findIndex((group) => group !== "0"))
  const lengths = runs.map((run, index) => (run === -1 ? groups.length - index : run))
  const longest = Math.max(...lengths)
  if (longest < 2) return groups.join(":")
  const at = lengths.indexOf(longest)
  return `${groups.slice(0, at).join(":")}::${groups.slice(at + longest).join(":")}`
}

const ethernetLength = 14
const arpLength = 28
const ipv4LengthMin = 20
const ipv6Length = 40
const vrrpLengthMin = 8
const etherTypeIpv4 = 0x0800
const etherTypeArp = 0x0806
const etherTypeIpv6 = 0x86dd
const protocolAuthentication = 51
const protocolIcmp6 = 58
const protocolVrrp = 112
const typeNeighbourAdvert = 136
const neighbourAdvertLength = 24
const optionTargetMac = 2
