/**
 * Our daemon beside FRR's vrrpd: version 3, IPv4 and IPv6, each in each role.
 */
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Configuration from "../lab/Configuration.ts"
import * as Daemon from "../lab/Daemon.ts"
import type * as Frr from "../lab/Frr.ts"
import * as Requirement from "../lab/Requirement.ts"
import * as Election from "../lab/rules/Election.ts"
import * as Segment from "../lab/Segment.ts"
import * as Players from "./Players.ts"

const families = {
  ip: { addresses: ["172.168.0.7"], prefixLength: 24, group: "224.0.0.18", mac: "00:00:5e:00:01:52" },
  ipv6: {
    addresses: ["fe80::117", "2001:db8::7"],
    prefixLength: 64,
    group: "ff02::12",
    mac: "00:00:5e:00:02:52"
  }
} as const
const vrid = 0x52
const advertMillis = 300

const linkLocals = { LD1: "fe80::165", LD2: "fe80::166" } as const

/** FRR sends adverts of IPv6 from its device's own address. */
const sourceOf = (family: Frr.Router["family"], director: Configuration.Director, isFrr: boolean): string => {
  if (family === "ip") return Segment.card[director].ipv4
  return isFrr ? linkLocals[director] : Segment.card[director].linkLocal
}

const takeTurns = (family: Frr.Router["family"], ourRole: Configuration.Director) => {
  const { addresses, group, mac, prefixLength } = families[family]
  const ours = Players.daemon(
    Daemon.underTest,
    (director) =>
      Configuration.make(director, {
        version: 3,
        vrid,
        advertSeconds: advertMillis / 1000,
        addresses: addresses.map((address) => `${address}/${prefixLength}`),
        lines: ["use_vmac uvmac"]
      }),
    { networkInterface: "uvmac", addresses }
  )
  const theirs = Players.frr(family, (director) => ({
    vrid,
    priority: Configuration.priority[director],
    advertMillis,
    linkLocal: linkLocals[director],
    prefixLength,
    addresses
  }))
  return Election.takeTurns(ourRole === "LD1" ? { LD1: ours, LD2: theirs } : { LD1: theirs, LD2: ours }, {
    version: 3,
    advertMicros: advertMillis * 1000,
    addresses,
    sumsAddresses: true,
    hasAuthenticationHeader: false,
    hopLimits: [255],
    ends: (from) => ({
      source: sourceOf(family, from, from !== ourRole),
      destination: group,
      sourceMac: mac,
      mac
    })
  })
}

Requirement.suite("our daemon and FRR", [...Requirement.lab, "root", "vtysh"], () => {
  for (const family of ["ip", "ipv6"] as const) {
    it.live(`${family}: ours is Master, FRR is Backup`, () => Effect.asVoid(takeTurns(family, "LD1")))
    it.live(`${family}: FRR is Master, ours is Backup`, () => Effect.asVoid(takeTurns(family, "LD2")))
  }
})
