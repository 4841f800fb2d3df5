/**
 * What the lab reads in a captured frame: adverts and ARP, the rest by name.
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
 * A VRRP advertisement over IPv4, of version 2 or 3.
 *
 * @category models
 * @since 0.1.0
 */
export interface Advert extends Header {
  readonly kind: "Advert"
  readonly source: string
  readonly destination: string
  readonly ttl: number
  readonly version: number
  readonly vrid: number
  readonly priority: number
  readonly addresses: ReadonlyArray<string>
  /** Both checksums, of IPv4 and of VRRP, are right. */
  readonly checksumsRight: boolean
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
export type Frame = Advert | Arp | Other

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
    return advert(header) ?? { ...header, kind: "Other" }
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
 * Selects gratuitous ARPs for an address, from a card where given.
 *
 * @category predicates
 * @since 0.1.0
 */
export const announcementOf =
  (address: string, fromMac?: string) =>
  (frame: Frame): frame is Arp =>
    frame.kind === "Arp" &&
    frame.gratuitous &&
    frame.sender === address &&
    (fromMac === undefined || frame.senderMac === fromMac)

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

const advert = (header: Header): Advert | undefined => {
  const { bytes } = header
  const at = (offset: number): number => bytes[offset] ?? 0
  const headerLength = (at(14) & 0x0f) * 4
  const payload = ethernetLength + headerLength
  // Ethernet pads short frames: the end is where IPv4 says.
  const end = Math.min(ethernetLength + at(16) * 256 + at(17), bytes.length)
  if (at(23) !== protocolVrrp || end < payload + vrrpLengthMin) return undefined
  const vrrp = bytes.subarray(payload, end)
  const version = at(payload) >> 4
  const count = Math.min(at(payload + 3), (vrrp.length - vrrpLengthMin) >> 2)
  // RFC 9568 5.2.8: version 3 sums a pseudo-header too, version 2 only the advertisement.
  const pseudo = [...bytes.subarray(26, 34), 0, protocolVrrp, vrrp.length >> 8, vrrp.length & 0xff]
  return {
    ...header,
    kind: "Advert",
    source: ipv4(bytes, 26),
    destination: ipv4(bytes, 30),
    ttl: at(22),
    version,
    vrid: at(payload + 1),
    priority: at(payload + 2),
    addresses: Array.from({ length: count }, (_, index) => ipv4(vrrp, vrrpLengthMin + index * 4)),
    checksumsRight:
      checksum(bytes.subarray(ethernetLength, payload)) === 0 &&
      checksum(version === 3 ? Uint8Array.of(...pseudo, ...vrrp) : vrrp) === 0
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

const ethernetLength = 14
const arpLength = 28
const ipv4LengthMin = 20
const vrrpLengthMin = 8
const etherTypeIpv4 = 0x0800
const etherTypeArp = 0x0806
const protocolVrrp = 112
