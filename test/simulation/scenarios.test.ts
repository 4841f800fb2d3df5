/**
 * Named scenarios: commands, `---`, and the transcript that they must give. `UPDATE=1` rewrites the transcripts; a
 * rewrite is committed only if each changed line can be explained.
 */
import * as Command from "@holdfast/simulation/Command"
import * as Invariants from "@holdfast/simulation/Invariants"
import * as Simulation from "@holdfast/simulation/Simulation"
import * as Transcript from "@holdfast/simulation/Transcript"
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"

const folder = new URL("./scenarios/", import.meta.url)
const separator = "\n---\n"

const transcriptOf = (text: string): string => {
  const commands = Command.parseAll(text)
  if (Result.isFailure(commands)) return assert.fail(commands.failure)
  const simulation = Simulation.make()
  const transcript = Transcript.watch(simulation)
  const { violations } = Invariants.watch(simulation)
  for (const command of commands.success) simulation.execute(command)
  assert.deepStrictEqual(violations, [])
  return transcript.render()
}

describe("scenarios", () => {
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".txt"))) {
    it(name.replace(".txt", "").replaceAll("-", " "), () => {
      const file = new URL(name, folder)
      const [text = "", expected] = readFileSync(file, "utf8").split(separator)

      const transcript = `${transcriptOf(text)}\n`

      if (process.env["UPDATE"] === "1") writeFileSync(file, text + separator + transcript)
      else assert.strictEqual(transcript, expected)
    })
  }
})

describe("Command", () => {
  it("names the line that is no command", () => {
    for (const [text, line] of [
      ["run 5s\nrun five", 2],
      ["add r1 priority=high", 1],
      ["add r1 colour=red", 1],
      ["cut r1", 1],
      ["link r1 eth0 sideways", 1]
    ] as const) {
      const commands = Command.parseAll(text)
      assert.isTrue(Result.isFailure(commands))
      if (Result.isFailure(commands)) assert.match(commands.failure, new RegExp(`^line ${line} `))
    }
  })
})
