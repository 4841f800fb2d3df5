/**
 * The random numbers of a simulation: all of them come from one seed.
 *
 * The generator is sfc32 (Chris Doty-Humphrey's small fast chaotic generator: 128 bits of state, four additions and
 * three shifts a number). It is ours so that a seed means the same run on every version of Node, and small enough to be
 * read. Never for secrets.
 *
 * @since 0.1.0
 */

/**
 * A stream of random numbers.
 *
 * @category models
 * @since 0.1.0
 */
export interface Random {
  /** Returns a number from 0 (inclusive) to 1 (exclusive). */
  readonly fraction: () => number
  /** Returns an integer from `minimum` to `maximum`, both inclusive. */
  readonly integer: (minimum: number, maximum: number) => number
  /** Returns true with this probability; 0 never, 1 always. */
  readonly chance: (probability: number) => boolean
  /** Returns one of `values`, which has at least one. */
  readonly pick: <A>(values: readonly [A, ...ReadonlyArray<A>]) => A
}

/**
 * Makes the stream of a seed. Streams of one seed are independent of each other, so that one more number drawn for the
 * network does not change the scenario.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (seed: number, stream = 0): Random => {
  let a = 0
  let b = seed | 0
  let c = stream | 0
  let counter = 1

  const next = (): number => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  // Seeds that differ in one bit give unlike streams only after the state has been mixed.
  for (let round = 0; round < mixingRounds; round++) next()

  const fraction = (): number => next() / 0x1_0000_0000
  const integer = (minimum: number, maximum: number): number =>
    minimum + Math.floor(fraction() * (maximum - minimum + 1))
  return {
    fraction,
    integer,
    chance: (probability) => fraction() < probability,
    pick: <A>(values: readonly [A, ...ReadonlyArray<A>]): A =>
      values[integer(0, values.length - 1)] ?? values[0]
  }
}

/** The rounds that the author of sfc32 discards after seeding it from less than its whole state. */
const mixingRounds = 15
