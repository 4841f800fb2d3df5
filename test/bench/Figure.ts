/**
 * A measured figure: both programs side by side, and whether ours is within its reach.
 *
 * @since 0.1.0
 */
import type { Pair } from "./Pairing.ts"
import * as Statistics from "./Statistics.ts"

/**
 * What ours has to reach: a bound of its own, or a multiple of what keepalived needs in the same round. What nothing was
 * promised of is `Open`: told, and not judged.
 *
 * @category models
 * @since 0.1.0
 */
export type Reach =
  | { readonly _tag: "AtMost"; readonly value: number }
  | { readonly _tag: "TimesKeepalived"; readonly factor: number }
  | { readonly _tag: "Open" }

/**
 * @category models
 * @since 0.1.0
 */
export interface Figure {
  readonly name: string
  readonly unit: "ms" | "%" | "MB"
  readonly keepalived: Statistics.Spread
  readonly holdfast: Statistics.Spread
  /** The median of the ratios, ours over keepalived's, round by round. */
  readonly ratio: number
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
  const pooled = (side: keyof Pair<unknown>): Statistics.Spread => ({
    ...Statistics.spread(each.map((round) => round[side])),
    value: Statistics.quantile(
      rounds.flatMap((round) => round[side]),
      share
    )
  })
  return judge(about, { keepalived: pooled("keepalived"), holdfast: pooled("holdfast") }, each)
}

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
    case "TimesKeepalived":
      return ratio <= reach.factor ? "reached" : "not reached"
    case "Open":
      return "open"
  }
}
