import { assert, describe, it } from "@effect/vitest"
import * as ScriptTracker from "@holdfast/vrrp/tracking/ScriptTracker"
import type { TrackScript } from "@holdfast/vrrp/TrackingParameters"
import { type Instant, type Micros, seconds } from "@holdfast/wire/Instant"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const script = (options: Partial<TrackScript> = {}): TrackScript => ({
  name: "s",
  script: { words: ["/usr/bin/check"] },
  interval: seconds(1),
  rise: 1,
  fall: 1,
  initFail: false,
  ...options
})

const exited = (code: number): ScriptTracker.Outcome => ({ _tag: "Exited", code })
const ok = exited(0)
const bad = exited(1)
const notRunnable: ScriptTracker.Outcome = { _tag: "NotRunnable", reason: "no such file" }

/** A script that is stepped, with everything that it asked for. */
const drive = (parameters: TrackScript) => {
  let state = ScriptTracker.make(parameters)
  const actions: Array<ScriptTracker.Action> = []
  let at = seconds(100) as number as Instant
  const step = (event: ScriptTracker.Event) => {
    const next = ScriptTracker.step(state, event)
    state = next.state
    actions.push(...next.actions)
    return next.actions
  }
  step({ _tag: "Started", at })
  return {
    step,
    state: () => state,
    known: () => state.observation._tag,
    /** Ends the run that is on, 10 ms later; then lets the next begin. */
    ends: (...outcomes: ReadonlyArray<ScriptTracker.Outcome>) => {
      const known: Array<string> = []
      for (const outcome of outcomes) {
        step({ _tag: "Ended", at: (at + 10_000) as Instant, outcome })
        known.push(state.observation._tag)
        at = state.nextAt ?? at
        step({ _tag: "Due", at })
      }
      return known
    },
    reports: () => actions.flatMap((action) => (action._tag === "Report" ? [action.report] : [])),
    runs: () => actions.filter(({ _tag }) => _tag === "Run").length,
    advance: (span: number) => {
      at = (at + span) as Instant
      return step({ _tag: "Due", at })
    }
  }
}

