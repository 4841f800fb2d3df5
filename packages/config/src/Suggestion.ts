/**
 * The known word that a misspelt one was meant to be.
 *
 * @since 0.1.0
 */

/**
 * Returns the candidate that is nearest to a word, or nothing when none is near enough to be a slip of the hand.
 *
 * @category queries
 * @since 0.1.0
 */
export const nearest = (word: string, candidates: ReadonlyArray<string>): string | undefined => {
  if (word.length > lengthMax) return undefined
  const limit = word.length <= shortLength ? 1 : 2
  let best: { readonly candidate: string; readonly distance: number } | undefined
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) > limit) continue
    const found = distance(word, candidate)
    if (found <= limit && (best === undefined || found < best.distance)) best = { candidate, distance: found }
  }
  return best?.candidate
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
const distance = (left: string, right: string): number => {
  let beforeLast: Array<number> = []
  let last = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const replaced = last[column - 1]! + (left[row - 1] === right[column - 1] ? 0 : 1)
      let least = Math.min(replaced, last[column]! + 1, current[column - 1]! + 1)
      const swapped =
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
      if (swapped) least = Math.min(least, beforeLast[column - 2]! + 1)
      current.push(least)
    }
    beforeLast = last
    last = current
  }
  return last[right.length]!
}

/** No keyword of keepalived is as long. */
const lengthMax = 64
const shortLength = 4
