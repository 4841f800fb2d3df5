/**
 * What the rules of a service cannot show, as comments on its rules: an operator sees them in `nft list ruleset`, and
 * a new process reads the service back from them.
 *
 * ```
 * TCP 192.0.2.1:80 wlc flags 1,2 ops persistence 300/24 engine sip     on the first rule of the service
 * 10.0.0.1:80 weight 3 thresholds 100/80                               on one rule for each of its servers
 * ```
 *
 * Words that say nothing are left out. The address of the service is not read from here but from its map entry.
 *
 * @since 0.1.0
 */
import * as Service from "@holdfast/balancer/Service"
import * as Address from "@holdfast/wire/Address"
import * as Option from "effect/Option"

/** A service without its servers. @category models @since 0.1.0 */
export type ServiceSettings = Omit<Service.Service, "destinations">

/** Writes the settings of a service. @category conversions @since 0.1.0 */
export const formatService = (service: ServiceSettings): string =>
  [
    service.key,
    service.scheduler,
    ...(service.schedulerFlags.length === 0 ? [] : ["flags", service.schedulerFlags.join(",")]),
    ...(service.onePacket ? ["ops"] : []),
    ...(service.persistence === undefined
      ? []
      : ["persistence", `${service.persistence.timeoutSeconds}/${service.persistence.granularity}`]),
    ...(service.persistence?.engine === undefined ? [] : ["engine", service.persistence.engine])
  ].join(" ")

/** Writes the settings of a server. @category conversions @since 0.1.0 */
export const formatDestination = (destination: Service.Destination): string =>
  [
    destination.key,
    "weight",
    destination.weight,
    ...(destination.upperThreshold === 0 && destination.lowerThreshold === 0
      ? []
      : ["thresholds", `${destination.upperThreshold}/${destination.lowerThreshold}`])
  ].join(" ")

/** Reads the settings of the service at an address, or nothing when the text says something else. @category conversions @since 0.1.0 */
export const parseService = (address: Service.ServiceAddress, text: string): ServiceSettings | undefined => {
  const key = Service.keyOf(address)
  if (!text.startsWith(`${key} `)) return undefined
  const [scheduler, ...words] = text.slice(key.length + 1).split(" ")
  const found = Service.schedulers.find((name) => name === scheduler)
  if (found === undefined) return undefined
  const [timeoutSeconds, granularity] = pairAfter(words, "persistence") ?? []
  const engine = wordAfter(words, "engine")
  const flags = wordAfter(words, "flags")?.split(",").map(Number) ?? []
  return {
    key,
    address,
    scheduler: found,
    schedulerFlags: flags.filter((flag): flag is Service.SchedulerFlag => flag >= 1 && flag <= 3),
    onePacket: words.includes("ops"),
    ...(timeoutSeconds === undefined || granularity === undefined
      ? {}
      : { persistence: { timeoutSeconds, granularity, ...(engine === undefined ? {} : { engine }) } })
  }
}

/** Reads a server, or nothing when the text says something else. @category conversions @since 0.1.0 */
export const parseDestination = (text: string): Service.Destination | undefined => {
  const [key = "", ...words] = text.split(" ")
  const endpoint = /^\[?([0-9a-f.:]+?)\]?:(\d+)$/.exec(key)
  const address = Option.getOrUndefined(Address.ipFromString(endpoint?.[1] ?? ""))
  const port = numberOf(endpoint?.[2])
  const weight = numberOf(wordAfter(words, "weight"))
  const [upperThreshold = 0, lowerThreshold = 0] = pairAfter(words, "thresholds") ?? []
  if (address === undefined || port === undefined || port > portMax || weight === undefined) return undefined
  return { key, address, port, method: { _tag: "Nat" }, weight, upperThreshold, lowerThreshold }
}

const wordAfter = (words: ReadonlyArray<string>, name: string): string | undefined => {
  const index = words.indexOf(name)
  return index === -1 ? undefined : words[index + 1]
}

const pairAfter = (words: ReadonlyArray<string>, name: string): readonly [number, number] | undefined => {
  const [first, second] = wordAfter(words, name)?.split("/").map(numberOf) ?? []
  return first === undefined || second === undefined ? undefined : [first, second]
}

/** People can write comments, too. */
const numberOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined

const portMax = 0xffff
