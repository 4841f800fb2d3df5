/**
 * One virtual router, as a program asks for it: what must be said, and a default for the rest.
 *
 * **Example** (Two addresses)
 *
 * ```ts
 * const parameters = yield* RouterOptions.decode({
 *   name: "web", interface: "eth0", vrid: 51, priority: 150,
 *   addresses: ["192.0.2.10/24", { address: "198.51.100.10", interface: "eth1" }]
 * })
 * ```
 *
 * @since 0.1.0
 */
import { defaults, Parameters } from "@holdfast/vrrp/Parameters"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/**
 * The options of one virtual router.
 *
 * @category models
 * @since 0.1.0
 */
export interface RouterOptions {
  /** Unique name; events carry it. */
  readonly name: string
  /** The device that carries the adverts, such as `eth0`. */
  readonly interface: string
  /** Virtual router identifier, 1 to 255; the same on every machine that shares the addresses. */
  readonly vrid: number
  /** 1 to 254, 255 for the owner of the addresses; the highest living one is Master. Default 100. */
  readonly priority?: number | undefined
  /** The addresses to hold: `"192.0.2.10"`, `"192.0.2.10/24"`, or with another device. */
  readonly addresses: ReadonlyArray<string | { readonly address: string; readonly interface: string }>
  /** Between adverts: whole seconds, 1 to 255; the same on every machine. Default 1 second. */
  readonly advertInterval?: Duration.Input | undefined
  /** Whether to take the addresses from a living Master of lower priority. Default true. */
  readonly preempt?: boolean | undefined
  /** How long to wait before that after starting; 0 to 1000 seconds. Default none. */
  readonly preemptDelay?: Duration.Input | undefined
  /** Send adverts to these machines instead of the multicast group. */
  readonly unicastPeers?: ReadonlyArray<string> | undefined
  /** Source address of adverts. Default: the primary address of `interface`. */
  readonly sourceAddress?: string | undefined
}

/**
 * An option is missing or out of its bounds; the message names it.
 *
 * @category errors
 * @since 0.1.0
 */
export class RouterOptionsError extends Schema.TaggedError<RouterOptionsError>()("RouterOptionsError", {
  router: Schema.String,
  message: Schema.String
}) {}

/**
 * Checks the options and fills in the defaults.
 *
 * @category constructors
 * @since 0.1.0
 */
export const decode = (options: RouterOptions): Effect.Effect<Parameters, RouterOptionsError> => {
  const fail = (message: string) =>
    new RouterOptionsError({ router: options.name, message: `${options.name}: ${message}` })
  const advertInterval = seconds(options.advertInterval) ?? defaults.advertInterval / second
  if (!Number.isInteger(advertInterval) || advertInterval < 1 || advertInterval > advertIntervalSecondsMax)
    return Effect.fail(fail("advertInterval is whole seconds, 1 to 255 (VRRP version 2)"))
  const preemptDelay = seconds(options.preemptDelay) ?? defaults.preemptDelay / second
  if (!(preemptDelay >= 0 && preemptDelay <= preemptDelaySecondsMax))
    return Effect.fail(fail("preemptDelay is 0 to 1000 seconds"))
  if (options.addresses.length === 0) return Effect.fail(fail("addresses names no address to hold"))
  if (options.unicastPeers?.length === 0) return Effect.fail(fail("unicastPeers names no peer"))
  return Schema.decodeEffect(Parameters)({
    ...defaults,
    name: options.name,
    interface: options.interface,
    vrid: options.vrid,
    priority: options.priority ?? defaults.priority,
    advertInterval: advertInterval * second,
    preempt: options.preempt ?? defaults.preempt,
    preemptDelay: Math.round(preemptDelay * second),
    transport:
      options.unicastPeers === undefined
        ? defaults.transport
        : {
            _tag: "Unicast",
            peers: options.unicastPeers.map((address) => ({ address })),
            hopLimit: hopLimitVrrp
          },
    ...(options.sourceAddress === undefined ? {} : { sourceAddress: options.sourceAddress }),
    addresses: options.addresses.map((entry) => addressOf(entry, options.interface))
  }).pipe(Effect.mapError((error) => fail(error.message.replaceAll("\n", " "))))
}

/** Not a number for what is no span, so that no bound holds it. */
const seconds = (span: Duration.Input | undefined): number | undefined =>
  span === undefined
    ? undefined
    : Option.match(Duration.fromInput(span), { onNone: () => Number.NaN, onSome: Duration.toSeconds })

const addressOf = (entry: RouterOptions["addresses"][number], device: string) => {
  const { address, interface: carrier } =
    typeof entry === "string" ? { address: entry, interface: device } : entry
  const withPrefix = /^(.+)\/([0-9]{1,2})$/.exec(address)
  return {
    address: withPrefix?.[1] ?? address,
    prefixLength: Number(withPrefix?.[2] ?? 32),
    interface: carrier,
    scope: 0,
    advertised: true,
    tracked: true
  }
}

/** In the microseconds of `Parameters`. */
const second = 1_000_000

/** RFC 3768 5.3.7: a byte that counts seconds. */
const advertIntervalSecondsMax = 255

/** RFC 3768 5.2.3. */
const hopLimitVrrp = 255

/** keepalived's bound of `preempt_delay`. */
const preemptDelaySecondsMax = 1000
