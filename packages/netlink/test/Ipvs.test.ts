import { assert, describe, it } from "@effect/vitest"
import * as GenericNetlink from "@holdfast/netlink/GenericNetlink"
import * as IpvsConfiguration from "@holdfast/netlink/IpvsConfiguration"
import * as IpvsDaemon from "@holdfast/netlink/IpvsDaemon"
import * as IpvsDestination from "@holdfast/netlink/IpvsDestination"
import * as IpvsMessage from "@holdfast/netlink/IpvsMessage"
import * as IpvsService from "@holdfast/netlink/IpvsService"
import type * as Message from "@holdfast/netlink/Message"
import * as Address from "@holdfast/wire/Address"
import * as Option from "effect/Option"
import * as Recording from "./IpvsRecording.ts"

const family = 28
const ip = (text: string): Address.IpAddress => Option.getOrThrow(Address.ipFromString(text))
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")

const message = (digits: string): Message.Message => ({
  type: family,
  flags: 0,
  sequence: 1,
  port: 1,
  payload: new Uint8Array(Buffer.from(digits, "hex"))
})

const TCP = 6
const UDP = 17
const web: IpvsService.IpvsServiceAddress = {
  _tag: "Endpoint",
  protocol: TCP,
  address: ip("192.0.2.1"),
  port: 80
}
const web6: IpvsService.IpvsServiceAddress = {
  _tag: "Endpoint",
  protocol: TCP,
  address: ip("fd00::1"),
  port: 443
}
const sip: IpvsService.IpvsServiceAddress = { ...web, protocol: UDP, port: 5060 }
const dns: IpvsService.IpvsServiceAddress = { ...web, protocol: UDP, port: 53 }
const mark: IpvsService.IpvsServiceAddress = { _tag: "FirewallMark", family: IpvsMessage.AF_INET6, mark: 7 }

const plain = { flags: 0, timeoutSeconds: 0, prefixLength: 32 }

/** What each command made. */
const added: ReadonlyArray<readonly [command: string, digits: string, service: IpvsService.IpvsService]> = [
  [
    "persistence by network",
    Recording.addService4,
    { address: web, scheduler: "wrr", flags: 0x01, timeoutSeconds: 300, prefixLength: 24 }
  ],
  [
    "an address of IPv6 and scheduler flags",
    Recording.addService6,
    { address: web6, scheduler: "sh", flags: 0x19, timeoutSeconds: 60, prefixLength: 64 }
  ],
  [
    "a firewall mark of IPv6",
    Recording.addMark6,
    { ...plain, address: mark, scheduler: "rr", prefixLength: 128 }
  ],
  [
    "a persistence engine",
    Recording.addSip,
    { address: sip, scheduler: "rr", flags: 0x01, timeoutSeconds: 60, prefixLength: 32, engine: "sip" }
  ],
  [
    "one packet",
    Recording.addOnePacket,
    { ...plain, address: dns, scheduler: "rr", flags: IpvsService.ServiceFlag.onePacket }
  ]
]

const server: IpvsDestination.IpvsDestination = {
  address: ip("198.51.100.1"),
  port: 8080,
  method: IpvsDestination.ForwardingMethod.masquerade,
  weight: 3,
  upperThreshold: 500,
  lowerThreshold: 400
}

const tunnelled = (address: string, tunnel: IpvsDestination.IpvsTunnel): IpvsDestination.IpvsDestination => ({
  address: ip(address),
  port: 80,
  method: IpvsDestination.ForwardingMethod.tunnel,
  weight: 1,
  upperThreshold: 0,
  lowerThreshold: 0,
  tunnel
})
const gue = tunnelled("198.51.100.2", {
  type: IpvsDestination.TunnelType.gue,
  port: 6080,
  flags: IpvsDestination.TunnelFlag.remoteChecksum
})
const gre = tunnelled("198.51.100.3", {
  type: IpvsDestination.TunnelType.gre,
  port: 0,
  flags: IpvsDestination.TunnelFlag.checksum
})
const route6: IpvsDestination.IpvsDestination = {
  address: ip("fd01::1"),
  port: 443,
  method: IpvsDestination.ForwardingMethod.directRouting,
  weight: 1,
  upperThreshold: 0,
  lowerThreshold: 0
}

const fetches = { connections: 3, packetsIn: 19, packetsOut: 17, bytesIn: 1360, bytesOut: 5285 }

