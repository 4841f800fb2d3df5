/**
 * A measured figure: both programs side by side, and whether ours is within its reach.
 *
 * @since 0.1.0
 */
import type { Pair } from "./Pairing.ts"
import * as Statistics from "./Statistics.ts"

/**
 * What ours has to reach: a bound of its own, or a multiple of what keepalived needs in the same round. Of what is better
 * when it is more, `AtLeast`. What nothing was promised of is `Open`: told, and not judged.
 *
 * @category models
 * @since 0.1.0
 */
export type Reach =
  | { readonly _tag: "AtMost"; readonly value: number }
  | { readonly _tag: "AtLeast"; readonly value: number }
  | { readonly _tag: "TimesKeepalived"; readonly factor: number }
  | { readonly _tag: "AtLeastTimesKeepalived"; readonly factor: number }
  | { readonly _tag: "Open" }

/**
 * @category models
 * @since 0.1.0
 */
export interface Figure {
  readonly name: string
  readonly unit: "ms" | "%" | "MB" | "kB" | "checks/s" | "takeovers"
  /** Absent where it cannot run. */
  readonly keepalived: Statistics.Spread | undefined
  readonly holdfast: Statistics.Spread
  /** The median of the ratios, ours over keepalived's, round by round. */
  readonly ratio: number | undefined
  readonly reach: Reach
  readonly verdict: "reached" | "not reached" | "open"
  /** How many rounds, and samples in each. */
  readonly runs: string
}

/**
 * Makes a figure of one number a round.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  about: Pick<Figure, "name" | "unit" | "reach" | "runs">,
  rounds: ReadonlyArray<Pair<number>>
): Figure => {
  const sides = {
    keepalived: Statistics.spread(rounds.map((round) => round.keepalived)),
    holdfast: Statistics.spread(rounds.map((round) => round.holdfast))
  }
  return judge(about, sides, rounds)
}

/**
 * Makes a figure of one number a round where keepalived cannot run.
 *
 * @category constructors
 * @since 0.1.0
 */
export const alone = (about: AboutAlone, rounds: ReadonlyArray<number>): Figure =>
  judgeAlone(about, Statistics.spread(rounds))

/**
 * Makes a figure of a quantile where keepalived cannot run: over the samples of all rounds, with the range of that of each
 * round.
 *
 * @category constructors
 * @since 0.1.0
 */
export const aloneOfQuantile = (
  about: AboutAlone,
  rounds: ReadonlyArray<ReadonlyArray<number>>,
  share: number
): Figure => judgeAlone(about, pooledQuantile(rounds, share))

/**
 * Makes a figure of a quantile: over the samples of all rounds, with the range of that of each round.
 *
 * @category constructors
 * @since 0.1.0
 */
export const ofQuantile = (
  about: Pick<Figure, "name" | "unit" | "reach" | "runs">,
  rounds: ReadonlyArray<Pair<ReadonlyArray<number>>>,
  share: number
): Figure => {
  const each = rounds.map((round) => ({
    keepalived: Statistics.quantile(round.keepalived, share),
    holdfast: Statistics.quantile(round.holdfast, share)
  }))
  const pooled = (side: keyof Pair<unknown>) =>
    pooledQuantile(
      rounds.map((round) => round[side]),
      share
    )
  return judge(about, { keepalived: pooled("keepalived"), holdfast: pooled("holdfast") }, each)
}

type AboutAlone = Pick<Figure, "name" | "unit" | "runs"> & {
  readonly reach: Exclude<Reach, { readonly factor: number }>
}

const pooledQuantile = (rounds: ReadonlyArray<ReadonlyArray<number>>, share: number): Statistics.Spread => ({
  ...Statistics.spread(rounds.map((round) => Statistics.quantile(round, share))),
  value: Statistics.quantile(rounds.flat(), share)
})

const judgeAlone = (about: AboutAlone, holdfast: Statistics.Spread): Figure => ({
  ...about,
  keepalived: undefined,
  holdfast,
  ratio: undefined,
  verdict: verdictOf(about.reach, holdfast.value, Number.NaN)
})

const judge = (
  about: Pick<Figure, "name" | "unit" | "reach" | "runs">,
  sides: Pair<Statistics.Spread>,
  rounds: ReadonlyArray<Pair<number>>
): Figure => {
  const ratio = Statistics.median(rounds.map((round) => round.holdfast / round.keepalived))
  return { ...about, ...sides, ratio, verdict: verdictOf(about.reach, sides.holdfast.value, ratio) }
}

const verdictOf = (reach: Reach, value: number, ratio: number): Figure["verdict"] => {
  switch (reach._tag) {
    case "AtMost":
      return value <= reach.value ? "reached" : "not reached"
    case "AtLeast":
      return value >= reach.value ? "reached" : "not reached"
    case "AtLeastTimesKeepalived":
      return ratio >= reach.factor ? "reached" : "not reached"
    case "TimesKeepalived":
      return ratio <= reach.factor ? "reached" : "not reached"
    case "Open":
      return "open"
  }
}
