/**
 * Text that a server sent: bytes as characters, and quoted for the operator.
 *
 * @since 0.1.0
 */

/**
 * Reads each byte as the character of its number, so that lengths and offsets are those of the bytes.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (bytes: Uint8Array): string => {
  let text = ""
  for (let offset = 0; offset < bytes.length; offset += pieceLength)
    text += String.fromCharCode(...bytes.subarray(offset, offset + pieceLength))
  return text
}

/**
 * Returns text as it may stand in a log: quoted, on one line, without control characters, and bounded.
 *
 * @category conversions
 * @since 0.1.0
 */
export const quote = (text: string): string =>
  JSON.stringify(
    text
      .trimEnd()
      .slice(0, quoteMax)
      .replaceAll(/\p{Cc}/gu, "\ufffd")
  )

/** Arguments of one call, which have to fit the stack. */
const pieceLength = 4096

/** A line of a log that stays readable. */
const quoteMax = 80