describe("GenericNetlink", () => {
  it("asks for a family by name", () => {
    const query = GenericNetlink.resolve("IPVS")

    assert.strictEqual(hex(query.payload), "03010000090002004950565300000000")
    assert.strictEqual(query.type, 16)
  })

  it("finds the number of the family in the answer", () => {
    const answer = { ...message("01020000090002004950565300000000060001001c000000"), type: 16 }

    assert.strictEqual(GenericNetlink.resolve("IPVS").decode(answer), 28)
    assert.isUndefined(GenericNetlink.resolve("IPVS").decode(message("0102000009000200")))
  })
})

describe("IpvsService", () => {
  for (const [rule, digits, service] of added) {
    it(`adds a service as ipvsadm does: ${rule}`, () => {
      assert.strictEqual(hex(IpvsService.add(family, service).payload), digits)
    })
  }

  it("changes a service as ipvsadm does", () => {
    const { payload } = IpvsService.change(family, { ...plain, address: web, scheduler: "sh" })

    assert.strictEqual(hex(payload), Recording.changeService)
  })

  it("removes a service by what it is found by", () => {
    const { payload } = IpvsService.remove(family, web)

    // ipvsadm adds flags, a timeout and a mask that the kernel does not look at.
    const identity = Recording.removeService.slice(headerDigits + nestDigits).slice(0, identityDigits)
    assert.strictEqual(hex(payload).slice(0, 2), "03")
    assert.strictEqual(hex(payload).slice(headerDigits + nestDigits), identity)
  })

  it("decodes what the kernel lists", () => {
    const hashed = IpvsService.ServiceFlag.hashed

    assert.deepStrictEqual(
      Recording.services.map((digits) => IpvsService.decode(message(digits))),
      [
        { ...added[3]![2], flags: 0x01 | hashed },
        { ...added[1]![2], flags: 0x19 | hashed },
        { ...plain, address: web, scheduler: "sh", flags: hashed },
        { ...added[4]![2], flags: 0x04 | hashed },
        { ...added[2]![2], flags: hashed }
      ]
    )
  })

  it("decodes what the kernel counted", () => {
    assert.deepStrictEqual(IpvsService.decodeCounted(message(Recording.countedService)), {
      service: { ...plain, address: web, scheduler: "rr", flags: IpvsService.ServiceFlag.hashed },
      statistics: fetches
    })
  })

  for (const prefixLength of [0, 1, 8, 24, 31, 32]) {
    it(`keeps a prefix length of ${prefixLength}`, () => {
      const { payload } = IpvsService.add(family, { ...plain, address: web, scheduler: "rr", prefixLength })

      assert.strictEqual(IpvsService.decode(message(hex(payload)))?.prefixLength, prefixLength)
    })
  }
})

describe("IpvsDestination", () => {
  it("adds a destination as ipvsadm does, beyond what only tunnels need", () => {
    const digits = hex(IpvsDestination.add(family, web, server).payload)
    const { weight, ...rest } = server

    assert.deepStrictEqual(IpvsDestination.decode(message(digits)), server)
    assert.deepStrictEqual(IpvsDestination.decode(message(Recording.addMasquerade)), { ...rest, weight })
    assert.strictEqual(digits.slice(0, headerDigits), Recording.addMasquerade.slice(0, headerDigits))
  })

  for (const [rule, recorded, destination] of [
    ["gue", Recording.addGue, gue],
    ["gre", Recording.addGre, gre]
  ] as const) {
    it(`adds a tunnel as ipvsadm does: ${rule}`, () => {
      const digits = hex(IpvsDestination.add(family, web, destination).payload)

      const nest = digits.slice(headerDigits + nestDigits + identityDigits)
      assert.isAbove(nest.length, 2 * 80)
      assert.isTrue(recorded.endsWith(nest))
    })
  }

  it("reads what ipvsadm asks for", () => {
    assert.deepStrictEqual(IpvsDestination.decode(message(Recording.addRoute6)), route6)
  })

  it("changes and removes what is found by address and port", () => {
    const changed = hex(IpvsDestination.change(family, web, { ...server, weight: 0 }).payload)
    const removed = hex(IpvsDestination.remove(family, web, server).payload)

    assert.strictEqual(changed.slice(0, headerDigits), Recording.changeDestination.slice(0, headerDigits))
    assert.strictEqual(removed.slice(0, headerDigits), Recording.removeDestination.slice(0, headerDigits))
    assert.include(Recording.removeDestination, removed.slice(-2 * 36))
  })

  it("decodes what the kernel lists", () => {
    assert.deepStrictEqual(
      Recording.destinations.map((digits) => IpvsDestination.decode(message(digits))),
      [gre, gue, { ...server, weight: 0 }, route6]
    )
  })

  it("decodes what the kernel counted", () => {
    assert.deepStrictEqual(IpvsDestination.decodeCounted(message(Recording.countedDestination)), {
      destination: { ...server, weight: 1, upperThreshold: 0, lowerThreshold: 0 },
      activeConnections: 0,
      inactiveConnections: 3,
      persistentConnections: 0,
      statistics: fetches
    })
  })
})

