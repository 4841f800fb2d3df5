/**
 * The modes of VRRP that a file can ask for, and what they look like on the wire.
 */
import * as Configuration from "../lab/Configuration.ts"
import type * as Daemon from "../lab/Daemon.ts"
import type * as Election from "../lab/rules/Election.ts"
import * as Segment from "../lab/Segment.ts"
import * as Players from "./Players.ts"

/**
 * How two directors talk: what differs from version 2, multicast from the card over IPv4.
 */
export interface Mode {
  readonly version: 2 | 3
  readonly advertSeconds: number
  readonly family: "ipv4" | "ipv6"
  readonly isUnicast?: boolean
  readonly authentication?: "PASS" | "AH"
  readonly password?: string
  /** Checksums of version 3 without the addresses. */
  readonly isPlain?: boolean
  /** The virtual MAC device sends, or only has the addresses. */
  readonly device?: "sends" | "receives"
}

/**
 * Returns a program that runs the mode's virtual router.
 */
export const player = (mode: Mode, program: Daemon.Program): Election.Player =>
  Players.daemon(program, configuration(mode), {
    networkInterface: mode.device === undefined ? "eth0" : "uvmac",
    addresses: addresses[mode.family]
  })

/**
 * The virtual addresses.
 */
export const addresses = { ipv4: ["172.168.0.7"], ipv6: ["fe80::117", "2001:db8::7"] }
const groups = { ipv4: "224.0.0.18", ipv6: "ff02::12" }
/**
 * The MAC addresses of the virtual router.
 */
export const virtualMacs = { ipv4: "00:00:5e:00:01:52", ipv6: "00:00:5e:00:02:52" }
const prefixLengths = { ipv4: 32, ipv6: 64 }

const peerOf = (director: Configuration.Director): Configuration.Director =>
  director === "LD1" ? "LD2" : "LD1"

const unicastLines = (family: "ipv4" | "ipv6", director: Configuration.Director): ReadonlyArray<string> => [
  `unicast_src_ip ${Segment.card[director][family]}`,
  "unicast_peer {",
  `  ${Segment.card[peerOf(director)][family]}`,
  "}"
]

/**
 * Returns the file of a director.
 */
export const configuration = (mode: Mode) => (director: Configuration.Director) =>
  Configuration.make(director, {
    version: mode.version,
    advertSeconds: mode.advertSeconds,
    addresses: addresses[mode.family].map((address) => `${address}/${prefixLengths[mode.family]}`),
    lines: [
      ...(mode.authentication === undefined
        ? []
        : [
            "authentication {",
            `  auth_type ${mode.authentication}`,
            `  auth_pass ${mode.password ?? "secret12"}`,
            "}"
          ]),
      ...(mode.isPlain === true ? ["v3_checksum_as_v2"] : []),
      ...(mode.device === undefined ? [] : ["use_vmac uvmac"]),
      ...(mode.device === "receives" ? ["vmac_xmit_base"] : []),
      ...(mode.isUnicast === true ? unicastLines(mode.family, director) : [])
    ]
  })

/**
 * Returns what the adverts of both are to be.
 */
export const expected = (mode: Mode): Election.Expected => ({
  version: mode.version,
  advertMicros: mode.advertSeconds * 1e6,
  addresses: addresses[mode.family],
  sumsAddresses: mode.version === 3 && mode.isPlain !== true,
  hasAuthenticationHeader: mode.authentication === "AH",
  // keepalived 2.2.7 has no more than the kernel's default for unicast over IPv6.
  hopLimits: mode.isUnicast === true && mode.family === "ipv6" ? [255, 64] : [255],
  ends: (from) => {
    const card = Segment.card[from]
    const multicastSource = mode.family === "ipv4" ? card.ipv4 : card.linkLocal
    return {
      source: mode.isUnicast === true ? card[mode.family] : multicastSource,
      destination: mode.isUnicast === true ? Segment.card[peerOf(from)][mode.family] : groups[mode.family],
      sourceMac: mode.device === "sends" ? virtualMacs[mode.family] : card.mac,
      mac: mode.device === undefined ? card.mac : virtualMacs[mode.family]
    }
  }
})
