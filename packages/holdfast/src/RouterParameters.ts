/**
 * From the options of one virtual router to its parameters: one of them, or two where its addresses are of both families.
 *
 * @since 0.1.0
 */
import type * as VirtualDevices from "@holdfast/config/VirtualDevices"
import * as VirtualMacLine from "@holdfast/config/VirtualMacLine"
import {
  defaults,
  familyOf,
  InterfaceName,
  type IpAddress,
  ipFromString,
  Parameters,
  type Peer,
  priorityOwner
} from "@holdfast/vrrp/Parameters"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { HmacOptions, PeerOptions, RouterOptions } from "./RouterOptions.ts"
import { RouterOptionsError } from "./RouterOptions.ts"

type Family = Parameters["family"]
type EncodedPeer = Schema.Codec.Encoded<typeof Peer>

/**
 * Checks the options and fills in the defaults; adds the virtual MAC devices that they ask for. The router of IPv4 is the
 * first of two.
 *
 * @category constructors
 * @since 0.1.0
 */
export const decode = (
  options: RouterOptions,
  devices: VirtualDevices.VirtualDevices
): Effect.Effect<readonly [Parameters, ...ReadonlyArray<Parameters>], RouterOptionsError> => {
  const fail = (message: string) =>
    Effect.fail(new RouterOptionsError({ router: options.name, message: `${options.name}: ${message}` }))
  const families = familiesOf(options)
  const [first, ...rest] = families
  if (first === undefined) return fail("addresses names no address to hold")
  const version = options.version ?? (families.includes("Ipv6") ? 3 : defaults.version)
  const mistake = mistakeIn(options, version, families)
  if (mistake !== undefined) return fail(mistake)
  const common = commonOf(options, version)
  const decodeOne = (family: Family) => {
    const isFirst = family === first
    const naming = isFirst
      ? { name: options.name }
      : { name: `${options.name} (IPv6)`, instance: options.name }
    return Schema.decodeEffect(Parameters)({ ...common, ...naming, ...ofFamily(options, family) }).pipe(
      Effect.map((parameters) => withVirtualMac(parameters, options, isFirst, devices)),
      Effect.catch((error) => fail(error.message.replaceAll("\n", " ")))
    )
  }
  return Effect.gen(function* () {
    return [yield* decodeOne(first), ...(yield* Effect.forEach(rest, decodeOne))] as const
  })
}

const familiesOf = ({ addresses }: RouterOptions): ReadonlyArray<Family> => {
  const listed = new Set(addresses.map((entry) => familyOf(textOf(entry) as IpAddress)))
  return (["Ipv4", "Ipv6"] as const).filter((family) => listed.has(family))
}

const textOf = (entry: RouterOptions["addresses"][number]): string =>
  typeof entry === "string" ? entry : entry.address

/** What the schema of parameters does not see. */
const mistakeIn = (
  options: RouterOptions,
  version: 2 | 3,
  families: ReadonlyArray<Family>
): string | undefined => {
  const { advertInterval, authentication, preemptDelay, sourceAddress, virtualMac } = options
  if (version === 2 && families.includes("Ipv6"))
    return "version 2 knows no IPv6 addresses: leave version out, or give 3"
  if (advertInterval !== undefined && !isInterval(micros(advertInterval), version))
    return version === 2
      ? "advertInterval is whole seconds, 1 to 255, in version 2 of VRRP"
      : "advertInterval is 10 ms to 40.95 s in steps of 10 ms"
  if (preemptDelay !== undefined && !isBetween(micros(preemptDelay), 0, preemptDelayMax))
    return "preemptDelay is 0 to 1000 seconds"
  const mistake = mistakeInAddresses(options) ?? mistakeInPeers(options, families)
  if (mistake !== undefined) return mistake
  if (sourceAddress !== undefined && !families.includes(familyOf(sourceAddress as IpAddress)))
    return "sourceAddress is not of the family of the addresses"
  if (typeof virtualMac === "object" && !isDevice(virtualMac.name ?? options.interface))
    return `virtualMac: name: ${virtualMac.name} is no name of a device`
  if (authentication === undefined) return undefined
  if (!("password" in authentication)) return mistakeInHmac(authentication)
  if (version === 3) return "authentication: version 3 has no password; sign by keys"
  return isBetween(bytesOf(authentication.password).length, 1, passwordLengthMax)
    ? undefined
    : "authentication: password has 1 to 8 bytes"
}

const mistakeInAddresses = ({ addresses }: RouterOptions): string | undefined => {
  const beyond = addresses.map(textOf).find((text) => {
    const length = /^[0-9.]+\/([0-9]+)$/.exec(text)?.[1]
    return Number(length ?? 0) > prefixLengthMax.Ipv4
  })
  return beyond === undefined ? undefined : `addresses: ${beyond}: the prefix of IPv4 has 0 to 32 bits`
}

