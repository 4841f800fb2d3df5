/**
 * The table of figures, for the terminal and for `docs/reference/performance.md`.
 *
 * **Details** In the document the table is between two marks. A figure measured again replaces its row; the other
 * rows, each with the commit it was measured at, stay.
 *
 * @since 0.1.0
 */
import type { Figure, Reach } from "./Figure.ts"
import type { Spread } from "./Statistics.ts"

/**
 * Under what a figure was measured.
 *
 * @category models
 * @since 0.1.0
 */
export interface Circumstances {
  readonly commit: string
  /** The day, as in 2026-11-22. */
  readonly day: string
  /** Share of the machine that was busy meanwhile, from 0 to 1. */
  readonly busyShare: number
}

/**
 * Prints a figure for the terminal.
 *
 * @category formatting
 * @since 0.1.0
 */
export const line = (figure: Figure): string =>
  [
    `${figure.verdict === "not reached" ? "NOT REACHED" : figure.verdict.padEnd(11)} ${figure.name} (${figure.runs})`,
    `keepalived ${measured(figure.keepalived, figure.unit)}, holdfast ${measured(figure.holdfast, figure.unit)}`,
    `ratio ${ratio(figure)}, reach ${reach(figure)}`
  ].join(": ")

/**
 * Prints a figure as a row of the document's table.
 *
 * @category formatting
 * @since 0.1.0
 */
export const row = (figure: Figure, circumstances: Circumstances): string => {
  const cells = [
    figure.name,
    measured(figure.keepalived, figure.unit),
    measured(figure.holdfast, figure.unit),
    ratio(figure),
    reach(figure),
    verdicts[figure.verdict],
    figure.runs,
    `${Math.round(circumstances.busyShare * 100)} %`,
    `${circumstances.commit}, ${circumstances.day}`
  ]
  return `| ${cells.join(" | ")} |`
}

/**
 * Returns the document with these rows in its table, each in the place of the row of the same name.
 *
 * @category formatting
 * @since 0.1.0
 */
export const update = (document: string, rows: ReadonlyArray<string>): string => {
  const begin = document.indexOf(markBegin)
  const end = document.indexOf(markEnd)
  if (begin < 0 || end < begin) throw new Error(`the document needs ${markBegin} and ${markEnd}`)
  const old = document
    .slice(begin + markBegin.length, end)
    .split("\n")
    .filter((each) => each.startsWith("| "))
    // After the names of the columns and the line below them.
    .slice(2)
  const measured = new Map(rows.map((each) => [nameOf(each), each]))
  const kept = old.map((each) => measured.get(nameOf(each)) ?? each)
  const added = rows.filter((each) => !old.some((before) => nameOf(before) === nameOf(each)))
  const table = [header, header.replaceAll(/[^|]+/g, " --- "), ...kept, ...added].join("\n")
  return `${document.slice(0, begin)}${markBegin}\n${table}\n${document.slice(end)}`
}

const nameOf = (tableRow: string): string => tableRow.split(" | ", 1)[0] ?? ""

const reach = (figure: { readonly reach: Reach; readonly unit: string }): string => {
  switch (figure.reach._tag) {
    case "AtMost":
      return `≤ ${figure.reach.value} ${figure.unit}`
    case "AtLeast":
      return `≥ ${figure.reach.value} ${figure.unit}`
    case "TimesKeepalived":
      return `≤ ${figure.reach.factor} × keepalived`
    case "AtLeastTimesKeepalived":
      return `≥ ${figure.reach.factor} × keepalived`
    case "Open":
      return "none set"
  }
}

const verdicts = { reached: "yes", "not reached": "**no**", open: "-" } as const

const ratio = (figure: Pick<Figure, "ratio">): string => figure.ratio?.toFixed(2) ?? notMeasured

const measured = (numbers: Spread | undefined, unit: Figure["unit"]): string =>
  numbers === undefined ? notMeasured : `${spread(numbers)} ${unit}`

const spread = (numbers: Spread): string =>
  `${number(numbers.value)} (${number(numbers.least)}..${number(numbers.greatest)})`

/** Three digits that count, and no more of them than were measured. What was counted is whole. */
const number = (value: number): string =>
  Number.isInteger(value) || Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3)

const notMeasured = "-"
const header =
  "| Figure | keepalived | Holdfast | ratio | reach | reached | runs | machine busy | measured at |"
const markBegin = "<!-- figures: begin -->"
const markEnd = "<!-- figures: end -->"
