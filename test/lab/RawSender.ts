/**
 * Sends frames built by hand, right or wrong, from a card.
 *
 * @since 0.1.0
 */
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as PacketSocket from "@holdfast/raw-socket/PacketSocket"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Child from "./Child.ts"
import * as Frame from "./Frame.ts"
import type { Namespace } from "./Namespace.ts"
import * as Witness from "./Witness.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface RawSender {
  readonly send: (frame: Uint8Array) => Effect.Effect<void>
}

/**
 * An advertisement of version 2 or 3 over IPv4, field by field; `bytes` makes it right unless a field is not.
 *
 * @category models
 * @since 0.1.0
 */
export interface AdvertFields {
  readonly source: string
  readonly sourceMac: string
  readonly destination: string
  readonly destinationMac: string
  readonly ttl: number
  readonly version: number
  readonly type: number
  readonly vrid: number
  readonly priority: number
  readonly authenticationType: number
  readonly intervalSeconds: number
  readonly addresses: ReadonlyArray<string>
  /** Default: the number of addresses. */
  readonly addressCount?: number | undefined
  /** Bytes left out at the end, with the lengths in the headers as if they were never there. */
  readonly cut?: number | undefined
  /** Version 3 sums what version 2 does: keepalived's `v3_checksum_as_v2`. */
  readonly sumAsSecond?: boolean | undefined
  /** Added to the right checksum. */
  readonly checksumError?: number | undefined
}

/**
 * Opens a packet socket on a card.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  namespace: Namespace,
  networkInterface: string
): Effect.Effect<RawSender, Child.CommandFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const interfaceIndex = yield* Witness.interfaceIndex(namespace, networkInterface)
    const socket = yield* Effect.orDie(NetworkNamespace.provide(namespace)(PacketSocket.open()))
    return { send: (frame) => Effect.sync(() => socket.send([{ bytes: frame, interfaceIndex }])) }
  })

/**
 * Builds an Ethernet frame with an advertisement over IPv4: of version 3 (RFC 9568 5.2) if that is its version, else laid
 * out as of version 2 (RFC 3768 5.1).
 *
 * @category encoding
 * @since 0.1.0
 */
export const bytes = (fields: AdvertFields): Uint8Array => {
  const isThird = fields.version === 3
  const interval = Math.round(fields.intervalSeconds * centisecondsPerSecond)
  const whole = Uint8Array.of(
    fields.version * 16 + fields.type,
    fields.vrid,
    fields.priority,
    fields.addressCount ?? fields.addresses.length,
    ...(isThird ? [interval >> 8, interval & 0xff] : [fields.authenticationType, fields.intervalSeconds]),
    0,
    0,
    ...fields.addresses.flatMap(octets),
    ...(isThird ? [] : authenticationData)
  )
  const vrrp = whole.slice(0, whole.length - (fields.cut ?? 0))
  const pseudo = [...octets(fields.source), ...octets(fields.destination), 0, protocolVrrp, 0, vrrp.length]
  const summed = isThird && fields.sumAsSecond !== true ? Uint8Array.of(...pseudo, ...vrrp) : vrrp
  setUint16(vrrp, 6, (Frame.checksum(summed) + (fields.checksumError ?? 0)) & 0xffff)
  const ipv4 = new Uint8Array(ipv4Length)
  ipv4.set([0x45, 0xc0])
  ipv4.set([fields.ttl, protocolVrrp], 8)
  ipv4.set([...octets(fields.source), ...octets(fields.destination)], 12)
  setUint16(ipv4, 2, ipv4.length + vrrp.length)
  setUint16(ipv4, 10, Frame.checksum(ipv4))
  return Uint8Array.of(...mac(fields.destinationMac), ...mac(fields.sourceMac), 0x08, 0x00, ...ipv4, ...vrrp)
}

const octets = (address: string): ReadonlyArray<number> => address.split(".").map(Number)
const mac = (text: string): ReadonlyArray<number> => text.split(":").map((byte) => Number.parseInt(byte, 16))

const setUint16 = (into: Uint8Array, offset: number, value: number): void => {
  into[offset] = value >> 8
  into[offset + 1] = value & 0xff
}

const centisecondsPerSecond = 100
const ipv4Length = 20
const protocolVrrp = 112
const authenticationData = new Uint8Array(8)
