import { AdvertTransport, type Hearing, type ReceivedAdvert } from "@holdfast/engine/AdvertTransport"
import { LinkWatch } from "@holdfast/engine/LinkWatch"
import type { IpAddress } from "@holdfast/wire/Address"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { eth0, type Run, type Segment, segmentIpv4, segmentIpv6 } from "./Harness.ts"

const indexOf = Effect.fnUntraced(function* (device: typeof eth0) {
  let index = 0
  const watch = yield* LinkWatch
  yield* watch.subscribe((links) => {
    index = links.get(device)?.index ?? 0
  })
  return index
})

interface Opening {
  readonly groups?: ReadonlyArray<IpAddress>
  readonly hears?: Hearing
}

/** A channel on `eth0` and what it received, copied while it was valid. */
const open = Effect.fnUntraced(function* (segment: Segment, { groups, hears = "All" }: Opening = {}) {
  const transport = yield* AdvertTransport
  const received: Array<ReceivedAdvert> = []
  const told: Array<readonly [vrid: number, count: number]> = []
  const channel = yield* transport.open({
    interface: eth0,
    index: yield* Effect.scoped(indexOf(eth0)),
    family: segment.family,
    authenticated: false,
    hears,
    groups: groups ?? [segment.group],
    onReceived: (batch, _, counts) => {
      for (const [index, advert] of batch.entries()) {
        received.push({ ...advert, payload: advert.payload.slice() })
        told.push([advert.payload[1]!, counts?.[index] ?? 1])
      }
    },
    onOverrun: () => {}
  })
  return { channel, received, told, vrids: () => received.map(({ payload }) => payload[1]) }
})

/** Nobody but the codec looks behind the second byte. */
const payloadOf = (vrid: number, priority = 100): Uint8Array =>
  Uint8Array.of(0x31, vrid, priority, 1, 0, 100, 0xab, 0xcd)

const wordsOf = ({ destination, hopLimit, payload, source }: ReceivedAdvert): string =>
  `${source} ${destination} ${hopLimit} ${payload.join()}`

export const advertTransportContract = (run: Run) => {
  channelContract(run, segmentIpv4)
  channelContract(run, segmentIpv6)
}

