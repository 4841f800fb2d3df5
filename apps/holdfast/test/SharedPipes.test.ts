/** Who runs the reader of a pipe that two parts write to. */
import { assert, it } from "@effect/vitest"
import * as SharedPipes from "../src/SharedPipes.ts"

const script = { words: ["/reader"] }

it("a pipe whose reader another part runs is told without one; the others keep theirs", () => {
  const fifos = [
    { path: "/run/all", script },
    { path: "/run/lvs", script },
    { path: "/run/shared", script }
  ]

  assert.deepStrictEqual(
    SharedPipes.withoutReadersOf([{ path: "/run/all", script }, { path: "/run/shared" }], fifos),
    [{ path: "/run/all" }, { path: "/run/lvs", script }, { path: "/run/shared", script }]
  )
  assert.deepStrictEqual(SharedPipes.withoutReadersOf([], fifos), fifos)
})
