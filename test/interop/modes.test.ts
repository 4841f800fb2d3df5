/**
 * Our daemon beside keepalived in every mode of VRRP, each in each role.
 */
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Configuration from "../lab/Configuration.ts"
import * as Daemon from "../lab/Daemon.ts"
import * as Requirement from "../lab/Requirement.ts"
import * as Election from "../lab/rules/Election.ts"
import * as Segment from "../lab/Segment.ts"
import * as Players from "./Players.ts"

interface Mode {
  readonly version: 2 | 3
  readonly advertSeconds: number
  readonly family: "ipv4" | "ipv6"
  readonly isUnicast?: boolean
  readonly authentication?: "PASS" | "AH"
  /** The virtual MAC device sends, or only has the addresses. */
  readonly device?: "sends" | "receives"
}

const modes: Readonly<Record<string, Mode>> = {
  "version 3, IPv4, 100 ms": { version: 3, advertSeconds: 0.1, family: "ipv4" },
  "version 3, IPv4, unicast": { version: 3, advertSeconds: 0.3, family: "ipv4", isUnicast: true },
  "version 3, IPv6": { version: 3, advertSeconds: 0.3, family: "ipv6" },
  "version 3, IPv6, unicast": { version: 3, advertSeconds: 0.3, family: "ipv6", isUnicast: true },
  "version 2, PASS": { version: 2, advertSeconds: 1, family: "ipv4", authentication: "PASS" },
  "version 2, AH": { version: 2, advertSeconds: 1, family: "ipv4", authentication: "AH" },
  "version 2, use_vmac": { version: 2, advertSeconds: 1, family: "ipv4", device: "sends" },
  "version 3, vmac_xmit_base": { version: 3, advertSeconds: 0.3, family: "ipv4", device: "receives" },
  "version 3, use_vmac, unicast": {
    version: 3,
    advertSeconds: 0.3,
    family: "ipv4",
    device: "receives",
    isUnicast: true
  },
  "version 3, IPv6, use_vmac": { version: 3, advertSeconds: 0.3, family: "ipv6", device: "sends" }
}

const addresses = { ipv4: ["172.168.0.7"], ipv6: ["fe80::117", "2001:db8::7"] }
const groups = { ipv4: "224.0.0.18", ipv6: "ff02::12" }
const virtualMacs = { ipv4: "00:00:5e:00:01:52", ipv6: "00:00:5e:00:02:52" }
const prefixLengths = { ipv4: 32, ipv6: 64 }

const peerOf = (director: Configuration.Director): Configuration.Director =>
  director === "LD1" ? "LD2" : "LD1"

const unicastLines = (family: "ipv4" | "ipv6", director: Configuration.Director): ReadonlyArray<string> => [
  `unicast_src_ip ${Segment.card[director][family]}`,
  "unicast_peer {",
  `  ${Segment.card[peerOf(director)][family]}`,
  "}"
]

const configuration = (mode: Mode) => (director: Configuration.Director) =>
  Configuration.make(director, {
    version: mode.version,
    advertSeconds: mode.advertSeconds,
    addresses: addresses[mode.family].map((address) => `${address}/${prefixLengths[mode.family]}`),
    lines: [
      ...(mode.authentication === undefined
        ? []
        : ["authentication {", `  auth_type ${mode.authentication}`, "  auth_pass secret12", "}"]),
      ...(mode.device === undefined ? [] : ["use_vmac uvmac"]),
      ...(mode.device === "receives" ? ["vmac_xmit_base"] : []),
      ...(mode.isUnicast === true ? unicastLines(mode.family, director) : [])
    ]
  })

const expected = (mode: Mode): Election.Expected => ({
  version: mode.version,
  advertMicros: mode.advertSeconds * 1e6,
  addresses: addresses[mode.family],
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

const takeTurns = (mode: Mode, LD1: Daemon.Program, LD2: Daemon.Program) => {
  const owned = {
    networkInterface: mode.device === undefined ? "eth0" : "uvmac",
    addresses: addresses[mode.family]
  }
  const player = (program: Daemon.Program) => Players.daemon(program, configuration(mode), owned)
  return Election.takeTurns({ LD1: player(LD1), LD2: player(LD2) }, expected(mode))
}

Requirement.suite("our daemon and keepalived", [...Requirement.lab, "keepalived"], () => {
  for (const [name, mode] of Object.entries(modes)) {
    it.live(`${name}: ours is Master, keepalived is Backup`, () =>
      Effect.asVoid(takeTurns(mode, Daemon.underTest, Daemon.keepalived))
    )
    it.live(`${name}: keepalived is Master, ours is Backup`, () =>
      Effect.asVoid(takeTurns(mode, Daemon.keepalived, Daemon.underTest))
    )
  }
})
