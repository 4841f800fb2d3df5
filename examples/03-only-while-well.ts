// A Node service that holds its address only while it is well: what it observes of itself is tracked, like a script of
// keepalived. Here `kill -USR2` makes it ill, and well again.
// Run it: node examples/03-only-while-well.ts eth0 192.0.2.10/24
import { EngineEvent, Holdfast } from "holdfast"

const [device = "eth0", ...addresses] = process.argv.slice(2)

const holdfast = await Holdfast.start([
  {
    name: "web",
    interface: device,
    vrid: 51,
    version: 3,
    advertInterval: "200 millis",
    addresses,
    trackers: [{ observation: "service" }]
  }
])
process.once("SIGTERM", () => void holdfast.stop())

let isWell = true
holdfast.observe("service", "Up")
process.on("SIGUSR2", () => {
  isWell = !isWell
  holdfast.observe("service", isWell ? "Up" : "Down")
})

for await (const event of holdfast.events()) console.log(EngineEvent.describe(event).message)
