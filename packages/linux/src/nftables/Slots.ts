/**
 * Whose turn it is: weights as a list of servers that is gone through again and again.
 *
 * **Details**
 * The order is that of IPVS's weighted round robin: who has the higher weight comes more often, not all its turns in a
 * row. Weights are divided by what divides them all. If the list were still longer than `slotCountMax`, weights are
 * scaled down: the shares are then right to a part in `slotCountMax` and not exact, and everybody keeps one turn.
 *
 * @since 0.1.0
 */
import type { Destination, Scheduler } from "@holdfast/balancer/Service"

/**
 * Returns the servers in the order of their turns.
 *
 * @category constructors
 * @since 0.1.0
 */
export const slotsOf = (
  scheduler: Scheduler,
  destinations: Iterable<Destination>
): ReadonlyArray<Destination> => {
  const usable = Array.from(destinations).filter(({ weight }) => weight > 0)
  if (scheduler === "fo") return failOver(usable)
  // These know weight 0 and no other difference.
  if (scheduler === "rr" || scheduler === "lc") return usable
  const weights = reduced(usable.map(({ weight }) => weight))
  const slots: Array<Destination> = []
  for (let round = Math.max(...weights, 0); round >= 1; round--) {
    usable.forEach((destination, index) => {
      if (weights[index]! >= round) slots.push(destination)
    })
  }
  return slots
}

/** The one with the highest weight; of equals the first. */
const failOver = (usable: ReadonlyArray<Destination>): ReadonlyArray<Destination> => {
  const [first, ...others] = usable
  if (first === undefined) return []
  return [others.reduce((best, one) => (one.weight > best.weight ? one : best), first)]
}

const reduced = (weights: ReadonlyArray<number>): ReadonlyArray<number> => {
  const divisor = weights.reduce(greatestCommonDivisor, 0)
  const exact = weights.map((weight) => weight / divisor)
  const total = exact.reduce((sum, weight) => sum + weight, 0)
  if (total <= slotCountMax) return exact
  return exact.map((weight) => Math.max(1, Math.floor((weight * slotCountMax) / total)))
}

const greatestCommonDivisor = (left: number, right: number): number =>
  right === 0 ? left : greatestCommonDivisor(right, left % right)

/** Each turn is an element of a map in the kernel: a thousand cost some 100 kB and a millisecond to write. */
const slotCountMax = 1024
