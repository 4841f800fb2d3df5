/**
 * Which addresses of either family are on this machine, and nothing more about them.
 *
 * @see rtnetlink(7), RTM_GETADDR
 * @since 0.1.0
 */
import * as Address from "@holdfast/wire/Address"
import * as Option from "effect/Option"
import * as Attribute from "./Attribute.ts"
import * as Codec from "./Codec.ts"
import * as InterfaceAddress from "./InterfaceAddress.ts"
import * as Message from "./Message.ts"
import type { Query } from "./Request.ts"

/**
 * Asks for every address of every device.
 *
 * @category requests
 * @since 0.1.0
 */
export const list: Query<Address.IpAddress> = {
  operation: "local-address-list",
  subject: "all links",
  type: InterfaceAddress.RTM_GETADDR,
  flags: Message.NLM_F_DUMP,
  payload: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0), // struct ifaddrmsg of AF_UNSPEC
  decode: (message) => {
    if (message.type !== InterfaceAddress.RTM_NEWADDR) return undefined
    const { IFA_ADDRESS, IFA_LOCAL } = Attribute.decode(table, message.payload, headerLength)
    const bytes = IFA_LOCAL ?? IFA_ADDRESS
    return bytes === undefined ? undefined : Option.getOrUndefined(Address.ipFromBytes(bytes))
  }
}

/** `struct ifaddrmsg` of linux/if_addr.h. */
const headerLength = 8

const table = {
  IFA_ADDRESS: [1, Codec.bytes],
  IFA_LOCAL: [2, Codec.bytes]
} as const
