/**
 * What the kernel would not send, in words.
 *
 * @since 0.1.0
 */
import * as Errno from "@holdfast/raw-socket/Errno"
import type { SendOutcome } from "@holdfast/raw-socket/Sending"

/**
 * Returns how many of so many adverts stayed and why the first of them did; nothing when all left.
 *
 * @category conversions
 * @since 0.1.0
 */
export const describe = ({ errno, sentCount }: SendOutcome, count: number): ReadonlyArray<string> =>
  errno === 0 ? [] : [`${count - sentCount} of ${count}: ${Errno.nameOf(errno)}`]
