import { assert, describe, it } from "@effect/vitest"
import * as WatchedFile from "@holdfast/linux/file/WatchedFile"
import * as Effect from "effect/Effect"
import { vi } from "vitest"
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

const stepMillis = 2

const start = Effect.fnUntraced(function* (text: string) {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "holdfast-watched-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const path = join(folder, "number")
  writeFileSync(path, text)
  const readings: Array<string> = []
  const textOf = (reading: WatchedFile.Reading) => (reading._tag === "Text" ? reading.text : reading._tag)
  const file = WatchedFile.open(path, (reading) => readings.push(textOf(reading)))
  yield* Effect.addFinalizer(() => Effect.sync(file.close))
  readings.push(textOf(file.reading))
  const until = (count: number) =>
    Effect.gen(function* () {
      while (readings.length < count) yield* Effect.sleep(stepMillis)
    }).pipe(Effect.timeout("5 seconds"), Effect.orDie)
  return { file, path, readings, until }
})

describe("WatchedFile", () => {
  it.live("a writer that empties a file before it writes is not taken for one that empties it", () =>
    Effect.gen(function* () {
      const { path, readings, until } = yield* start("5")
      truncateSync(path, 0)
      yield* Effect.sleep(WatchedFile.settleMillis / 5)
      appendFileSync(path, "6")
      yield* until(2)
      assert.deepStrictEqual(readings, ["5", "6"])
      truncateSync(path, 0)
      yield* until(3)
      assert.deepStrictEqual(readings, ["5", "6", ""])
    })
  )

  it.live("replaced, removed and there again; nothing once it is closed", () =>
    Effect.gen(function* () {
      const { file, path, readings, until } = yield* start("1")
      writeFileSync(`${path}.new`, "2")
      renameSync(`${path}.new`, path)
      yield* until(2)
      rmSync(path)
      yield* until(3)
      writeFileSync(path, "3")
      yield* until(4)
      assert.deepStrictEqual(readings, ["1", "2", "Missing", "3"])
      file.close()
      writeFileSync(path, "4")
      yield* Effect.sleep(2 * WatchedFile.settleMillis)
      assert.strictEqual(readings.length, 4)
    })
  )

  it.live(
    "what the kernel does not tell of is read all the same: a file that a link leads to elsewhere",
    () =>
      Effect.gen(function* () {
        yield* Effect.acquireRelease(
          Effect.sync(() => vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] })),
          () => Effect.sync(() => vi.useRealTimers())
        )
        const elsewhere = join(dirname((yield* start("")).path), "elsewhere")
        mkdirSync(elsewhere)
        const target = join(elsewhere, "number")
        writeFileSync(target, "1")
        const link = join(dirname(elsewhere), "link")
        symlinkSync(target, link)
        const texts: Array<WatchedFile.Reading> = []
        const file = WatchedFile.open(link, (reading) => texts.push(reading))
        yield* Effect.addFinalizer(() => Effect.sync(file.close))
        writeFileSync(target, "2")
        assert.isEmpty(texts)
        vi.advanceTimersByTime(WatchedFile.rereadMillis)
        assert.deepStrictEqual(texts, [{ _tag: "Text", text: "2" }])
      })
  )

  it.live("a path that leads in a circle, or through a file, is unreadable until it leads somewhere", () =>
    Effect.gen(function* () {
      const { path } = yield* start("5")
      const loop = join(dirname(path), "loop")
      symlinkSync(loop, loop)
      const tags = [join(loop, "number"), join(path, "number")].map((place) => {
        const file = WatchedFile.open(place, () => {})
        file.close()
        return file.reading._tag
      })
      assert.deepStrictEqual(tags, ["Unreadable", "Unreadable"])
    })
  )
})
