/**
 * What the kernel tells of processes (the proc connector): that they fork, run another program, take another name and exit.
 *
 * **Gotchas**
 * - Whoever is not in the first namespaces of processes and of users is not answered and told nothing; in another network
 *   namespace nobody takes the request (ECONNREFUSED).
 * - Processes are numbered as in the first namespace.
 *
 * @see include/uapi/linux/cn_proc.h and connector.h of Linux
 * @since 0.1.0
 */
import * as Message from "./Message.ts"

/** The netlink protocol of connectors. @category constants @since 0.1.0 */
export const NETLINK_CONNECTOR = 11

/** The connector of processes, and its multicast group. @category constants @since 0.1.0 */
export const CN_IDX_PROC = 1

/**
 * One event. Those of threads are none of a process.
 *
 * - `Answered`: the answer to somebody's request; `errno` is zero when it was carried out.
 * - `Executed`: another program runs in the process.
 * - `Renamed`: the process has another name.
 *
 * @category models
 * @since 0.1.0
 */
export type ProcessEvent =
  | { readonly _tag: "Answered"; readonly errno: number }
  | { readonly _tag: "Forked"; readonly parent: number; readonly pid: number }
  | { readonly _tag: "Executed"; readonly pid: number }
  | { readonly _tag: "Renamed"; readonly pid: number }
  | { readonly _tag: "Exited"; readonly pid: number }

/**
 * Encodes the request to be told from now on, or no more. The kernel counts listeners: who leaves says so.
 *
 * @category encoding
 * @since 0.1.0
 */
export const request = (listens: boolean): Uint8Array => {
  const payload = new Uint8Array(headerSize + operationSize)
  const view = new DataView(payload.buffer)
  view.setUint32(indexOffset, CN_IDX_PROC, true)
  view.setUint32(valueOffset, CN_VAL_PROC, true)
  view.setUint16(lengthOffset, operationSize, true)
  view.setUint32(headerSize, listens ? PROC_CN_MCAST_LISTEN : PROC_CN_MCAST_IGNORE, true)
  return Message.encode([{ type: Message.NLMSG_DONE, flags: 0, sequence: 0, port: 0, payload }])
}

/**
 * Decodes a datagram. What is no event of a process is left out.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (datagram: Uint8Array): ReadonlyArray<ProcessEvent> =>
  Message.split(datagram).flatMap(({ payload }) => decodeOne(payload))

const decodeOne = (payload: Uint8Array): ReadonlyArray<ProcessEvent> => {
  if (payload.length < headerSize + eventSizeMin) return []
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  if (view.getUint32(indexOffset, true) !== CN_IDX_PROC) return []
  if (view.getUint32(valueOffset, true) !== CN_VAL_PROC) return []
  const word = (index: number): number => view.getUint32(headerSize + dataOffset + 4 * index, true)
  // A thread has a number of its own; the process has that of its first thread.
  const isProcess = word(0) === word(1)
  switch (view.getUint32(headerSize, true)) {
    case PROC_EVENT_NONE:
      return [{ _tag: "Answered", errno: word(0) }]
    case PROC_EVENT_FORK:
      if (payload.length < headerSize + forkSize || word(2) !== word(3)) return []
      return [{ _tag: "Forked", parent: word(1), pid: word(3) }]
    case PROC_EVENT_EXEC:
      return [{ _tag: "Executed", pid: word(1) }]
    case PROC_EVENT_COMM:
      return isProcess ? [{ _tag: "Renamed", pid: word(1) }] : []
    case PROC_EVENT_EXIT:
      return isProcess ? [{ _tag: "Exited", pid: word(1) }] : []
    default:
      return []
  }
}

const CN_VAL_PROC = 1
const PROC_CN_MCAST_LISTEN = 1
const PROC_CN_MCAST_IGNORE = 2

const PROC_EVENT_NONE = 0
const PROC_EVENT_FORK = 0x1
const PROC_EVENT_EXEC = 0x2
const PROC_EVENT_COMM = 0x200
const PROC_EVENT_EXIT = 0x8000_0000

/** `struct cn_msg`. */
const indexOffset = 0
const valueOffset = 4
const lengthOffset = 16
const headerSize = 20
const operationSize = 4

/** `struct proc_event`: what, which processor, when, and then its data, of two words at least. */
const dataOffset = 16
const eventSizeMin = dataOffset + 8
const forkSize = dataOffset + 16
