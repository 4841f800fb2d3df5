/**
 * What the kernel of a node says: addresses, neighbours, links, and changes of addresses as they come.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Child from "./Child.ts"
import * as Journal from "./Journal.ts"
import type { Namespace } from "./Namespace.ts"
import * as Question from "./Question.ts"

/**
 * An address on a card.
 *
 * @category models
 * @since 0.1.0
 */
export interface OwnedAddress {
  readonly networkInterface: string
  readonly address: string
  readonly prefixLength: number
}

/**
 * An address came to a card or went from it.
 *
 * @category models
 * @since 0.1.0
 */
export interface AddressChange {
  readonly atMicros: number
  readonly change: "Added" | "Deleted"
  readonly networkInterface: string
  readonly address: string
}

/** Returns the addresses of a node, of both families. */
const addresses = (namespace: Namespace): Effect.Effect<ReadonlyArray<OwnedAddress>, Child.CommandFailed> =>
  Effect.map(Child.run(namespace, ["ip", "-j", "addr", "show"]), (output) =>
    decodeAddresses(output).flatMap((link) =>
      (link.addr_info ?? []).map((info) => ({
        networkInterface: link.ifname ?? "",
        address: info.local ?? "",
        prefixLength: info.prefixlen ?? 0
      }))
    )
  )

/**
 * Returns whether a node has an address on a card.
 *
 * @category getters
 * @since 0.1.0
 */
export const owns = (
  namespace: Namespace,
  networkInterface: string,
  address: string
): Effect.Effect<boolean, Child.CommandFailed> =>
  Effect.map(addresses(namespace), (all) =>
    all.some((each) => each.networkInterface === networkInterface && each.address === address)
  )

/**
 * Waits until a node has an address on a card.
 *
 * @category actions
 * @since 0.1.0
 */
export const owned = (
  namespace: Namespace,
  networkInterface: string,
  address: string
): Effect.Effect<boolean, Child.CommandFailed> =>
  Question.until(`has ${address}`, owns(namespace, networkInterface, address), (has) => has)

/**
 * Waits until a node has an address no more.
 *
 * @category actions
 * @since 0.1.0
 */
export const disowned = (
  namespace: Namespace,
  networkInterface: string,
  address: string
): Effect.Effect<boolean, Child.CommandFailed> =>
  Question.until(`is without ${address}`, owns(namespace, networkInterface, address), (has) => !has)

/**
 * Returns the hardware address a node believes an address has.
 *
 * @category getters
 * @since 0.1.0
 */
export const neighbour = (
  namespace: Namespace,
  address: string
): Effect.Effect<string | undefined, Child.CommandFailed> =>
  Effect.map(
    Child.run(namespace, ["ip", "-j", "neigh", "show", "to", address]),
    (output) => decodeNeighbours(output)[0]?.lladdr
  )

/**
 * Returns the index of a card.
 *
 * @category getters
 * @since 0.1.0
 */
export const interfaceIndex = (
  namespace: Namespace,
  networkInterface: string
): Effect.Effect<number, Child.CommandFailed> =>
  Effect.map(
    Child.run(namespace, ["ip", "-j", "link", "show", "dev", networkInterface]),
    (output) => decodeLinks(output)[0].ifindex
  )

/**
 * Follows the changes of a node's addresses; the effect ends when the watch runs.
 *
 * @category constructors
 * @since 0.1.0
 */
export const addressChanges = (
  namespace: Namespace
): Effect.Effect<Journal.Journal<AddressChange>, Child.CommandFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const child = yield* Child.start(namespace, ["ip", "-o", "-4", "-ts", "monitor", "address"])
    const changes = Journal.make<AddressChange>(
      `${namespace.name} addresses`,
      (change) => `${change.change} ${change.address} ${change.networkInterface}`
    )
    const watching = Deferred.makeUnsafe<void>()
    Child.onLines(child.stdout, (line) => {
      const change = readChange(line)
      if (change?.address === fenceAddress) Deferred.doneUnsafe(watching, Effect.void)
      else if (change !== undefined) changes.append(change)
    })
    // `ip monitor` does not say when it listens: an address of our own that it reports does.
    const fence = Effect.andThen(
      Child.run(namespace, ["ip", "addr", "replace", `${fenceAddress}/32`, "dev", "lo"]),
      Effect.timeoutOption(Deferred.await(watching), fenceMillis)
    )
    yield* Effect.repeat(fence, { until: (reported) => reported._tag === "Some" })
    yield* Child.run(namespace, ["ip", "addr", "del", `${fenceAddress}/32`, "dev", "lo"])
    return changes
  })

/** Reads a line such as `[2026-11-22T14:42:43.123456] Deleted 5: eth1    inet 192.168.3.117/32 scope global eth1 ...`. */
const readChange = (line: string): AddressChange | undefined => {
  const found = /^\[([^\]]+)\] (Deleted )?\d+: (\S+)\s+inet ([0-9.]+)/.exec(line)
  if (found === null) return undefined
  const [, at = "", deleted, networkInterface = "", address = ""] = found
  return {
    atMicros: Date.parse(at.slice(0, 19)) * 1000 + Number(at.slice(20, 26)),
    change: deleted === undefined ? "Added" : "Deleted",
    networkInterface,
    address
  }
}

const decodeAddresses = Schema.decodeUnknownSync(
  Schema.fromJsonString(
    Schema.Array(
      Schema.Struct({
        ifname: Schema.optionalKey(Schema.String),
        addr_info: Schema.optionalKey(
          Schema.Array(
            Schema.Struct({
              local: Schema.optionalKey(Schema.String),
              prefixlen: Schema.optionalKey(Schema.Int)
            })
          )
        )
      })
    )
  )
)

const decodeNeighbours = Schema.decodeUnknownSync(
  Schema.fromJsonString(Schema.Array(Schema.Struct({ lladdr: Schema.optionalKey(Schema.String) })))
)

const decodeLinks = Schema.decodeUnknownSync(
  Schema.fromJsonString(Schema.Tuple([Schema.Struct({ ifindex: Schema.Int })]))
)

// From the block for documentation (RFC 5737), so no scenario has it.
const fenceAddress = "192.0.2.254"
const fenceMillis = 20
