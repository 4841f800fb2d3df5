/**
 * What is said of a list of measured numbers: middle, spread and tail.
 *
 * @since 0.1.0
 */

/**
 * A middle value with the range it was seen in.
 *
 * @category models
 * @since 0.1.0
 */
export interface Spread {
  readonly value: number
  readonly least: number
  readonly greatest: number
}

/**
 * Returns the quantile by nearest rank: the least number that is not below `share` of them all.
 *
 * @category getters
 * @since 0.1.0
 */
export const quantile = (numbers: ReadonlyArray<number>, share: number): number => {
  const sorted = numbers.toSorted((a, b) => a - b)
  const rank = Math.max(1, Math.ceil(share * sorted.length))
  const found = sorted[rank - 1]
  if (found === undefined) throw new RangeError("a quantile of no numbers")
  return found
}

/**
 * Returns the middle number, or the mean of the two in the middle.
 *
 * @category getters
 * @since 0.1.0
 */
export const median = (numbers: ReadonlyArray<number>): number => {
  const half = numbers.length >> 1
  return numbers.length % 2 === 1
    ? quantile(numbers, 0.5)
    : (quantile(numbers, half / numbers.length) + quantile(numbers, (half + 1) / numbers.length)) / 2
}

/**
 * Returns the median with the least and the greatest number.
 *
 * @category getters
 * @since 0.1.0
 */
export const spread = (numbers: ReadonlyArray<number>): Spread => ({
  value: median(numbers),
  least: Math.min(...numbers),
  greatest: Math.max(...numbers)
})

/**
 * Returns the root of the mean square: of deviations from what is due, their standard deviation.
 *
 * @category getters
 * @since 0.1.0
 */
export const rootMeanSquare = (numbers: ReadonlyArray<number>): number =>
  Math.sqrt(numbers.reduce((sum, each) => sum + each * each, 0) / numbers.length)

/**
 * Returns how far each step between neighbours is from the step that was due.
 *
 * @category getters
 * @since 0.1.0
 */
export const deviations = (moments: ReadonlyArray<number>, step: number): ReadonlyArray<number> =>
  moments.slice(1).map((moment, index) => Math.abs(moment - (moments[index] ?? moment) - step))
