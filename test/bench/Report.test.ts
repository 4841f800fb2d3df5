import { assert, describe, it } from "vitest"
import * as Figure from "./Figure.ts"
import * as Report from "./Report.ts"

const figure = (name: string, holdfast: number) =>
  Figure.make({ name, unit: "ms", runs: "1 run", reach: { _tag: "AtMost", value: 5 } }, [
    { keepalived: 0.3, holdfast }
  ])
const circumstances = { commit: "abc1234", day: "2026-11-22", busyShare: 0.2 }
const document = "Before.\n\n<!-- figures: begin -->\n<!-- figures: end -->\n\nAfter.\n"

describe("Report", () => {
  it("says of a figure that is not reached that it is not", () => {
    assert.match(Report.line(figure("Stop", 6)), /^NOT REACHED Stop/)
    assert.match(Report.row(figure("Stop", 6), circumstances), /\| \*\*no\*\* \|/)
    assert.match(Report.line(figure("Stop", 4)), /^reached +Stop/)
  })

  it("a figure measured again replaces its row, and the others stay where they are", () => {
    const rows = ["Stop", "Start", "Stop, all"].map((name) => Report.row(figure(name, 4), circumstances))
    const again = Report.row(figure("Start", 3), { ...circumstances, commit: "def5678" })

    const updated = Report.update(Report.update(document, rows), [again])

    const lines = updated.split("\n").filter((each) => each.startsWith("| "))
    assert.deepStrictEqual(lines.slice(2), [rows[0], again, rows[2]])
  })

  it("what is around the table is not touched, and updating twice changes nothing", () => {
    const rows = [Report.row(figure("Stop", 4), circumstances)]

    const updated = Report.update(document, rows)

    assert.match(updated, /^Before\.\n\n[^]+\n\nAfter\.\n$/)
    assert.strictEqual(Report.update(updated, rows), updated)
  })

  it("a document without marks is refused", () => {
    assert.throws(() => Report.update("text", []), /figures: begin/)
  })
})