const mistakeInPeers = (options: RouterOptions, families: ReadonlyArray<Family>): string | undefined => {
  const { unicastPeers } = options
  if (unicastPeers === undefined) return undefined
  if (unicastPeers.length === 0) return "unicastPeers names no peer"
  const lonely = families.find((family) => peersOf(options, family).length === 0)
  if (lonely !== undefined) return `unicastPeers names no ${familyNames[lonely]} address`
  for (const family of ["Ipv4", "Ipv6"] as const)
    for (const { address, hopLimitMax: maximum = hopLimitMax, hopLimitMin = 0 } of peersOf(options, family)) {
      if (!families.includes(family)) return `unicastPeers: ${address} is not of the family of the addresses`
      if (hopLimitMin > maximum) return `unicastPeers: ${address}: hopLimitMin is above hopLimitMax`
    }
  return undefined
}

const isDevice = Schema.is(InterfaceName)

const mistakeInHmac = ({ activeKey, keys, window }: HmacOptions): string | undefined => {
  const ids = keys.map(({ id }) => id)
  if (ids.length === 0) return "authentication: keys has no key"
  if (new Set(ids).size < ids.length) return "authentication: keys has a number twice"
  if (activeKey !== undefined && !ids.includes(activeKey))
    return `authentication: activeKey: there is no key ${activeKey}`
  const unfit = keys.find(({ secret }) => !secretPattern.test(digitsOf(secret)))
  if (unfit !== undefined)
    return `authentication: the secret of key ${unfit.id} is not 32 to 64 bytes, as characters or hex:DIGITS`
  if (window !== undefined && !isBetween(micros(window), second, windowMax))
    return "authentication: window is 1 to 300 seconds"
  return undefined
}

const isInterval = (interval: number, version: 2 | 3): boolean =>
  version === 2
    ? interval % second === 0 && isBetween(interval, second, advertIntervalMaxVersion2)
    : interval % centisecond === 0 && isBetween(interval, centisecond, advertIntervalMaxVersion3)

/** What both routers have alike. */
const commonOf = (options: RouterOptions, version: 2 | 3) => {
  const { authentication, trackers = [], unicastPeers = [] } = options
  const advertInterval = micros(options.advertInterval ?? Duration.micros(BigInt(defaults.advertInterval)))
  const priority = options.priority ?? defaults.priority
  return {
    ...defaults,
    version,
    interface: options.interface,
    vrid: options.vrid,
    priority,
    advertInterval,
    preempt: options.preempt ?? defaults.preempt,
    preemptDelay: micros(options.preemptDelay ?? 0),
    accept: priority === priorityOwner || (options.accept ?? defaults.accept),
    checkUnicastSource: unicastPeers.some(
      (peer) => typeof peer === "object" && (peer.hopLimitMin ?? peer.hopLimitMax) !== undefined
    ),
    ...(authentication === undefined
      ? {}
      : { authentication: authenticationOf(authentication, advertInterval) }),
    trackers: trackers.map(({ reverse = false, weight = 0, ...tracked }) => ({
      subject:
        "observation" in tracked
          ? ({ _tag: "Script", name: tracked.observation } as const)
          : ({ _tag: "Interface", interface: tracked.interface } as const),
      weight,
      reverse
    }))
  }
}

const ofFamily = (options: RouterOptions, family: Family) => {
  const { sourceAddress, unicastHopLimit, unicastPeers } = options
  const isOwn = (address: string): boolean => familyOf(address as IpAddress) === family
  const own = options.addresses.filter((entry) => isOwn(textOf(entry)))
  return {
    family,
    transport:
      unicastPeers === undefined
        ? ({ _tag: "Multicast", group: groups[family] } as const)
        : ({
            _tag: "Unicast",
            peers: peersOf(options, family),
            hopLimit: unicastHopLimit ?? hopLimitMax
          } as const),
    ...(sourceAddress !== undefined && isOwn(sourceAddress)
      ? { sourceAddress: canonical(sourceAddress) }
      : {}),
    addresses: own.map((entry, index) => addressOf(entry, options.interface, index < advertisedMax[family]))
  }
}

const peersOf = ({ unicastPeers = [] }: RouterOptions, family: Family): ReadonlyArray<EncodedPeer> =>
  unicastPeers
    .map((peer) => peerOf(typeof peer === "string" ? { address: peer } : peer))
    .filter(({ address }) => familyOf(address as IpAddress) === family)

const peerOf = ({ address, hopLimitMax: maximum, hopLimitMin: minimum }: PeerOptions): EncodedPeer => ({
  address: canonical(address),
  ...(minimum === undefined ? {} : { hopLimitMin: minimum }),
  ...(maximum === undefined ? {} : { hopLimitMax: maximum })
})

