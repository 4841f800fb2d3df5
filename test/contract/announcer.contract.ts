import { Announcer } from "@holdfast/engine/Announcer"
import type { InterfaceName } from "@holdfast/vrrp/Parameters"
import type { IpAddress } from "@holdfast/wire/Address"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { eth0, type Run } from "./Harness.ts"

const one = (text: string, device: InterfaceName = eth0) => ({
  interface: device,
  address: text as IpAddress
})

export const announcerContract = (run: Run) =>
  describe("Announcer", () => {
    it.live("sends so many gratuitous ARPs for each address", () =>
      run(({ eventually, pass, peer }) =>
        Effect.gen(function* () {
          const announcer = yield* Announcer

          announcer.announce({ addresses: [one("192.0.2.100"), one("192.0.2.101")], repeatCount: 5 })
          yield* eventually("the peer hears ten", () => peer.announced.length === 10)
          yield* pass(50)

          assert.lengthOf(peer.announced, 10)
          assert.lengthOf(
            peer.announced.filter((address) => address === "192.0.2.100"),
            5
          )
        })
      )
    )

    it.live("sends so many unsolicited neighbour advertisements for each address", () =>
      run(({ eventually, pass, peer }) =>
        Effect.gen(function* () {
          const announcer = yield* Announcer

          announcer.announce({ addresses: [one("fd00::100"), one("192.0.2.100")], repeatCount: 3 })
          yield* eventually("the peer hears six", () => peer.announced.length === 6)
          yield* pass(50)

          assert.sameMembers(
            [...peer.announced],
            Array.from(
              { length: 6 },
              (_, index) => one(index % 2 === 0 ? "fd00::100" : "192.0.2.100").address
            )
          )
        })
      )
    )

    it.live("goes past a device that is down or missing", () =>
      run(({ eventually, pass, peer, setUp }) =>
        Effect.gen(function* () {
          const announcer = yield* Announcer
          setUp("eth1", false)
          yield* pass(20)

          announcer.announce({
            addresses: [
              one("203.0.113.100", "eth7" as InterfaceName),
              one("198.51.100.100", "eth1" as InterfaceName),
              one("192.0.2.100")
            ],
            repeatCount: 2
          })

          yield* eventually("the peer hears two", () => peer.announced.length === 2)
        })
      )
    )
  })
