/**
 * What a channel hears, and how it is read.
 *
 * @since 0.1.0
 */
import type * as PacketFilter from "@holdfast/raw-socket/PacketFilter"

/**
 * - `filter`: what the kernel passes on; all when it is undefined.
 * - `gathered`: the thread waits for the rest of a burst (`Socket.ReceiveOptions`), so it must be one that does nothing else.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reception {
  readonly filter: PacketFilter.Program | undefined
  readonly gathered: boolean
}

/**
 * Room for what may wait: 255 adverts and their neighbours while a channel dozes, of which the kernel counts each as a
 * kilobyte (keepalived: `vrrp_rx_bufs_policy`).
 *
 * @category constants
 * @since 0.1.0
 */
export const receiveBufferSize = 0x10_0000