const addressOf = (
  entry: RouterOptions["addresses"][number],
  device: string,
  advertised: boolean
): Schema.Codec.Encoded<typeof Parameters>["addresses"][number] => {
  const withPrefix = /^(.+)\/([0-9]{1,3})$/.exec(textOf(entry))
  const address = canonical(withPrefix?.[1] ?? textOf(entry))
  return {
    address,
    prefixLength: Number(withPrefix?.[2] ?? prefixLengthMax[familyOf(address as IpAddress)]),
    interface: typeof entry === "string" ? device : entry.interface,
    scope: 0,
    advertised,
    tracked: true
  }
}

const authenticationOf = (
  options: NonNullable<RouterOptions["authentication"]>,
  advertInterval: number
): NonNullable<Schema.Codec.Encoded<typeof Parameters>["authentication"]> => {
  if ("password" in options) return { _tag: "Password", password: hexOf(bytesOf(options.password)) }
  const [first, ...rest] = options.keys.map(({ id, secret }) => ({ id, secret: digitsOf(secret) }))
  return {
    _tag: "Hmac",
    keys: [first!, ...rest],
    activeKeyId: options.activeKey ?? first!.id,
    window: options.window === undefined ? windowOf(advertInterval) : micros(options.window),
    antiReplay: options.antiReplay === "monotonic" ? "Monotonic" : "Clock",
    mode: modes[options.mode ?? "enforce"]
  }
}

/** In the place of the router's device stands its virtual MAC device. Adverts to peers leave by the device itself. */
const withVirtualMac = (
  parameters: Parameters,
  { virtualMac = false }: RouterOptions,
  isFirst: boolean,
  devices: VirtualDevices.VirtualDevices
): Parameters => {
  if (virtualMac === false) return parameters
  const { family, interface: parent, transport, vrid } = parameters
  const { name, transmitBase = transport._tag === "Unicast" } = virtualMac === true ? {} : virtualMac
  const mac = VirtualMacLine.macOf(family, vrid)
  const wanted = { parent, family, vrid, mac }
  const device = devices.ofRouter(
    isFirst && name !== undefined ? { ...wanted, name: name as InterfaceName } : wanted
  )
  return {
    ...parameters,
    virtualMac: { interface: device, mac, transmitBase },
    addresses: parameters.addresses.map((address) =>
      address.interface === parent ? { ...address, interface: device } : address
    )
  }
}

/** As it was given where it is no address: the schema says so. */
const canonical = (text: string): string => Option.getOrElse(ipFromString(text), () => text)

/** Not a number for what is no span, so that no bound holds it. */
const micros = (span: Duration.Input): number =>
  Option.match(Duration.fromInput(span), {
    onNone: () => Number.NaN,
    onSome: (duration) => Math.round(Duration.toMillis(duration) * microsPerMillisecond)
  })

const isBetween = (value: number, minimum: number, maximum: number): boolean =>
  value >= minimum && value <= maximum

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")

const digitsOf = (secret: string): string =>
  secret.startsWith("hex:") ? secret.slice(4).toLowerCase() : hexOf(bytesOf(secret))

const secretPattern = /^([0-9a-f]{2}){32,64}$/

/** keepalived's default. */
const windowOf = (advertInterval: number): number =>
  Math.min(Math.max(3 * advertInterval, 5 * second), windowMax)

const modes = { enforce: "Enforce", permissive: "Permissive", receiveOnly: "ReceiveOnly" } as const

const microsPerMillisecond = 1000
/** In the microseconds of `Parameters`. */
const second = 1_000_000
/** RFC 9568 section 5.2.7. */
const centisecond = 10_000

/** RFC 3768 5.3.7: a byte that counts seconds. */
const advertIntervalMaxVersion2 = 255 * second
/** RFC 9568 section 5.2.7: twelve bits that count centiseconds. */
const advertIntervalMaxVersion3 = 4095 * centisecond
/** keepalived's bound of `preempt_delay`. */
const preemptDelayMax = 1000 * second
/** The bounds of keepalived's auth_hmac, and of RFC 2338 section 5.3.10. */
const windowMax = 300 * second
const passwordLengthMax = 8
/** RFC 9568 section 5.1.1.3. */
const hopLimitMax = 255
const familyNames = { Ipv4: "IPv4", Ipv6: "IPv6" } as const
const prefixLengthMax = { Ipv4: 32, Ipv6: 128 } as const
/** RFC 9568 sections 5.1.1.2 and 5.1.2.2. */
const groups = { Ipv4: defaults.transport.group, Ipv6: "ff02::12" } as const
/** How many an advert lists; the others are held all the same. As in a configuration file. */
const advertisedMax = { Ipv4: 255, Ipv6: 89 } as const
