/**
 * Generic netlink: families that are found by name, and the header that all their messages begin with.
 *
 * A family has no fixed message type: the kernel gives it one when its module is loaded. `resolve` asks for it, which
 * also makes the kernel load the module of a family that it does not know.
 *
 * @see include/uapi/linux/genetlink.h of Linux
 * @since 0.1.0
 */
import * as Attribute from "./Attribute.ts"
import * as Codec from "./Codec.ts"
import type { Query } from "./Request.ts"

/** The netlink protocol that carries generic netlink. @category constants @since 0.1.0 */
export const NETLINK_GENERIC = 16

/**
 * Asks for the message type of a family; fails with `NotFound` when the kernel has no such family and no module of it.
 *
 * @category requests
 * @since 0.1.0
 */
export const resolve = (name: string): Query<number> => ({
  operation: "family-get",
  subject: name,
  type: GENL_ID_CTRL,
  flags: 0,
  payload: controller.encode(
    { command: CTRL_CMD_GETFAMILY, version: controllerVersion },
    { CTRL_ATTR_FAMILY_NAME: name }
  ),
  decode: (message) =>
    message.type === GENL_ID_CTRL
      ? controller.decode(message.payload)?.attributes.CTRL_ATTR_FAMILY_ID
      : undefined
})

/** `struct genlmsghdr`. */
const header = Codec.struct({ command: Codec.u8, version: Codec.u8, reserved: Codec.u16 })

/**
 * Makes the encoder and decoder of a family's messages: a command and attributes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const body = <T extends Attribute.Table>(table: T): Attribute.Body<HeaderFields, T> =>
  Attribute.body(header, table)

/**
 * The fields of the header.
 *
 * @category models
 * @since 0.1.0
 */
export interface HeaderFields extends Codec.Fields {
  readonly command: Codec.Fixed<number>
  readonly version: Codec.Fixed<number>
  readonly reserved: Codec.Fixed<number>
}

/** The family that knows the others; the only one with a fixed message type. */
const GENL_ID_CTRL = 16
const CTRL_CMD_GETFAMILY = 3
const controllerVersion = 1

const controller = body({
  CTRL_ATTR_FAMILY_ID: [1, Codec.u16],
  CTRL_ATTR_FAMILY_NAME: [2, Codec.string]
} as const)
