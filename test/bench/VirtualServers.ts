/**
 * Configurations of many virtual servers, whose real servers are addresses of the loopback.
 *
 * @since 0.1.0
 */

/**
 * - `count`: virtual servers, each with an address of its own.
 * - `serversEach`: real servers of each; no two have the same address.
 * - `delaySeconds`: between two checks of a server; absent where servers are not checked.
 * - `alpha`: servers count as down until a check has passed, with keepalived too.
 * - `lastWeight`: the weight of the very last real server; all others have 1.
 *
 * @category models
 * @since 0.1.0
 */
export interface Shape {
  readonly count: number
  readonly serversEach: number
  readonly delaySeconds?: number
  readonly alpha?: boolean
  readonly lastWeight?: number
}

/**
 * Prints a configuration of this shape: TCP, NAT, `wrr`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const many = (shape: Shape): string => `global_defs {\n  router_id bench\n}\n${blocks(shape)}`

/**
 * Prints its blocks alone, to be added to a file that has definitions.
 *
 * @category constructors
 * @since 0.1.0
 */
export const blocks = (shape: Shape): string =>
  Array.from({ length: shape.count }, (_, index) => virtualServer(shape, index)).join("\n")

/**
 * The address of a virtual server.
 *
 * @category getters
 * @since 0.1.0
 */
export const address = (index: number): string =>
  `10.${100 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`

/**
 * The port of all virtual servers.
 *
 * @category constants
 * @since 0.1.0
 */
export const port = 80

/**
 * The port of all real servers.
 *
 * @category constants
 * @since 0.1.0
 */
export const realPort = 8080

const virtualServer = (shape: Shape, index: number): string => {
  const first = index * shape.serversEach
  const last = shape.count * shape.serversEach - 1
  const servers = Array.from({ length: shape.serversEach }, (_, number) =>
    realServer(shape, first + number, first + number === last ? (shape.lastWeight ?? 1) : 1)
  )
  return [
    `virtual_server ${address(index)} ${port} {`,
    ...(shape.delaySeconds === undefined ? [] : [`  delay_loop ${shape.delaySeconds}`]),
    ...(shape.alpha === true ? ["  alpha"] : []),
    "  lb_algo wrr",
    "  lb_kind NAT",
    "  protocol TCP",
    ...servers,
    "}"
  ].join("\n")
}

const realServer = (shape: Shape, number: number, weight: number): string =>
  [
    `  real_server ${realAddress(number)} ${realPort} {`,
    `    weight ${weight}`,
    ...(shape.delaySeconds === undefined
      ? []
      : ["    TCP_CHECK {", `      connect_timeout ${connectTimeoutSeconds}`, "    }"]),
    "  }"
  ].join("\n")

const realAddress = (number: number): string =>
  `127.${1 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`

const connectTimeoutSeconds = 5
