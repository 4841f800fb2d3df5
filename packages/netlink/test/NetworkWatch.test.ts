import { assert, describe, it } from "@effect/vitest"
import * as InterfaceAddress from "@holdfast/netlink/InterfaceAddress"
import * as Link from "@holdfast/netlink/Link"
import type * as Message from "@holdfast/netlink/Message"
import type { NetworkChange } from "@holdfast/netlink/NetworkChange"
import * as NetworkState from "@holdfast/netlink/NetworkState"
import * as NetworkWatch from "@holdfast/netlink/NetworkWatch"
import type * as Address from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import * as FakeKernel from "./FakeKernel.ts"
import { ipv4 } from "./Fixture.ts"

/** The payload of an address of link 2 as it is asked for, which is as it is told. */
const payloadOf = (address: Address.Ipv4Address) =>
  InterfaceAddress.add({ linkIndex: 2, address, prefixLength: 24 }).payload
const added = (text: string) => FakeKernel.notification(InterfaceAddress.RTM_NEWADDR, payloadOf(ipv4(text)))
const removed = (text: string) => FakeKernel.notification(InterfaceAddress.RTM_DELADDR, payloadOf(ipv4(text)))

/**
 * A stand-in that lists no devices and the addresses of `lists`, one list for each time that it is asked; the last one
 * again and again. `during` is called in the midst of a list.
 */
const listing = (
  lists: ReadonlyArray<ReadonlyArray<string>>,
  during: (kernel: FakeKernel.FakeKernel, listNumber: number) => void = () => {}
) => {
  let listNumber = 0
  return FakeKernel.make(([request], kernel) => {
    if (request!.type !== InterfaceAddress.list().type) return kernel.answer(FakeKernel.done(request!))
    const list = lists[Math.min(listNumber, lists.length - 1)]!
    listNumber += 1
    during(kernel, listNumber)
    kernel.answer(...list.map((text) => partOf(request!, text)), FakeKernel.done(request!))
  })
}
const partOf = (request: Message.Message, text: string) =>
  FakeKernel.part(request, InterfaceAddress.RTM_NEWADDR, payloadOf(ipv4(text)))

/** Watches addresses, and writes each change as a line. */
const watching = Effect.fnUntraced(function* (kernel: FakeKernel.FakeKernel) {
  const lines: Array<string> = []
  const groups: Array<number> = []
  yield* NetworkWatch.make({
    topics: ["links", "addresses"],
    open: (given) => {
      groups.push(...given)
      return kernel.open
    },
    onChanges: (changes) => lines.push(...changes.map(lineOf))
  })
  return { lines, groups }
})
const lineOf = (change: NetworkChange): string => {
  switch (change._tag) {
    case "Synchronised":
      return ["all", ...change.snapshot.addresses.map(({ address }) => address)].join(" ")
    case "AddressChanged":
      return `+ ${change.address.address}`
    case "AddressRemoved":
      return `- ${change.address.address}`
    default:
      return change._tag
  }
}

describe("make", () => {
  it.effect("tells first all there is, then each change", () =>
    Effect.gen(function* () {
      const kernel = listing([["192.0.2.1"]])

      const { lines, groups } = yield* watching(kernel)
      kernel.answer(added("192.0.2.2"), removed("192.0.2.1"))

      assert.deepStrictEqual(groups, [
        Link.RTNLGRP_LINK,
        InterfaceAddress.RTNLGRP_IPV4_IFADDR,
        InterfaceAddress.RTNLGRP_IPV6_IFADDR
      ])
      assert.deepStrictEqual(lines, ["all 192.0.2.1", "+ 192.0.2.2", "- 192.0.2.1"])
    })
  )

  it.effect("reads the lists again when something changed meanwhile", () =>
    Effect.gen(function* () {
      const kernel = listing([["192.0.2.1"], ["192.0.2.1", "192.0.2.2"]], ({ answer }, listNumber) => {
        if (listNumber === 1) answer(added("192.0.2.2"))
      })

      const { lines } = yield* watching(kernel)

      assert.deepStrictEqual(lines, ["all 192.0.2.1 192.0.2.2"])
    })
  )

  it.effect("tells a third list that was no quieter with the changes behind it, so that none is missed", () =>
    Effect.gen(function* () {
      const kernel = listing([["192.0.2.1"]], ({ answer }, listNumber) =>
        answer(added(`192.0.2.${listNumber + 1}`))
      )

      const { lines } = yield* watching(kernel)

      assert.deepStrictEqual(lines, ["all 192.0.2.1", "+ 192.0.2.4"])
    })
  )

  it.effect("after a loss tells nothing but all there is now", () =>
    Effect.gen(function* () {
      const kernel = listing([["192.0.2.1"], ["192.0.2.3"]])
      const { lines } = yield* watching(kernel)

      kernel.lose()
      kernel.answer(added("192.0.2.2"))
      yield* TestClock.adjust("1 millis")
      kernel.answer(added("192.0.2.4"))

      assert.deepStrictEqual(lines, ["all 192.0.2.1", "all 192.0.2.3", "+ 192.0.2.4"])
    })
  )

  it.effect("a loss while the lists are read makes them be read again", () =>
    Effect.gen(function* () {
      const kernel = listing(
        [["192.0.2.1"], ["192.0.2.2"], ["192.0.2.3"], ["192.0.2.4"]],
        ({ lose }, listNumber) => {
          if (listNumber === 2) lose()
        }
      )
      const { lines } = yield* watching(kernel)

      kernel.lose()
      yield* TestClock.adjust("1 second")

      // The third list made good the loss inside the dump; the fourth follows, since the loss may have hit a change.
      assert.deepStrictEqual(lines, ["all 192.0.2.1", "all 192.0.2.4"])
    })
  )

  it.effect("goes on trying when the lists cannot be read after a loss", () =>
    Effect.gen(function* () {
      let isRefusing = false
      const kernel = FakeKernel.make(([request], { answer }) =>
        answer(isRefusing ? FakeKernel.acknowledge(request!, 12) : FakeKernel.done(request!))
      )
      const { lines } = yield* watching(kernel)
      isRefusing = true
      kernel.lose()
      yield* TestClock.adjust("3 seconds")
      assert.deepStrictEqual(lines, ["all"])

      isRefusing = false
      yield* TestClock.adjust("1 second")

      assert.deepStrictEqual(lines, ["all", "all"])
    })
  )

  it.effect("fails when the lists cannot be read at first", () =>
    Effect.gen(function* () {
      const kernel = FakeKernel.make(([request], { answer }) => answer(FakeKernel.acknowledge(request!, 1)))

      const error = yield* Effect.flip(watching(kernel))

      assert.strictEqual(error._tag, "NetlinkError")
    })
  )
})

describe("state", () => {
  it.effect("calls back with the state after each change", () =>
    Effect.gen(function* () {
      const states: Array<ReadonlyArray<string>> = []
      const kernel = listing([["192.0.2.1"]])
      yield* NetworkWatch.state(
        (state) => states.push(NetworkState.addressesOf(state, 2).map(({ address }) => address)),
        () => kernel.open
      )

      kernel.answer(added("192.0.2.2"))
      kernel.answer(removed("192.0.2.1"))

      assert.deepStrictEqual(states, [["192.0.2.1"], ["192.0.2.1", "192.0.2.2"], ["192.0.2.2"]])
    })
  )
})