describe("IpvsDaemon", () => {
  const master = { half: "master", interface: "eth0", syncId: 51 } as const
  const backup = {
    half: "backup",
    interface: "eth0",
    syncId: 51,
    maxLength: 1400,
    port: 8850,
    ttl: 2,
    group: ip("224.0.1.1")
  } as const

  it("starts a half as ipvsadm does", () => {
    assert.strictEqual(hex(IpvsDaemon.start(family, master).payload), Recording.startMaster)
    assert.strictEqual(hex(IpvsDaemon.start(family, backup).payload), Recording.startBackup)
  })

  it("decodes the halves that run", () => {
    assert.deepStrictEqual(
      Recording.daemons.map((digits) => IpvsDaemon.decode(message(digits))),
      [{ ...master, maxLength: 1472, port: 8848, ttl: 1, group: ip("224.0.0.81") }, backup]
    )
  })

  it("keeps a group of IPv6", () => {
    const daemon = { ...backup, group: ip("ff05::51") }

    assert.deepStrictEqual(IpvsDaemon.decode(message(hex(IpvsDaemon.start(family, daemon).payload))), daemon)
  })
})

describe("IpvsConfiguration", () => {
  it("sets and reads timeouts as ipvsadm does", () => {
    const timeouts = { tcpSeconds: 1000, tcpFinSeconds: 33, udpSeconds: 17 }

    assert.strictEqual(hex(IpvsConfiguration.setTimeouts(family, timeouts).payload), Recording.setTimeouts)
    assert.deepStrictEqual(IpvsConfiguration.decodeTimeouts(message(Recording.timeouts)), timeouts)
  })

  it("leaves timeouts out that shall stay", () => {
    const { payload } = IpvsConfiguration.setTimeouts(family, { udpSeconds: 17 })

    assert.strictEqual(hex(payload), "0c0100000800060011000000")
  })

  it("flushes as ipvsadm does", () => {
    assert.strictEqual(hex(IpvsConfiguration.flush(family).payload), Recording.flush)
  })

  it("reads what IPVS is", () => {
    assert.deepStrictEqual(IpvsConfiguration.decodeInfo(message(Recording.info)), {
      version: "1.2.1",
      connectionTableSize: 4096
    })
  })
})

describe("every decoder", () => {
  const decoders: ReadonlyArray<(one: Message.Message) => unknown> = [
    IpvsService.decode,
    IpvsService.decodeCounted,
    IpvsDestination.decode,
    IpvsDestination.decodeCounted,
    IpvsDaemon.decode,
    IpvsConfiguration.decodeTimeouts,
    IpvsConfiguration.decodeInfo
  ]
  const recorded = [
    ...Recording.services,
    ...Recording.destinations,
    ...Recording.daemons,
    Recording.timeouts,
    Recording.info,
    Recording.countedService,
    Recording.countedDestination
  ]

  it("passes messages of another kind over", () => {
    for (const decode of decoders) {
      assert.isBelow(
        recorded.filter((digits) => decode(message(digits)) !== undefined).length,
        recorded.length
      )
      assert.isUndefined(decode(message(Recording.flush)))
    }
  })

  it("never fails on a message that is cut short anywhere", () => {
    for (const decode of decoders)
      for (const digits of recorded)
        for (let length = 0; length < digits.length; length += 2) decode(message(digits.slice(0, length)))
  })
})

/** In hexadecimal digits: the generic header, and the header of an attribute. */
const headerDigits = 8
const nestDigits = 8
/** The attributes that a service of an address is found by: family, protocol, address and port. */
const identityDigits = 2 * (8 + 8 + 20 + 8)
