import { assert, describe, it } from "@effect/vitest"
import * as SocketAddress from "@holdfast/raw-socket/SocketAddress"
import * as Address from "@holdfast/wire/Address"
import * as Schema from "effect/Schema"

const Byte = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xff }))
const Port = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffff }))
const Word = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffff_ffff }))
const bytesOf = (length: number) => Schema.Array(Byte).check(Schema.isBetweenLength(length, length))

const roundTrip = (address: SocketAddress.SocketAddress) =>
  assert.deepStrictEqual(SocketAddress.decode(SocketAddress.encode(address)), address)

describe("SocketAddress", () => {
  it("encodes sockaddr_in with the port in network order", () => {
    const address = Address.Ipv4Address.make("224.0.0.18")

    const bytes = SocketAddress.encode({ _tag: "Ipv4", address, port: 0x1234 })

    assert.deepStrictEqual([...bytes], [2, 0, 0x12, 0x34, 224, 0, 0, 18, 0, 0, 0, 0, 0, 0, 0, 0])
  })

  it("encodes sockaddr_ll with the protocol in network and the index in host order", () => {
    const bytes = SocketAddress.encode({
      _tag: "Link",
      protocol: 0x0806,
      interfaceIndex: 7,
      hardwareType: 1,
      packetType: 4,
      address: Uint8Array.of(0, 0, 0x5e, 0, 1, 82)
    })

    assert.deepStrictEqual([...bytes], [17, 0, 8, 6, 7, 0, 0, 0, 1, 0, 4, 6, 0, 0, 0x5e, 0, 1, 82, 0, 0])
  })

  it.prop("reads back what it wrote: IPv4", { octets: bytesOf(4), port: Port }, ({ octets, port }) =>
    roundTrip({ _tag: "Ipv4", address: Address.ipv4FromBytes(Uint8Array.from(octets)), port })
  )

  it.prop(
    "reads back what it wrote: IPv6",
    { octets: bytesOf(16), port: Port, flowInfo: Word, scopeId: Word },
    ({ octets, ...rest }) => roundTrip({ _tag: "Ipv6", address: Uint8Array.from(octets), ...rest })
  )

  it.prop(
    "reads back what it wrote: link",
    { octets: bytesOf(6), protocol: Port, interfaceIndex: Port, hardwareType: Port, packetType: Byte },
    ({ octets, ...rest }) => roundTrip({ _tag: "Link", address: Uint8Array.from(octets), ...rest })
  )

  it.prop("reads back what it wrote: netlink", { portId: Word, groups: Word }, (fields) =>
    roundTrip({ _tag: "Netlink", ...fields })
  )

  it("reads back what it wrote: Unix, by path and abstract", () => {
    roundTrip({ _tag: "Unix", path: "/dev/log" })
    roundTrip({ _tag: "Unix", path: "@holdfast" })
  })

  it.prop("is total: any bytes decode, and cut addresses are unknown", [Schema.Array(Byte)], ([octets]) => {
    const bytes = Uint8Array.from(octets)

    const address = SocketAddress.decode(bytes)

    if (address._tag === "Unknown") assert.deepStrictEqual(address.bytes, bytes)
    for (let length = 0; length < 12; length++) {
      assert.strictEqual(
        SocketAddress.decode(Uint8Array.of(2, 0, ...octets).subarray(0, length))._tag,
        "Unknown"
      )
    }
  })

  it("treats a link address longer than its bytes as unknown", () => {
    const bytes = SocketAddress.encode({
      _tag: "Link",
      protocol: 0,
      interfaceIndex: 1,
      hardwareType: 1,
      packetType: 0,
      address: new Uint8Array(6)
    })
    bytes[11] = 200

    assert.strictEqual(SocketAddress.decode(bytes)._tag, "Unknown")
  })
})
