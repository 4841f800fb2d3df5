/**
 * Lists of what is to be done first, second and so on: all of a round before any of the next.
 *
 * Pure and mutable; taking and adding cost the same however much waits.
 *
 * @since 0.1.0
 */

/**
 * The lists.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rounds<A> {
  /** Puts it at the end of a round. */
  readonly add: (round: number, item: A) => void
  /** Takes the first of the first round that is not empty. */
  readonly take: () => A | undefined
  /** Puts it in front of everything. */
  readonly putBack: (item: A) => void
  readonly isEmpty: () => boolean
  /** Replaces every item, or drops it where there is no replacement. */
  readonly update: (replace: (item: A) => A | undefined) => void
  /** Calls back with everything in order, and with its round. */
  readonly forEach: (visit: (item: A, round: number) => void) => void
}

interface Round<A> {
  items: Array<A>
  /** Items before it were taken. */
  head: number
}

/**
 * Makes empty lists.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <A>(): Rounds<A> => {
  const rounds: Array<Round<A>> = []
  const roundAt = (index: number): Round<A> => {
    while (rounds.length <= index) rounds.push({ items: [], head: 0 })
    return rounds[index]!
  }
  const firstWaiting = () => rounds.find(({ head, items }) => head < items.length)
  const forEach = (visit: (item: A, round: number) => void) =>
    rounds.forEach(({ head, items }, round) => {
      for (let at = head; at < items.length; at++) visit(items[at]!, round)
    })

  return {
    add: (round, item) => void roundAt(round).items.push(item),
    take: () => {
      const round = firstWaiting()
      if (round === undefined) return undefined
      const item = round.items[round.head]!
      round.head += 1
      if (round.head === round.items.length) {
        round.items = []
        round.head = 0
      }
      return item
    },
    putBack: (item) => {
      const round = roundAt(0)
      if (round.head === 0) return void round.items.unshift(item)
      round.head -= 1
      round.items[round.head] = item
    },
    isEmpty: () => firstWaiting() === undefined,
    update: (replace) => {
      for (const round of rounds) {
        const left: Array<A> = []
        for (let at = round.head; at < round.items.length; at++) {
          const item = replace(round.items[at]!)
          if (item !== undefined) left.push(item)
        }
        round.items = left
        round.head = 0
      }
    },
    forEach
  }
}
