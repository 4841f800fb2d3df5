/**
 * The weight that a section gives to its trackers: `weight NUMBER [reverse]`.
 *
 * @since 0.1.0
 */
import * as Section from "./Section.ts"
import type { Weight } from "./TrackerLine.ts"
import * as Value from "./Value.ts"

/**
 * The weight of what is a reason for Fault.
 *
 * @category constants
 * @since 0.1.0
 */
export const none: Weight = { weight: 0, reverse: false }

/**
 * Reads a weight within bounds.
 *
 * @category readers
 * @since 0.1.0
 */
export const reader = (weightMax: number): Section.Reader<Weight> => {
  const number = Section.argument(Value.integer({ minimum: -weightMax, maximum: weightMax }))
  return {
    repeat: "last",
    read: (statement, report) => {
      const [word, ...options] = statement.arguments
      const reverse = options[0]?.text === "reverse"
      const words = word === undefined ? [] : [word, ...options.slice(reverse ? 1 : 0)]
      const weight = number.read({ ...statement, arguments: words }, report)
      return weight === undefined ? undefined : { weight, reverse }
    }
  }
}
