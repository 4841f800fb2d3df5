/**
 * Metrics of a route (RTA_METRICS): what the kernel's transports take from it.
 *
 * @see ip-route(8); RTAX_… of include/uapi/linux/rtnetlink.h of Linux
 * @since 0.1.0
 */
import * as Attribute from "./Attribute.ts"
import * as Codec from "./Codec.ts"

/** `enum` of RTAX_…, by the names of ip-route(8). */
const numbered = {
  mtu: [2, Codec.u32],
  window: [3, Codec.u32],
  rtt: [4, Codec.u32],
  rttvar: [5, Codec.u32],
  ssthresh: [6, Codec.u32],
  cwnd: [7, Codec.u32],
  advmss: [8, Codec.u32],
  reordering: [9, Codec.u32],
  hoplimit: [10, Codec.u32],
  initcwnd: [11, Codec.u32],
  features: [12, Codec.u32],
  rto_min: [13, Codec.u32],
  initrwnd: [14, Codec.u32],
  quickack: [15, Codec.u32]
} as const

/**
 * Metrics by their names in ip-route(8); times are in milliseconds. `locked` names those that the kernel shall not change.
 *
 * @category models
 * @since 0.1.0
 */
export type RouteMetrics = { readonly [K in keyof typeof numbered]?: number | undefined } & {
  readonly congctl?: string | undefined
  readonly locked?: ReadonlyArray<string> | undefined
}

/**
 * Metrics inside an attribute.
 *
 * @category codecs
 * @since 0.1.0
 */
export const codec: Codec.Codec<RouteMetrics> = {
  nested: true,
  write: (writer, { congctl, locked = [], ...numbers }) =>
    Attribute.write(writer, table, {
      ...scaled(numbers, (value, scale) => value * scale),
      cc_algo: congctl,
      lock: locked.length === 0 ? undefined : maskOf(locked)
    }),
  read: (view, offset, length) => {
    const bytes = new Uint8Array(view.buffer, view.byteOffset + offset, length)
    const { cc_algo: congctl, lock, ...numbers } = Attribute.decode(table, bytes)
    return {
      ...scaled(numbers, (value, scale) => value / scale),
      ...(congctl === undefined ? {} : { congctl }),
      ...(lock === undefined ? {} : { locked: namesOf(lock) })
    }
  }
}

const table = { ...numbered, lock: [1, Codec.u32], cc_algo: [16, Codec.string] } as const

/** The kernel keeps these in eighths and quarters of a millisecond. */
const scales: Readonly<Record<string, number>> = { rtt: 8, rttvar: 4 }

const scaled = (
  numbers: Omit<RouteMetrics, "congctl" | "locked">,
  convert: (value: number, scale: number) => number
): Omit<RouteMetrics, "congctl" | "locked"> => {
  const converted: Record<string, number> = {}
  for (const [name, value] of Object.entries(numbers))
    if (value !== undefined) converted[name] = convert(value, scales[name] ?? 1)
  return converted
}

/** Bits by the numbers of the metrics; congestion control by its own. Names that are none count for nothing. */
const maskOf = (names: ReadonlyArray<string>): number =>
  names.reduce((mask, name) => (numbers.has(name) ? (mask | (1 << numbers.get(name)!)) >>> 0 : mask), 0)

const namesOf = (mask: number): ReadonlyArray<string> =>
  [...numbers].filter(([, number]) => (mask & (1 << number)) !== 0).map(([name]) => name)

const numbers: ReadonlyMap<string, number> = new Map([
  ...Object.entries(numbered).map(([name, [number]]): [string, number] => [name, number]),
  ["congctl", table.cc_algo[0]]
])
