/**
 * The directors' configurations: those of the scenarios as written, and small ones for a rule at a time.
 *
 * @since 0.1.0
 */
import { readFileSync } from "node:fs"
import * as Topology from "./Topology.ts"

/**
 * @category models
 * @since 0.1.0
 */
export type Director = "LD1" | "LD2"

/**
 * The scenarios, by the names of their files.
 *
 * @category models
 * @since 0.1.0
 */
export type Scenario =
  | "a-basic"
  | "b-unicast"
  | "c-vmac-multicast"
  | "d-vmac-unicast"
  | "5-vmac-xmit-base"
  | "6-macvlan"

/**
 * Returns a director's file of a scenario, word for word.
 *
 * @category constructors
 * @since 0.1.0
 */
export const scenario = (name: Scenario, director: Director): string =>
  readFileSync(new URL(`../scenarios/${name}-${director}.conf`, import.meta.url), "utf8")

/**
 * What differs from scenario a.
 *
 * @category models
 * @since 0.1.0
 */
export interface Instance {
  readonly name?: string | undefined
  readonly vrid?: number | undefined
  readonly networkInterface?: string | undefined
  readonly priority?: number | undefined
  readonly version?: 2 | 3 | undefined
  readonly advertSeconds?: number | undefined
  readonly addresses?: ReadonlyArray<string> | undefined
  /** Further lines in the block. */
  readonly lines?: ReadonlyArray<string> | undefined
}

/**
 * Prints a configuration with an instance for each description, by default that of scenario a.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (director: Director, ...instances: ReadonlyArray<Instance>): string =>
  [
    "global_defs {",
    `  router_id ${director}`,
    "}",
    ...(instances.length === 0 ? [{}] : instances).flatMap((each) => block(director, each)),
    ""
  ].join("\n")

/**
 * Prints a block of these lines, which may be blocks.
 *
 * @category constructors
 * @since 0.1.0
 */
export const section = (head: string, ...lines: ReadonlyArray<string>): string =>
  [`${head} {`, ...lines, "}"].join("\n")

/**
 * The priority a director has in the scenarios.
 *
 * @category constants
 * @since 0.1.0
 */
export const priority = { LD1: 250, LD2: 150 } as const

const block = (director: Director, instance: Instance): ReadonlyArray<string> => [
  `vrrp_instance ${instance.name ?? "VI_1"} {`,
  `  interface ${instance.networkInterface ?? "eth0"}`,
  `  state ${director === "LD1" ? "MASTER" : "BACKUP"}`,
  `  virtual_router_id ${instance.vrid ?? 82}`,
  `  priority ${instance.priority ?? priority[director]}`,
  ...(instance.version === undefined ? [] : [`  version ${instance.version}`]),
  ...(instance.advertSeconds === undefined ? [] : [`  advert_int ${instance.advertSeconds}`]),
  ...(instance.lines ?? []).map((line) => `  ${line}`),
  "  virtual_ipaddress {",
  ...(instance.addresses ?? addressesDefault).map((address) => `    ${address}`),
  "  }",
  "}"
]

const addressesDefault = [`${Topology.clientVip}/32 dev eth1`, `${Topology.serverVip}/32 dev eth0`]
