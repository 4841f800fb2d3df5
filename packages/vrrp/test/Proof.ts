/**
 * Ways to authenticate for tests, and what a sound advert of each shows.
 */
import type { Seal } from "@holdfast/vrrp/Event"
import type { Authentication } from "@holdfast/vrrp/Parameters"
import type { Micros } from "@holdfast/wire/Instant"
import { type Datagram, second } from "./Fixture.ts"

const hmac = {
  _tag: "Hmac",
  keys: [{ id: 1, secret: "00".repeat(32) }],
  activeKeyId: 1,
  window: (5 * second) as Micros,
  antiReplay: "Clock",
  mode: "Enforce"
} as const satisfies Authentication

export const authentications = {
  /** "secret12" */
  Password: { _tag: "Password", password: "7365637265743132" },
  Header: { _tag: "Header", key: "7365637265743132" },
  Hmac: hmac,
  Permissive: { ...hmac, mode: "Permissive" }
} as const satisfies { readonly [name: string]: Authentication }

export const header = (
  sequence: bigint,
  verdict: (typeof Seal.cases.Header.Type)["verdict"] = "Valid"
): typeof Seal.cases.Header.Type => ({ _tag: "Header", sequence: Number(sequence), verdict })

export const trailer = (
  sequence: bigint,
  overrides: Partial<typeof Seal.cases.Trailer.Type> = {}
): typeof Seal.cases.Trailer.Type => ({
  _tag: "Trailer",
  keyId: 1,
  sequence,
  ageMicros: 0,
  verdict: "Valid",
  ...overrides
})

/** What an advert with this sequence number shows to a router that authenticates so. */
export const proofOf = (authentication: Authentication | undefined, sequence: bigint): Datagram => {
  switch (authentication?._tag) {
    case "Password":
      return { authenticationType: 1, authenticationData: authentication.password.padEnd(16, "0") }
    case "Header":
      return { authenticationType: 2, seal: header(sequence) }
    case "Hmac":
      return { seal: trailer(sequence) }
    case undefined:
      return {}
  }
}
