// One service, an IPv4 and an IPv6 address, version 3 of VRRP with ten adverts a second, signed: another machine takes over
// in less than half a second. The addresses are on devices with the virtual router's own link-layer address.
// Run it: node examples/04-both-families.ts eth0 192.0.2.10/24 fe80::10/64 2001:db8::10/64
import { Holdfast } from "holdfast"

const [device = "eth0", ...addresses] = process.argv.slice(2)

const holdfast = await Holdfast.start([
  {
    name: "web",
    interface: device,
    vrid: 51,
    addresses,
    version: 3,
    advertInterval: "100 millis",
    virtualMac: true,
    authentication: { keys: [{ id: 1, secret: process.env["SECRET"] ?? "only an example, not a secret!!!" }] }
  }
])
process.once("SIGTERM", () => void holdfast.stop())

for await (const event of holdfast.events())
  if (event._tag === "GroupChanged") console.log(`${event.group}: ${event.from} -> ${event.to}`)
  else if (event._tag === "AddressesChanged")
    console.log(`${event.router}: ${event.owned ? "holds its addresses" : "gave them up"}`)
