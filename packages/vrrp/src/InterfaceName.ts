/**
 * The name of a network device.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * Name of a network device, at most 15 bytes (IFNAMSIZ of linux/if.h).
 *
 * @category models
 * @since 0.1.0
 */
export const InterfaceName = Schema.String.check(Schema.isPattern(/^[^\s/]{1,15}$/)).pipe(
  Schema.brand("InterfaceName")
)

/**
 * @category models
 * @since 0.1.0
 */
export type InterfaceName = typeof InterfaceName.Type
