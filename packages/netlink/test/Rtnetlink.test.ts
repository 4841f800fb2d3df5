import { assert, describe, it } from "@effect/vitest"
import * as InterfaceAddress from "@holdfast/netlink/InterfaceAddress"
import * as Link from "@holdfast/netlink/Link"
import * as Message from "@holdfast/netlink/Message"
import * as Neighbour from "@holdfast/netlink/Neighbour"
import * as NetworkChange from "@holdfast/netlink/NetworkChange"
import * as Route from "@holdfast/netlink/Route"
import * as Address from "@holdfast/wire/Address"
import * as Schema from "effect/Schema"
import { ipv4 } from "./Fixture.ts"

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")
const messages = (digits: string) => Message.split(new Uint8Array(Buffer.from(digits, "hex")))

/** Of Linux 6.18: `m0`, a private macvlan on link 3, down. Shortened by its counters, queues and settings. */
const macvlan =
  "8400000010000000020000007451000000000100050000000210000000000000070003006d30000008000400dc050000" +
  "08000500030000000500100002000000050021000100000008001b00000000000a00010000005e00015200000a000200ffffffffffff0000" +
  "1c0012000c0001006d6163766c616e000c0002000800010001000000"

/** Of Linux 6.18: a primary address and a secondary one with lifetimes. */
const addresses =
  "54000000140002000300000074510000021880000300000008000100c000020108000200c000020108000400c00002ff07000300613000000800" +
  "08008000000014000600ffffffffffffffff91ec020091ec02004c000000140002000300000074510000021801000300000008000100c0000202" +
  "08000200c000020207000300613000000800080001000000140006002c0100005802000091ec020091ec0200"

/** Of Linux 6.18: the route of a subnet and one by a gateway. */
const routes =
  "3c00000018002200040000007451000002180000fe02fd010000000008000f00fe00000008000100c000020008000700c0000201080004000300" +
  "00004400000018002200040000007451000002180000fe1200010000000008000f00fe00000008000100c633640008000600070000000800050" +
  "0c00002fe0800040003000000"

/** Of Linux 6.18: a permanent neighbour. */
const neighbour =
  "4c0000001c000200050000007451000002000000030000008000000108000100c00002090a000200020000000009000008000400000000001400" +
  "030001000000010000000100000000000000"

describe("Link", () => {
  it("gives a device settings by its name, in the form that requests have", () => {
    const request = Link.changeByName("m0", { alias: "mine", ipv4Settings: { rpFilter: 0, acceptLocal: 1 } })

    assert.strictEqual(request.type, 19)
    assert.strictEqual(
      hex(request.payload),
      "00000000000000000000000000000000" +
        "070003006d300000" +
        "090014006d696e6500000000" +
        "1c001a80180002801400018008000800000000000800170001000000"
    )
  })

  it("reads the settings of a device, which the kernel tells as an array", () => {
    const numbers = Array.from({ length: 33 }, (_, index) => index + 1)
    const conf = Buffer.alloc(4 + numbers.length * 4)
    conf.writeUInt16LE(conf.length, 0)
    conf.writeUInt16LE(1, 2)
    for (const [index, value] of numbers.entries()) conf.writeUInt32LE(value, 4 + index * 4)
    const family = Buffer.concat([Buffer.from([conf.length + 4, 0, 2, 0]), conf])
    const attribute = Buffer.concat([Buffer.from([family.length + 4, 0, 26, 0]), family])
    const payload = new Uint8Array(Buffer.concat([Buffer.alloc(16), attribute]))

    const settings = Link.getIpv4Settings(5).decode({
      type: Link.RTM_NEWLINK,
      flags: 0,
      sequence: 1,
      port: 1,
      payload
    })

    assert.deepStrictEqual(settings, {
      rpFilter: 8,
      arpFilter: 13,
      arpAnnounce: 18,
      arpIgnore: 19,
      promoteSecondaries: 20,
      acceptLocal: 23
    })
  })

  it("decodes a device", () => {
    assert.deepStrictEqual(messages(macvlan).map(Link.decode), [
      {
        index: 5,
        name: "m0",
        flags: 0x1002,
        hardwareType: 1,
        mac: Schema.decodeSync(Address.MacAddress)("00:00:5e:00:01:52"),
        macBroadcast: Schema.decodeSync(Address.MacAddress)("ff:ff:ff:ff:ff:ff"),
        mtu: 1500,
        operState: "down",
        carrier: true,
        group: 0,
        parentIndex: 3,
        parentNamespace: undefined,
        masterIndex: undefined,
        kind: "macvlan",
        macvlanMode: "private",
        alias: undefined
      }
    ])
  })

  it("a bridge that lets a port go does not tell that the device is gone", () => {
    const [message] = messages(macvlan)
    const payload = message!.payload.slice()
    payload[0] = 7 // AF_BRIDGE

    assert.isUndefined(NetworkChange.decode({ ...message!, type: Link.RTM_DELLINK, payload }))
    assert.strictEqual(NetworkChange.decode({ ...message!, type: Link.RTM_DELLINK })?._tag, "LinkRemoved")
  })

  it("is up when it was set up, and runs when it can carry packets too", () => {
    const link = Link.decode(messages(macvlan)[0]!)!

    assert.deepStrictEqual(
      [0, Link.IFF_UP, Link.IFF_RUNNING, Link.IFF_UP | Link.IFF_RUNNING].map((flags) => [
        Link.isUp({ ...link, flags }),
        Link.isRunning({ ...link, flags })
      ]),
      [
        [false, false],
        [true, false],
        [false, false],
        [true, true]
      ]
    )
  })

  it("asks to set a device down without touching its other flags", () => {
    const { payload } = Link.change(7, { up: false })

    assert.strictEqual(hex(payload), "00000000070000000000000001000000")
  })
})