const channelContract = (runAny: Run, segment: Segment) => {
  const { group, ownAddress, peerAddress } = segment
  const advert = (source: IpAddress, vrid: number, destination: IpAddress) => ({
    source,
    destination,
    payload: payloadOf(vrid)
  })
  const fromPeer = (vrid: number, destination = group) => advert(peerAddress, vrid, destination)
  const fromUs = (vrid: number, destination = group) => advert(ownAddress, vrid, destination)
  const run: Run = (test) =>
    runAny((harness) => {
      if (segment.family === "Ipv6") harness.addAddress(eth0, segment.ownPrefix)
      return test(harness)
    })

  describe(`AdvertTransport over ${segment.family}`, () => {
    it.live("sends to a group and to one machine, with TTL 255 and the source that it is told", () =>
      run(({ eventually, peer }) =>
        Effect.gen(function* () {
          const { channel } = yield* open(segment)

          assert.isEmpty(channel.send([fromUs(51), fromUs(52, peerAddress)]))
          yield* eventually("the peer hears both", () => peer.heard.length === 2)

          assert.deepStrictEqual(peer.heard.map(wordsOf), [
            `${ownAddress} ${group} 255 ${payloadOf(51).join()}`,
            `${ownAddress} ${peerAddress} 255 ${payloadOf(52).join()}`
          ])
        })
      )
    )

    it.live("sends with the hop limit that it is told", () =>
      run(({ eventually, peer }) =>
        Effect.gen(function* () {
          const { channel } = yield* open(segment)

          channel.send([
            { ...fromUs(51, peerAddress), hopLimit: 64 },
            { ...fromUs(52), hopLimit: 1 }
          ])
          yield* eventually("the peer hears both", () => peer.heard.length === 2)

          assert.deepStrictEqual(
            peer.heard.map(({ hopLimit }) => hopLimit),
            [64, 1]
          )
        })
      )
    )

    it.live("hears with which hop limit an advert arrived", () =>
      run(({ eventually, peer }) =>
        Effect.gen(function* () {
          const { received } = yield* open(segment)

          peer.send({ ...fromPeer(51, ownAddress), hopLimit: 63 })
          yield* eventually("it arrives", () => received.length === 1)

          assert.strictEqual(received[0]?.hopLimit, 63)
        })
      )
    )

    it.live("sends without receiving anything, and beside a channel that receives", () =>
      run(({ eventually, peer }) =>
        Effect.gen(function* () {
          const sender = yield* open(segment, { hears: "Nothing" })
          const receiver = yield* open(segment)

          sender.channel.mute(new Set([1]))
          assert.isEmpty(sender.channel.send([fromUs(51), { ...fromUs(52, peerAddress), hopLimit: 9 }]))
          yield* eventually("the peer hears both", () => peer.heard.length === 2)
          peer.send(fromPeer(53))
          peer.send(fromPeer(54, ownAddress))
          yield* eventually("the receiver hears both", () => receiver.received.length === 2)

          assert.deepStrictEqual(peer.heard.map(wordsOf), [
            `${ownAddress} ${group} 255 ${payloadOf(51).join()}`,
            `${ownAddress} ${peerAddress} 9 ${payloadOf(52).join()}`
          ])
          assert.isEmpty(sender.received)
          assert.deepStrictEqual(receiver.vrids(), [53, 54])
        })
      )
    )

    it.live("may be given the same buffer again as soon as send has returned", () =>
      run(({ eventually, peer }) =>
        Effect.gen(function* () {
          const { channel } = yield* open(segment)
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
          const { received } = yield* open(segment)

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
          const unicast = yield* open(segment, { groups: [] })

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
          const { channel, vrids } = yield* open(segment)

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
      run(({ addAddress, addresses, eventually, peer, setUp }) =>
        Effect.gen(function* () {
          const { channel } = yield* open(segment)

          setUp("eth0", false)
          assert.isNotEmpty(channel.send([fromUs(51)]))
          setUp("eth0", true)
          // Linux takes IPv6 addresses away from a device that goes down.
          if (!addresses("eth0").includes(segment.ownPrefix)) addAddress("eth0", segment.ownPrefix)
          yield* eventually("the peer hears it", () => {
            channel.send([fromUs(52)])
            return peer.heard.some(({ payload }) => payload[1] === 52)
          })
        })
      )
    )

    it.live.each(["All", "OwnMac", "Nothing"] as const)(
      "cannot be opened on a device that does not exist, and says which (hears: %s)",
      (hears) =>
        run(() =>
          Effect.gen(function* () {
            const transport = yield* AdvertTransport

            const failure = yield* transport
              .open({
                interface: "eth7" as typeof eth0,
                index: 4_711,
                family: segment.family,
                authenticated: false,
                hears,
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

    it.live("dozes: tells what arrived when it is asked, and all of it when a Master leaves", () =>
      run(({ eventually, pass, peer }) =>
        Effect.gen(function* () {
          const { channel, vrids } = yield* open(segment)
          const leaving = (vrid: number) => ({ ...fromPeer(vrid), payload: payloadOf(vrid, 0) })

          channel.doze(true)
          peer.send(fromPeer(51))
          yield* pass(50)
          assert.isEmpty(vrids())
          channel.receive()
          assert.deepStrictEqual(vrids(), [51])

          peer.send(fromPeer(52))
          peer.send(leaving(53))
          yield* eventually("all are told", () => vrids().length === 3)
          assert.deepStrictEqual(vrids(), [51, 52, 53])

          peer.send(fromPeer(54))
          channel.doze(false)
          yield* eventually("what waited is told", () => vrids().length === 4)
          peer.send(fromPeer(55))
          peer.send(leaving(56))
          yield* eventually("each is told, once", () => vrids().includes(56))
          assert.deepStrictEqual(vrids(), [51, 52, 53, 54, 55, 56])
        })
      )
    )

    it.live("dozes: what is the same is told once, before what follows it, with how many it was", () =>
      run(({ eventually, pass, peer }) =>
        Effect.gen(function* () {
          const { channel, received, told } = yield* open(segment)
          const lower = { ...fromPeer(51), payload: payloadOf(51, 99) }
          const total = () => told.reduce((sum, [, count]) => sum + count, 0)
          const hear = (count: number) =>
            eventually(`${count} adverts are told`, () => {
              channel.receive()
              return total() === count
            })

          channel.doze(true)
          for (const vrid of [51, 52]) peer.send(fromPeer(vrid))
          yield* hear(2)
          for (const vrid of [51, 52, 51, 51]) peer.send(fromPeer(vrid))
          yield* pass(50)
          yield* hear(6)
          assert.sameDeepMembers(told.slice(2), [
            [51, 3],
            [52, 1]
          ])
          for (const advert of [fromPeer(51), lower, lower]) peer.send(advert)
          yield* hear(9)
          assert.deepStrictEqual(
            received.slice(4).map(({ payload }) => payload[2]),
            told.length === 7 ? [100, 99, 99] : [100, 99]
          )
          assert.strictEqual(received.at(-1)?.source, peerAddress)
        })
      )
    )

    it.live("receives nothing once its scope is closed, dozing or not", () =>
      run(({ pass, peer }) =>
        Effect.gen(function* () {
          const scope = yield* Scope.make()
          const awake = yield* Scope.provide(open(segment), scope)
          const dozing = yield* Scope.provide(open(segment), scope)
          dozing.channel.doze(true)

          yield* Scope.close(scope, Exit.void)
          peer.send(fromPeer(51))
          peer.send({ ...fromPeer(52), payload: payloadOf(52, 0) })
          yield* pass(50)

          assert.isEmpty(awake.received)
          assert.isEmpty(dozing.received)
        })
      )
    )
  })
}
