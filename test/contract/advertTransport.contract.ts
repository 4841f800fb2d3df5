import { AdvertTransport, type ReceivedAdvert } from "@holdfast/engine/AdvertTransport"
import { LinkWatch } from "@holdfast/engine/LinkWatch"
import type { Ipv4Address } from "@holdfast/wire/Address"
import * as Advertisement from "@holdfast/wire/Advertisement"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { eth0, group, ownAddress, peerAddress, type Run } from "./Harness.ts"

const indexOf = Effect.fnUntraced(function* (device: typeof eth0) {
  let index = 0
  const watch = yield* LinkWatch
  yield* watch.subscribe((links) => {
    index = links.get(device)?.index ?? 0
  })
  return index
})

/** A channel on `eth0` and what it received, copied while it was valid. */
const open = Effect.fnUntraced(function* (groups: ReadonlyArray<Ipv4Address> = [group]) {
  const transport = yield* AdvertTransport
  const received: Array<ReceivedAdvert> = []
  const channel = yield* transport.open({
    interface: eth0,
    index: yield* Effect.scoped(indexOf(eth0)),
    groups,
    onReceived: (_, batch) => {
      for (const advert of batch) received.push({ ...advert, payload: advert.payload.slice() })
    },
    onOverrun: () => {}
  })
  return { channel, received, vrids: () => received.map(({ payload }) => payload[1]) }
})

const payloadOf = (vrid: number): Uint8Array =>
  Advertisement.encode({
    version: 2,
    vrid,
    priority: 100,
    advertIntervalMicros: 1_000_000,
    authenticationType: 0,
    addresses: ["192.0.2.100" as Ipv4Address]
  })

const wordsOf = ({ destination, hopLimit, payload, source }: ReceivedAdvert): string =>
  `${source} ${destination} ${hopLimit} ${payload.join()}`

const fromPeer = (vrid: number, destination = group) => ({
  source: peerAddress,
  destination,
  payload: payloadOf(vrid)
})
const fromUs = (vrid: number, destination = group) => ({
  source: ownAddress,
  destination,
  payload: payloadOf(vrid)
})

export const advertTransportContract = (run: Run) =>
  describe("AdvertTransport", () => {
    it.live("sends to a group and to one machine, with TTL 255 and the source that it is told", () =>
      run(({ eventually, peer }) =>
        Effect.gen(function* () {
          const { channel } = yield* open()

          assert.isEmpty(channel.send([fromUs(51), fromUs(52, peerAddress)]))
          yield* eventually("the peer hears both", () => peer.heard.length === 2)

          assert.deepStrictEqual(peer.heard.map(wordsOf), [
            `${ownAddress} ${group} 255 ${payloadOf(51).join()}`,
            `${ownAddress} ${peerAddress} 255 ${payloadOf(52).join()}`
          ])
        })
      )
    )

    it.live("may be given the same buffer again as soon as send has returned", () =>
      run(({ eventually, peer }) =>
        Effect.gen(function* () {
          const { channel } = yield* open()
          const payload = payloadOf(51)

          channel.send([{ source: ownAddress, destination: group, payload }])
          payload.set(payloadOf(52))
          channel.send([{ source: ownAddress, destination: group, payload }])
          yield* eventually("the peer hears both", () => peer.heard.length === 2)

          assert.deepStrictEqual(
            peer.heard.map((advert) => advert.payload[1]),
            [51, 52]
          )
        })
      )
    )

    it.live("receives what goes to a group that it joined and to the device's own address", () =>
      run(({ eventually, peer }) =>
        Effect.gen(function* () {
          const { received } = yield* open()

          peer.send(fromPeer(51))
          peer.send(fromPeer(52, ownAddress))
          yield* eventually("both arrive", () => received.length === 2)

          assert.deepStrictEqual(received.map(wordsOf), [
            `${peerAddress} ${group} 255 ${payloadOf(51).join()}`,
            `${peerAddress} ${ownAddress} 255 ${payloadOf(52).join()}`
          ])
        })
      )
    )

    it.live("hears no group that it did not join, and not itself", () =>
      run(({ eventually, peer }) =>
        Effect.gen(function* () {
          const unicast = yield* open([])

          unicast.channel.send([fromUs(50)])
          peer.send(fromPeer(51))
          peer.send(fromPeer(52, ownAddress))
          yield* eventually("the last one arrives", () => unicast.vrids().includes(52))

          assert.deepStrictEqual(unicast.vrids(), [52])
        })
      )
    )

    it.live("drops muted VRIDs, the last set alone", () =>
      run(({ eventually, peer }) =>
        Effect.gen(function* () {
          const { channel, vrids } = yield* open()

          channel.mute(new Set([51, 52]))
          for (const vrid of [51, 52, 53]) peer.send(fromPeer(vrid))
          yield* eventually("53 arrives", () => vrids().includes(53))
          channel.mute(new Set([52]))
          for (const vrid of [51, 52, 54]) peer.send(fromPeer(vrid))
          yield* eventually("54 arrives", () => vrids().includes(54))

          assert.deepStrictEqual(vrids(), [53, 51, 54])
        })
      )
    )

    it.live("says what the kernel refused, and goes on when the device is up again", () =>
      run(({ eventually, peer, setUp }) =>
        Effect.gen(function* () {
          const { channel } = yield* open()

          setUp("eth0", false)
          assert.isNotEmpty(channel.send([fromUs(51)]))
          setUp("eth0", true)
          yield* eventually("the peer hears it", () => {
            channel.send([fromUs(52)])
            return peer.heard.some(({ payload }) => payload[1] === 52)
          })
        })
      )
    )

    it.live("cannot be opened on a device that does not exist, and says which", () =>
      run(() =>
        Effect.gen(function* () {
          const transport = yield* AdvertTransport

          const failure = yield* transport
            .open({
              interface: "eth7" as typeof eth0,
              index: 4_711,
              groups: [group],
              onReceived: () => {},
              onOverrun: () => {}
            })
            .pipe(Effect.flip)

          assert.strictEqual(failure._tag, "TransportError")
          assert.strictEqual(failure.interface, "eth7")
          assert.isNotEmpty(failure.message)
        })
      )
    )

    it.live("receives nothing once its scope is closed", () =>
      run(({ pass, peer }) =>
        Effect.gen(function* () {
          const scope = yield* Scope.make()
          const { received } = yield* Scope.provide(open(), scope)

          yield* Scope.close(scope, Exit.void)
          peer.send(fromPeer(51))
          yield* pass(50)

          assert.isEmpty(received)
        })
      )
    )
  })
