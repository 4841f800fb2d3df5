import type { NetworkState } from "@holdfast/netlink/NetworkState"
import type * as Link from "@holdfast/netlink/Link"
import * as Route from "@holdfast/netlink/Route"
import * as RouteTable from "@holdfast/linux/RouteTable"
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { VirtualRoute } from "@holdfast/vrrp/VirtualRoute"
import type { IpAddress } from "@holdfast/wire/Address"
import type { Micros } from "@holdfast/wire/Instant"
import { assert, describe, it } from "@effect/vitest"

const state: NetworkState = {
  links: new Map([[7, { index: 7, name: "eth0" } as Link.Link]]),
  addresses: new Map()
}

const via = (address: string, device = "eth0") => ({
  via: address as IpAddress,
  interface: device as InterfaceName,
  onlink: false
})

const route = (details: Partial<VirtualRoute> = {}): VirtualRoute => ({
  family: "Ipv4",
  type: "unicast",
  destination: { address: "10.1.0.0" as IpAddress, length: 16 },
  nextHops: [via("192.0.2.254")],
  table: 254,
  protocol: 112,
  tracked: true,
  ...details
})

const ipv6 = (details: Partial<VirtualRoute> = {}): VirtualRoute =>
  route({
    family: "Ipv6",
    destination: { address: "2001:db8::" as IpAddress, length: 32 },
    nextHops: [via("fd00::1")],
    ...details
  })

/** What the kernel tells of a route that it was asked for. */
const told = (asked: VirtualRoute): Route.Route | undefined => {
  const request = RouteTable.newRoute(asked, state)
  return typeof request === "string"
    ? undefined
    : Route.decode({ ...Route.add(request), sequence: 0, port: 0 })
}

describe("keyOf", () => {
  it("is that of what the kernel tells of the route", () => {
    for (const asked of [
      route(),
      route({ metric: 5, typeOfService: 4, table: 1_000, type: "blackhole", nextHops: [] }),
      route({ destination: { address: "0.0.0.0" as IpAddress, length: 0 } }),
      route({ nextHops: [via("192.0.2.254"), via("192.0.2.253")], protocol: 4 }),
      ipv6(),
      ipv6({ destination: { address: "2001:db8:0:1::5" as IpAddress, length: 33 } }),
      ipv6({ from: { address: "fd00::7" as IpAddress, length: 64 } })
    ])
      assert.strictEqual(RouteTable.keyOfPresent(told(asked)!), RouteTable.keyOf(asked))
  })

  it("of an IPv6 route without metric, or with none, is the kernel's default", () => {
    for (const metric of [{}, { metric: 0 }])
      assert.strictEqual(RouteTable.keyOf(ipv6(metric)), RouteTable.keyOf(ipv6({ metric: 1_024 })))
  })

  it("tells routes apart that the kernel has side by side, and only those", () => {
    const different = [
      route(),
      route({ metric: 1 }),
      route({ table: 100 }),
      route({ typeOfService: 4 }),
      route({ protocol: 4 }),
      route({ destination: { address: "10.1.0.0" as IpAddress, length: 24 } }),
      ipv6(),
      ipv6({ from: { address: "fd00::" as IpAddress, length: 64 } })
    ]

    assert.strictEqual(new Set(different.map(RouteTable.keyOf)).size, different.length)
    assert.strictEqual(
      RouteTable.keyOf(route({ nextHops: [via("192.0.2.1")], source: "192.0.2.9" as IpAddress })),
      RouteTable.keyOf(route())
    )
  })
})

describe("isSame", () => {
  it("sees another way and another metric of the transport, and not whether the devices are tracked", () => {
    assert.isFalse(RouteTable.isSame(route(), route({ nextHops: [via("192.0.2.1")] })))
    assert.isFalse(RouteTable.isSame(route(), route({ metrics: { mtu: 1_400 } })))
    assert.isTrue(RouteTable.isSame(route(), route({ tracked: false })))
  })
})

describe("newRoute", () => {
  it("names the device that does not exist", () => {
    assert.strictEqual(
      RouteTable.newRoute(route({ nextHops: [via("192.0.2.1"), via("192.0.2.2", "eth9")] }), state),
      "eth9"
    )
  })

  it("asks for one way as such, for several as a list, and rounds the expiry up to seconds", () => {
    assert.deepInclude(RouteTable.newRoute(ipv6({ expires: 1_500_000 as Micros }), state), {
      gateway: "fd00::1" as IpAddress,
      linkIndex: 7,
      expiresSeconds: 2
    })
    const several = RouteTable.newRoute(route({ nextHops: [via("192.0.2.1"), via("192.0.2.2")] }), state)
    assert.lengthOf(typeof several === "string" ? [] : (several.nextHops ?? []), 2)
  })
})
