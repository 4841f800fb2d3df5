import { assert, describe, it } from "@effect/vitest"
import * as ProcessList from "@holdfast/linux/tracking/ProcessList"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

describe("ProcessList", () => {
  it("reads a name, whatever is in it, and leaves out what has ended", () => {
    assert.strictEqual(ProcessList.nameOf("12 (cat) S 1 12"), "cat")
    assert.strictEqual(ProcessList.nameOf("12 (a) R (b)) R 1 12"), "a) R (b)")
    assert.isUndefined(ProcessList.nameOf("12 (cat) Z 1 12"))
    assert.isUndefined(ProcessList.nameOf("12 (cat) X 1 12"))
    assert.isUndefined(ProcessList.nameOf(""))
  })

  it("reads the words of a command", () => {
    assert.deepStrictEqual(ProcessList.wordsOf("sh\0-c\0echo a b\0"), ["sh", "-c", "echo a b"])
    assert.deepStrictEqual(ProcessList.wordsOf("sh\0\0x\0"), ["sh", "", "x"])
    assert.deepStrictEqual(ProcessList.wordsOf("nginx: worker"), ["nginx: worker"])
    assert.isEmpty(ProcessList.wordsOf(""))
  })

  it("finds this process, and no process twice", () => {
    const self = ProcessList.list().get(process.pid)
    assert.strictEqual(self?.arguments[0], process.argv0)
    assert.strictEqual(self?.name, ProcessList.read(process.pid)?.name)
    assert.isUndefined(ProcessList.read(0))
    assert.isEmpty(ProcessList.list("/nonexistent"))
    assert.include(ProcessList.hidden("/nonexistent"), "mount it")
  })

  it("says when processes of others are hidden, and not when they can be seen all the same", () => {
    const root = mkdtempSync(join(tmpdir(), "holdfast-proc-"))
    try {
      mkdirSync(join(root, "self"))
      const mounts = (options: string) =>
        writeFileSync(join(root, "self/mounts"), `proc /proc proc rw,${options} 0 0\n`)
      mounts("relatime")
      assert.isUndefined(ProcessList.hidden(root))
      for (const options of ["hidepid=2", "hidepid=invisible"]) {
        mounts(options)
        assert.include(ProcessList.hidden(root), options)
      }
      mkdirSync(join(root, "1"))
      writeFileSync(join(root, "1/stat"), "1 (init) S 0")
      assert.isUndefined(ProcessList.hidden(root))
    } finally {
      rmSync(root, { recursive: true })
    }
  })
})