describe("ScriptTracker", () => {
  it("nothing is known before the first result, and init_fail is down", () => {
    assert.strictEqual(drive(script()).known(), "Unknown")
    assert.strictEqual(drive(script({ initFail: true })).known(), "Down")
  })

  it("the first result counts at once, whatever rise, fall and init_fail say", () => {
    assert.deepStrictEqual(drive(script({ rise: 3 })).ends(ok), ["Up"])
    assert.deepStrictEqual(drive(script({ fall: 3 })).ends(bad), ["Down"])
    assert.deepStrictEqual(drive(script({ rise: 2, initFail: true })).ends(ok), ["Up"])
  })

  it("then fall failures in a row make it down, and rise successes in a row make it up", () => {
    const { ends } = drive(script({ rise: 2, fall: 2 }))
    const outcomes = [ok, bad, ok, bad, ok, bad, bad, bad, ok, bad, ok, ok]
    assert.deepStrictEqual(ends(...outcomes).join(" "), "Up Up Up Up Up Up Down Down Down Down Down Up")
  })

  it("a signal, a lapse of time and a machine without memory are failures; one that cannot be run is down at once", () => {
    const { ends } = drive(script({ fall: 4 }))
    const signal: ScriptTracker.Outcome = { _tag: "Signalled", signal: "SIGSEGV" }
    const noMemory: ScriptTracker.Outcome = { _tag: "NotStarted", reason: "ENOMEM" }
    assert.deepStrictEqual(ends(ok, signal, { _tag: "TimedOut" }, noMemory, bad), [
      "Up",
      "Up",
      "Up",
      "Up",
      "Down"
    ])
    assert.deepStrictEqual(drive(script({ fall: 9 })).ends(ok, notRunnable), ["Up", "Down"])
    assert.deepStrictEqual(drive(script({ rise: 2 })).ends(notRunnable, ok, ok), ["Down", "Down", "Up"])
  })

  it("why it cannot be run is told once, also of a script that was down", () => {
    const { ends, reports } = drive(script())
    ends(bad, notRunnable, notRunnable, notRunnable)
    assert.deepStrictEqual(reports(), [
      { _tag: "Changed", up: false, outcome: bad },
      { _tag: "Changed", up: false, outcome: notRunnable }
    ])
  })

  it("a result that does not count yet is told, with how many more it takes", () => {
    const { ends, reports } = drive(script({ fall: 3 }))
    ends(ok, bad, bad, ok, bad)
    assert.deepStrictEqual(reports().slice(1), [
      { _tag: "Borne", outcome: bad, resultsLeft: 2 },
      { _tag: "Borne", outcome: bad, resultsLeft: 2 }
    ])
  })

  it("a run that is still on when the next is due takes its place, and that is told once", () => {
    const { advance, reports, runs } = drive(script())
    for (let count = 0; count < 3; count++) advance(seconds(1))
    assert.strictEqual(runs(), 1)
    assert.deepStrictEqual(reports(), [{ _tag: "RunSkipped" }])
  })

  it("a run whose time is over has failed at once, is counted once, and takes the place of the next until it is gone", () => {
    const { advance, ends, known, reports, runs, state, step } = drive(script({ interval: seconds(2) }))
    ends(ok)
    const at = seconds(103) as number as Instant
    assert.strictEqual(runs(), 2)
    step({ _tag: "TimedOut", at })
    assert.strictEqual(known(), "Down")
    step({ _tag: "TimedOut", at })
    advance(seconds(2))
    assert.strictEqual(runs(), 2)
    step({ _tag: "Ended", at, outcome: ok })
    assert.strictEqual(known(), "Down")
    assert.isFalse(state().isRunning)
    advance(seconds(2))
    assert.strictEqual(runs(), 3)
    step({ _tag: "Ended", at, outcome: ok })
    assert.strictEqual(known(), "Up")
    assert.strictEqual(reports().filter(({ _tag }) => _tag === "Changed").length, 3)
  })

  it("a run counts once, however often its time is over", () => {
    const { ends, known, step } = drive(script({ fall: 2 }))
    ends(ok)
    const at = seconds(101) as number as Instant
    step({ _tag: "TimedOut", at })
    step({ _tag: "TimedOut", at })
    step({ _tag: "Ended", at, outcome: bad })
    assert.strictEqual(known(), "Up")
  })

  it("deadlines do not drift, and after a stall no burst follows", () => {
    const { advance, ends, state } = drive(script())
    ends(ok)
    advance(seconds(1) + 3_000)
    assert.strictEqual<number | undefined>(state().nextAt, seconds(103))
    advance(seconds(7.4))
    assert.strictEqual<number | undefined>(state().nextAt, seconds(110))
  })

  it("its own timeout is how long a run may last, or else the interval", () => {
    const timeoutOf = (parameters: TrackScript) => {
      const { actions } = ScriptTracker.step(ScriptTracker.make(parameters), {
        _tag: "Started",
        at: 0 as Instant
      })
      return actions.flatMap((action) => (action._tag === "Run" ? [action.timeout] : []))
    }
    assert.deepStrictEqual(timeoutOf(script()), [seconds(1)])
    assert.deepStrictEqual(timeoutOf(script({ script: { words: ["x"], timeout: seconds(5) } })), [seconds(5)])
  })

  it("what is known survives another interval, and not another program", () => {
    const driven = drive(script())
    driven.ends(bad)
    const slower = ScriptTracker.make(script({ interval: seconds(9), rise: 4 }), driven.state())
    assert.strictEqual(slower.observation._tag, "Down")
    assert.isUndefined(slower.nextAt)
    const other = ScriptTracker.make(script({ script: { words: ["/usr/bin/other"] } }), driven.state())
    assert.strictEqual(other.observation._tag, "Unknown")
  })

  const Command = Schema.Struct({
    what: Schema.Literals([
      "Due",
      "DueEarly",
      "DueLate",
      "Succeeds",
      "Succeeds",
      "Fails",
      "Fails",
      "CannotRun"
    ])
  })
  const Scenario = Schema.Struct({
    rise: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 4 })),
    fall: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 4 })),
    initFail: Schema.Boolean,
    commands: Schema.Array(Command).check(Schema.isMinLength(30), Schema.isMaxLength(60))
  })

  it.effect.prop(
    "at most one run, one deadline on the grid, and changes only for a reason",
    [Scenario],
    ([{ commands, ...counts }]) =>
      Effect.sync(() => {
        const start = seconds(50) as number as Instant
        let state = ScriptTracker.make(script(counts))
        let running = 0
        let results = 0
        let streak = { code: -1, length: 0 }
        const step = (event: ScriptTracker.Event) => {
          const before = state.observation._tag
          const next = ScriptTracker.step(state, event)
          state = next.state
          for (const action of next.actions) {
            if (action._tag === "Run") running += 1
            if (action._tag === "ArmTimer") assert.strictEqual(action.deadline, state.nextAt)
          }
          assert.isAtMost(running, 1)
          assert.strictEqual(running === 1, state.isRunning)
          assert.strictEqual(((state.nextAt ?? 0) - start) % seconds(1), 0)
          const observed = next.actions.flatMap((action) =>
            action._tag === "Observe" ? [action.observation._tag] : []
          )
          assert.deepStrictEqual(observed, before === state.observation._tag ? [] : [state.observation._tag])
          return observed[0]
        }
        const end = (outcome: ScriptTracker.Outcome) => {
          if (running === 0) return
          running = 0
          results += 1
          const code = outcome._tag === "Exited" ? outcome.code : 1
          streak = { code, length: code === streak.code ? streak.length + 1 : 1 }
          const change = step({ _tag: "Ended", at: state.nextAt ?? start, outcome })
          if (results === 1 || outcome._tag === "NotRunnable")
            return assert.strictEqual(state.observation._tag, code === 0 ? "Up" : "Down")
          if (change !== undefined)
            assert.isAtLeast(streak.length, change === "Up" ? counts.rise : counts.fall)
          if (streak.length >= (code === 0 ? counts.rise : counts.fall))
            assert.strictEqual(state.observation._tag, code === 0 ? "Up" : "Down")
        }
        step({ _tag: "Started", at: start })
        for (const { what } of commands) {
          const due = state.nextAt ?? start
          if (what === "Due") step({ _tag: "Due", at: due })
          if (what === "DueEarly") step({ _tag: "Due", at: (due - 1) as Instant })
          if (what === "DueLate") step({ _tag: "Due", at: (due + 2_700_000) as Instant })
          if (what === "Succeeds") end(ok)
          if (what === "Fails") end(bad)
          if (what === "CannotRun") end(notRunnable)
        }
      }),
    { arbitrary: { runs: 1000 } }
  )

  it("an interval of nothing does not run it for ever", () => {
    const { state } = drive(script({ interval: 0 as Micros }))
    assert.isAbove(state().nextAt ?? 0, seconds(100))
  })
})
