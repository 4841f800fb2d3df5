/**
 * A network namespace of a lab, held by a descriptor and known by a name in reports only.
 *
 * Nothing is mounted and nothing is named in the file system: the kernel removes the namespace when the last process
 * and descriptor in it are gone, so a crash leaves nothing behind and two runs cannot meet.
 *
 * @since 0.1.0
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/**
 * @category models
 * @since 0.1.0
 */
export interface Namespace extends NetworkNamespace.NetworkNamespace {
  readonly name: string
}

/**
 * Makes a namespace with the loopback device as the kernel gives it: down.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (name: string): Effect.Effect<Namespace, never, Scope.Scope> =>
  Effect.orDie(Effect.map(NetworkNamespace.make, ({ fd }) => ({ name, fd })))

/**
 * Sets values below `/proc/sys/net` inside, by path: `ipv4/ip_forward`, `ipv4/conf/eth0/arp_ignore`.
 *
 * @category actions
 * @since 0.1.0
 */
export const tune = (namespace: Namespace, settings: Readonly<Record<string, number>>): Effect.Effect<void> =>
  Effect.sync(() =>
    NetworkNamespace.within(namespace, () => {
      for (const [path, value] of Object.entries(settings)) writeFileSync(`/proc/sys/net/${path}`, `${value}`)
    })
  )

/**
 * Returns all settings of some devices below `/proc/sys/net/ipv4/conf`, by path; `all` and `default` count as devices.
 *
 * @category getters
 * @since 0.1.0
 */
export const settings = (
  namespace: Namespace,
  devices: ReadonlyArray<string>
): Effect.Effect<Readonly<Record<string, string>>> =>
  Effect.sync(() =>
    NetworkNamespace.within(namespace, () =>
      Object.fromEntries(
        devices.flatMap((device) =>
          readdirSync(`/proc/sys/net/ipv4/conf/${device}`).map((name) => [
            `${device}/${name}`,
            readFileSync(`/proc/sys/net/ipv4/conf/${device}/${name}`, "utf8").trim()
          ])
        )
      )
    )
  )
