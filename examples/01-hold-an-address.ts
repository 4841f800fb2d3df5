// A Node service that holds its own address: Master on one machine, taken over by another when this one stops.
// Needs CAP_NET_ADMIN and CAP_NET_RAW. Run it: node examples/01-hold-an-address.ts eth0 192.0.2.10/24
import { Holdfast } from "holdfast"

const [device = "eth0", address = "192.0.2.10/24"] = process.argv.slice(2)

const holdfast = await Holdfast.start([{ name: "web", interface: device, vrid: 51, addresses: [address] }])
process.once("SIGTERM", () => void holdfast.stop())

for await (const event of holdfast.events()) {
  if (event._tag === "RoleChanged") console.log(`${event.router}: ${event.from} -> ${event.to}`)
  if (event._tag === "AddressesChanged")
    console.log(`${event.router}: ${event.owned ? "holds" : "gave up"} ${address}`)
}
