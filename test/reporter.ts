/**
 * A vitest reporter that counts tests over several runs and keeps why some were skipped.
 *
 * A file that cannot be loaded and an error outside any test count as a failed test each: neither may look like
 * success.
 *
 * @since 0.1.0
 */
import type { Reporter, SerializedError, TestCase, TestModule } from "vitest/node"

/**
 * @category models
 * @since 0.1.0
 */
export interface Totals {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/**
 * The reporter, and what it has counted since it was made.
 *
 * @category models
 * @since 0.1.0
 */
export interface TotalsReporter {
  readonly reporter: Reporter
  readonly totals: () => Totals
  /** Counts what a run in another process counted. */
  readonly add: (totals: Totals) => void
  /** Counts a run that ended before its tests did. */
  readonly fail: () => void
}

/**
 * Makes a reporter with nothing counted.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): TotalsReporter => {
  let totals: Totals = { passed: 0, failed: 0, skipped: 0 }
  const onTestRunEnd = (modules: ReadonlyArray<TestModule>, unhandled: ReadonlyArray<SerializedError>) => {
    for (const module of modules) {
      for (const test of module.children.allTests()) totals = counted(totals, test)
    }
    const broken = modules.filter(failedToLoad).length + unhandled.length
    totals = { ...totals, failed: totals.failed + broken }
  }
  const fail = () => {
    totals = { ...totals, failed: totals.failed + 1 }
  }
  const add = (others: Totals) => {
    totals = {
      passed: totals.passed + others.passed,
      failed: totals.failed + others.failed,
      skipped: totals.skipped + others.skipped
    }
  }
  return { reporter: { onTestRunEnd }, totals: () => totals, add, fail }
}

/**
 * Prints the closing line, which other programs read.
 *
 * @category formatting
 * @since 0.1.0
 */
export const describe = (totals: Totals): string =>
  `${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`

/**
 * Reads a closing line; nothing when the text is none.
 *
 * @category parsing
 * @since 0.1.0
 */
export const parse = (line: string): Totals | undefined => {
  const [, passed, failed, skipped] = /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(line) ?? []
  return passed === undefined
    ? undefined
    : { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) }
}

const counted = (totals: Totals, test: TestCase): Totals => {
  const outcome = outcomes[test.result().state]
  return { ...totals, [outcome]: totals[outcome] + 1 }
}

/** Errors of the file itself or of a suite's hooks: nothing of them is in the tests' own results. */
const failedToLoad = (module: TestModule): boolean =>
  module.errors().length > 0 || [...module.children.allSuites()].some((suite) => suite.errors().length > 0)

// A test that is still pending at the end of the run never gave a result.
const outcomes = { passed: "passed", failed: "failed", skipped: "skipped", pending: "failed" } as const
