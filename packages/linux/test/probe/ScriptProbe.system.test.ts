import type { ProbeResult } from "@holdfast/balancer/Probe"
import type { Launch } from "@holdfast/linux/probe/Launch"
import * as ScriptProbe from "@holdfast/linux/probe/ScriptProbe"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"

const open = ScriptProbe.open({ security: false, user: "root" })

const probe = (
  launch: Launch<"Script">,
  words: ReadonlyArray<string>,
  dynamic = false
): Effect.Effect<ProbeResult> =>
  Effect.callback((resume) => {
    let returned = false
    launch({ _tag: "Script", script: { words }, dynamic }, (result) => {
      assert.isTrue(returned, "a result before the launch returned")
      resume(Effect.succeed(result))
    })
    returned = true
  })

const exit = (code: number): ReadonlyArray<string> => ["/bin/sh", "-c", `exit ${code}`]

describe("ScriptProbe", () => {
  const cases = [
    { code: 0, dynamic: false, result: { _tag: "Passed" } },
    { code: 0, dynamic: true, result: { _tag: "Passed" } },
    { code: 1, dynamic: true, result: { _tag: "Failed", reason: "/bin/sh: it ended with code 1" } },
    { code: 2, dynamic: false, result: { _tag: "Failed", reason: "/bin/sh: it ended with code 2" } },
    { code: 2, dynamic: true, result: { _tag: "Passed", adjustment: { _tag: "Set", weight: 0 } } },
    { code: 255, dynamic: true, result: { _tag: "Passed", adjustment: { _tag: "Set", weight: 253 } } }
  ]
  for (const { code, dynamic, result } of cases) {
    it.live(`code ${code}${dynamic ? " of a dynamic one" : ""}: ${result._tag}`, () =>
      Effect.gen(function* () {
        assert.deepStrictEqual<unknown>(yield* probe(yield* open, exit(code), dynamic), result)
      })
    )
  }

  it.live("a signal fails", () =>
    Effect.gen(function* () {
      const result = yield* probe(yield* open, ["/bin/sh", "-c", "kill -TERM $$"])
      assert.deepStrictEqual(result, { _tag: "Failed", reason: "/bin/sh: it was ended by SIGTERM" })
    })
  )

  it.live("what the policy refuses, and what cannot be started, is refused", () =>
    Effect.gen(function* () {
      const launch = yield* open
      assert.strictEqual((yield* probe(launch, ["/nonexistent/program"]))._tag, "Refused")
      assert.strictEqual((yield* probe(launch, ["/bin/sh", "x".repeat(1_000_000)]))._tag, "Refused")
    })
  )

  it.live("reports nothing once it is ended, and its processes are gone", () =>
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync("/run/holdfast-probe-")),
        (path) => Effect.sync(() => rmSync(path, { recursive: true }))
      )
      const launch = yield* open
      const results: Array<ProbeResult> = []
      const script = { words: ["/bin/sh", "-c", `echo $$ >${folder}/pid; sleep 1000`] }
      const end = launch({ _tag: "Script", script, dynamic: false }, (result) => results.push(result))
      const endRefused = launch({ _tag: "Script", script: { words: [] }, dynamic: false }, (result) =>
        results.push(result)
      )
      endRefused()
      while (!existsSync(`${folder}/pid`) || readFileSync(`${folder}/pid`, "utf8") === "")
        yield* Effect.sleep(5)
      end()
      const pid = Number(readFileSync(`${folder}/pid`, "utf8"))
      while (existsSync(`/proc/${pid}`)) yield* Effect.sleep(5)
      // A last turn of the loop, in which a result would come.
      yield* Effect.sleep(0)
      assert.isEmpty(results)
      end()
    })
  )
})
