/**
 * The comparison of what proves that somebody knows a secret.
 *
 * Takes as long for any two values of one length, so that how long it took says nothing about where they differ.
 *
 * @since 0.1.0
 */

/**
 * Returns whether two runs of bytes are the same.
 *
 * @category comparisons
 * @since 0.1.0
 */
export const equals = (left: Uint8Array, right: Uint8Array): boolean => {
  let difference = left.length ^ right.length
  for (let index = 0; index < left.length; index++) difference |= left[index]! ^ right[index]!
  return difference === 0
}
