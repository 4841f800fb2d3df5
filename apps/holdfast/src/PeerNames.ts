/**
 * Unicast peers by name: asks the system's resolver, again and again, and puts the addresses into the routers.
 *
 * **Details** a name that cannot be resolved keeps the addresses it had; one that never could be is no peer yet.
 *
 * @since 0.1.0
 */
import * as dns from "node:dns/promises"
import type { Parameters, Peer } from "@holdfast/vrrp/Parameters"
import { type Family, type IpAddress, ipFromString } from "@holdfast/wire/Address"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Option from "effect/Option"

/**
 * @category models
 * @since 0.1.0
 */
export interface PeerNames {
  /** Returns the routers with what is known of their peers by now. */
  readonly fillIn: (routers: ReadonlyArray<Parameters>) => ReadonlyArray<Parameters>
  /** Asks for all names of the routers. Returns after a second at the latest; `follow` then asks again at once. */
  readonly resolve: (routers: ReadonlyArray<Parameters>) => Effect.Effect<void>
  /** Asks again and again, and runs `onChange` when an address is another than before. */
  readonly follow: <E>(
    routers: () => ReadonlyArray<Parameters>,
    onChange: Effect.Effect<unknown, E>
  ) => Effect.Effect<never, E>
}

/**
 * Asks for the addresses of a name; fails when it has none.
 *
 * @category models
 * @since 0.1.0
 */
export type Lookup = (name: string, family: Family) => Promise<ReadonlyArray<string>>

/**
 * Makes an empty table. `onFailure` is called when a name begins to fail.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  onFailure: (name: string, reason: string) => void,
  lookup: Lookup = lookupBySystem
): PeerNames => {
  const known = new Map<string, ReadonlyArray<IpAddress>>()
  const failed = new Set<string>()
  const late = Latch.makeUnsafe(false)

  const ask = (name: string, family: Family): Effect.Effect<boolean> =>
    Effect.tryPromise(() => lookup(name, family)).pipe(
      Effect.map((answers) => {
        const addresses = answers.flatMap((text) => Option.toArray(ipFromString(text))).toSorted()
        const key = keyOf(name, family)
        failed.delete(key)
        if (known.get(key)?.join() === addresses.join()) return false
        known.set(key, addresses)
        return true
      }),
      Effect.catch(({ cause }) =>
        Effect.sync(() => {
          const key = keyOf(name, family)
          if (!failed.has(key)) onFailure(name, cause instanceof Error ? cause.message : String(cause))
          failed.add(key)
          return false
        })
      )
    )

  const askAll = (routers: ReadonlyArray<Parameters>): Effect.Effect<boolean> => {
    const names = new Map(
      routers.flatMap((router) =>
        namesOf(router).map((name) => [keyOf(name, router.family), { name, family: router.family }] as const)
      )
    )
    return Effect.map(
      Effect.forEach(names.values(), ({ family, name }) => ask(name, family), { concurrency: lookupsMax }),
      (changes) => changes.includes(true)
    )
  }

  return {
    fillIn: (routers) => routers.map((router) => withPeers(router, known)),
    resolve: (routers) =>
      askAll(routers).pipe(
        Effect.timeoutOption(waitMax),
        Effect.map((answered) => {
          if (Option.isNone(answered)) late.openUnsafe()
        })
      ),
    follow: (routers, onChange) =>
      Effect.gen(function* () {
        yield* Effect.timeoutOption(late.await, interval)
        late.closeUnsafe()
        if (yield* askAll(routers())) yield* onChange
      }).pipe(Effect.forever)
  }
}

const namesOf = ({ transport }: Parameters): ReadonlyArray<string> =>
  transport._tag === "Unicast" ? (transport.names ?? []) : []

const withPeers = (router: Parameters, known: ReadonlyMap<string, ReadonlyArray<IpAddress>>): Parameters => {
  const { transport } = router
  if (transport._tag !== "Unicast" || transport.names === undefined) return router
  const listed = new Set(transport.peers.map(({ address }) => address))
  const resolved = transport.names.flatMap((name) => known.get(keyOf(name, router.family)) ?? [])
  const added = [...new Set(resolved)].filter(
    (address) => !listed.has(address) && address !== router.sourceAddress
  )
  const peers: ReadonlyArray<Peer> = [...transport.peers, ...added.map((address) => ({ address }))]
  return { ...router, transport: { ...transport, peers } }
}

const keyOf = (name: string, family: Family): string => `${family} ${name}`

const lookupBySystem: Lookup = async (name, family) => {
  // No process ends while a lookup is under way, and a stop must not wait 10 s for a dead name server: resolv.conf(5).
  process.env["RES_OPTIONS"] ??= "timeout:1 attempts:2"
  const answers = await dns.lookup(name, { all: true, family: family === "Ipv4" ? 4 : 6 })
  return answers.map(({ address }) => address)
}

/** A name server that does not answer must not keep the addresses down. */
const waitMax = "1 second"

/** Names of peers are for hosts that move seldom; a shorter time than this would burden name servers for nothing. */
const interval = "30 seconds"

/** The resolver's threads are few, and a dead name server holds each for seconds. */
const lookupsMax = 2
