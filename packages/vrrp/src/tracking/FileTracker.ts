/**
 * The number in a tracked file.
 *
 * **Invariants**
 * 1. It is a whole number of 32 bits with a sign.
 * 2. A file without a number, or one that cannot be read, counts as 0.
 *
 * **Details** a number is read as C reads it: after white space and a sign, as far as its digits go; `0x` begins a hexadecimal one and
 * `0` an octal one. One that does not fit in 32 bits is ignored, and the last one stays: all of that as keepalived does.
 *
 * @see keepalived.conf(5), `track_file`
 * @since 0.1.0
 */
import type { Observation } from "../Tracker.ts"
import type { TrackFile } from "../TrackingParameters.ts"

/**
 * What a look at a file found.
 *
 * @category models
 * @since 0.1.0
 */
export type Reading =
  | { readonly _tag: "Text"; readonly text: string }
  | { readonly _tag: "Missing" }
  | { readonly _tag: "Unreadable"; readonly reason: string }

/**
 * - `value`: nothing before the first reading.
 * - `problem`: why the file has no number of its own.
 *
 * @category models
 * @since 0.1.0
 */
export interface FileTracker {
  readonly parameters: TrackFile
  readonly value: number | undefined
  readonly problem: string | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export type Event = { readonly _tag: "Read"; readonly reading: Reading }

/**
 * - `Observe`: the number changed.
 * - `Report`: the file has no number, and why; or it has one again.
 *
 * @category models
 * @since 0.1.0
 */
export type Action =
  | { readonly _tag: "Observe"; readonly observation: Extract<Observation, { readonly _tag: "Value" }> }
  | { readonly _tag: "Report"; readonly problem: string | undefined }

/**
 * @category models
 * @since 0.1.0
 */
export interface Step {
  readonly state: FileTracker
  readonly actions: ReadonlyArray<Action>
}

/**
 * Returns a file that nobody has read.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (parameters: TrackFile): FileTracker => ({
  parameters,
  value: undefined,
  problem: undefined
})

/**
 * Takes one event. Total and deterministic.
 *
 * @category steps
 * @since 0.1.0
 */
export const step = (before: FileTracker, { reading }: Event): Step => {
  const { problem, value } = interpret(reading, before.value ?? 0)
  const actions: Array<Action> = []
  if (value !== before.value) actions.push({ _tag: "Observe", observation: { _tag: "Value", value } })
  if (problem !== before.problem) actions.push({ _tag: "Report", problem })
  return { state: { ...before, value, problem }, actions }
}

/** The number, and what is wrong with it. `last` is the number before. */
const interpret = (
  reading: Reading,
  last: number
): { readonly value: number; readonly problem: string | undefined } => {
  switch (reading._tag) {
    case "Missing":
      return { value: 0, problem: "it does not exist" }
    case "Unreadable":
      return { value: 0, problem: reading.reason }
    case "Text": {
      const value = numberOf(reading.text)
      if (value === undefined) return { value: 0, problem: "it holds no number" }
      return value < valueMin || value > valueMax
        ? { value: last, problem: `its number does not fit in 32 bits; ${last} stays` }
        : { value, problem: undefined }
    }
  }
}

const numberOf = (text: string): number | undefined => {
  const found = /^\s*([+-]?)(?:0[xX]([0-9a-fA-F]+)|(0[0-7]*)|([1-9][0-9]*))/.exec(text)
  if (found === null) return undefined
  const [, sign, hexadecimal, octal, decimal] = found
  const size =
    hexadecimal !== undefined
      ? parseInt(hexadecimal, 16)
      : octal !== undefined
        ? parseInt(octal, 8)
        : Number(decimal)
  return sign === "-" && size !== 0 ? -size : size
}

const valueMin = -(2 ** 31)
const valueMax = 2 ** 31 - 1