describe("InterfaceAddress", () => {
  it("decodes addresses with flags, label and lifetimes", () => {
    const common = { linkIndex: 3, prefixLength: 24, label: "a0", scope: 0, protocol: 0 }

    assert.deepStrictEqual(messages(addresses).map(InterfaceAddress.decode), [
      {
        ...common,
        address: ipv4("192.0.2.1"),
        peer: ipv4("192.0.2.1"),
        broadcast: ipv4("192.0.2.255"),
        flags: InterfaceAddress.IFA_F_PERMANENT,
        preferredSeconds: InterfaceAddress.lifetimeInfinite,
        validSeconds: InterfaceAddress.lifetimeInfinite
      },
      {
        ...common,
        address: ipv4("192.0.2.2"),
        peer: ipv4("192.0.2.2"),
        broadcast: undefined,
        flags: InterfaceAddress.IFA_F_SECONDARY,
        preferredSeconds: 300,
        validSeconds: 600
      }
    ])
  })

  it("passes over addresses of other families", () => {
    const [message] = messages(addresses)
    const payload = message!.payload.slice()
    payload[0] = 10 // AF_INET6

    assert.isUndefined(InterfaceAddress.decode({ ...message!, payload }))
  })

  it("a request reads back as the address it asks for", () => {
    const address = {
      linkIndex: 9,
      address: ipv4("198.51.100.7"),
      peer: ipv4("198.51.100.8"),
      prefixLength: 32,
      broadcast: ipv4("198.51.100.255"),
      label: "eth0:1",
      scope: InterfaceAddress.Scope.link,
      flags: InterfaceAddress.IFA_F_NOPREFIXROUTE,
      protocol: 18,
      preferredSeconds: 0,
      validSeconds: 60
    }

    assert.deepStrictEqual(
      InterfaceAddress.decode({ ...InterfaceAddress.add(address), sequence: 0, port: 0 }),
      address
    )
  })
})

describe("Route", () => {
  it("decodes routes", () => {
    assert.deepStrictEqual(messages(routes).map(Route.decode), [
      {
        destination: ipv4("192.0.2.0"),
        prefixLength: 24,
        from: undefined,
        gateway: undefined,
        linkIndex: 3,
        nextHops: [],
        source: ipv4("192.0.2.1"),
        priority: 0,
        typeOfService: 0,
        table: Route.RT_TABLE_MAIN,
        scope: InterfaceAddress.Scope.link,
        protocol: 2,
        type: Route.RouteType.unicast
      },
      {
        destination: ipv4("198.51.100.0"),
        prefixLength: 24,
        from: undefined,
        gateway: ipv4("192.0.2.254"),
        linkIndex: 3,
        nextHops: [],
        source: undefined,
        priority: 7,
        typeOfService: 0,
        table: Route.RT_TABLE_MAIN,
        scope: InterfaceAddress.Scope.global,
        protocol: 18,
        type: Route.RouteType.unicast
      }
    ])
  })
})

describe("Neighbour", () => {
  it("decodes a neighbour", () => {
    assert.deepStrictEqual(messages(neighbour).map(Neighbour.decode), [
      {
        linkIndex: 3,
        address: ipv4("192.0.2.9"),
        mac: Schema.decodeSync(Address.MacAddress)("02:00:00:00:00:09"),
        state: Neighbour.NeighbourState.permanent
      }
    ])
  })
})

describe("NetworkChange", () => {
  it.prop(
    "decoding is total, whatever the type and the bytes are",
    { type: Schema.Int.check(Schema.isBetween({ minimum: 14, maximum: 32 })), payload: Schema.Uint8Array },
    ({ type, payload }) => {
      NetworkChange.decode({ type, flags: 0, sequence: 0, port: 0, payload })
    },
    { arbitrary: { runs: 500 } }
  )
})
