import { assert, describe, it } from "@effect/vitest"
import * as Checker from "@holdfast/balancer/Checker"
import type { Probe, ProbeResult, Timing } from "@holdfast/balancer/Probe"
import type { IpAddress } from "@holdfast/wire/Address"
import { type Micros, plus, seconds } from "@holdfast/wire/Instant"
import * as Schema from "effect/Schema"
import { at, tcp, timing } from "./Fixture.ts"

const plan = (overrides: Partial<Timing> = {}, probe: Probe = tcp(1)): Checker.Plan => ({
  probe,
  timing: timing(overrides)
})

const passed: ProbeResult = { _tag: "Passed" }
const failed: ProbeResult = { _tag: "Failed", reason: "connection refused" }
const refused: ProbeResult = { _tag: "Refused", reason: "no such script" }

/** A checker after events, with all that it asked for. */
const run = (checker: Checker.Plan, events: ReadonlyArray<Checker.Event>): Checker.Step =>
  events.reduce<Checker.Step>(
    ({ actions, state }, event) => {
      const next = Checker.step(state, event)
      return { state: next.state, actions: [...actions, ...next.actions] }
    },
    { state: Checker.make(checker), actions: [] }
  )

const started = (spread = 0): Checker.Event => ({ _tag: "Started", at: at(0), spread })
const woken = (time: number): Checker.Event => ({ _tag: "Woken", at: at(time) })
const reported = (time: number, result: ProbeResult): Checker.Event => ({
  _tag: "Reported",
  at: at(time),
  result
})

describe("Checker: after a stall", () => {
  it("makes a probe again whose deadline came up much too late, once, and then counts the silence", () => {
    const stalled = run(plan(), [started(), woken(10)])
    assert.deepStrictEqual(stalled.actions.slice(1), [{ _tag: "CancelProbe" }, { _tag: "StartProbe" }])
    assert.strictEqual(stalled.state.verdict, "Unknown")
    assert.strictEqual(Checker.deadline(stalled.state), at(13))

    const again = Checker.step(stalled.state, woken(20))
    assert.strictEqual(again.state.verdict, "Down")
  })
})

describe("Checker: UDP", () => {
  const udp = (requireReply: boolean): Probe => ({
    _tag: "Udp",
    connection: { address: "192.0.2.1" as IpAddress, port: 53 },
    payload: new Uint8Array(),
    requireReply,
    replyMin: 0,
    replyMax: 255
  })

  it("takes silence for success where no reply is asked for, and for a failure where one is", () => {
    const silence = [started(), woken(3)]

    assert.deepStrictEqual(run(plan({}, udp(false)), silence).actions, [
      { _tag: "StartProbe" },
      { _tag: "CancelProbe" },
      { _tag: "Decided", verdict: "Up" }
    ])
    assert.strictEqual(run(plan({}, udp(true)), silence).state.verdict, "Down")
  })
})

describe("Checker: when it probes", () => {
  it("probes at once, because a server that nobody has checked takes no traffic", () => {
    const { actions, state } = run(plan(), [started(0.5)])

    assert.deepStrictEqual(actions, [{ _tag: "StartProbe" }])
    assert.strictEqual(Checker.deadline(state), at(3))
  })

  it("makes the second probe at its own part of the delay, and then one every delay", () => {
    const second = run(plan(), [started(0.75), reported(1, passed)])
    const third = run(plan(), [started(0.75), reported(1, passed), woken(2.5), reported(2.6, passed)])

    assert.strictEqual(Checker.deadline(second.state), at(2.5))
    assert.strictEqual(Checker.deadline(third.state), at(12.5))
  })

  it("waits for its part of warmup where that is given, and then for the whole delay", () => {
    const { actions, state } = run(plan({ warmup: seconds(8) }), [started(0.25)])
    const second = run(plan({ warmup: seconds(8) }), [started(0.25), woken(2), reported(2.1, passed)])

    assert.deepStrictEqual(actions, [])
    assert.strictEqual(Checker.deadline(state), at(2))
    assert.strictEqual(Checker.deadline(second.state), at(12))
  })

  it("keeps its grid when it is woken late, and begins a new one after more than a delay", () => {
    const events = [started(), reported(1, passed)]

    const late = run(plan(), [...events, woken(13), reported(13.1, passed)])
    const stalled = run(plan(), [...events, woken(25), reported(25.1, passed)])

    assert.strictEqual(Checker.deadline(late.state), at(20))
    assert.strictEqual(Checker.deadline(stalled.state), at(35))
  })

  it("skips what a slow probe used up of the grid", () => {
    const { state } = run(plan({ delay: seconds(2), timeout: seconds(9) }), [started(), reported(7, passed)])

    assert.strictEqual(Checker.deadline(state), at(8))
  })

  it("does nothing when it is woken before its deadline", () => {
    const probing = run(plan(), [started()])
    const waiting = run(plan(), [started(), reported(1, passed)])

    assert.deepStrictEqual(Checker.step(probing.state, woken(2.9)), { state: probing.state, actions: [] })
    assert.deepStrictEqual(Checker.step(waiting.state, woken(9.9)), { state: waiting.state, actions: [] })
  })

  it("starts the probe of a file once, and listens without a deadline", () => {
    const file = plan({}, { _tag: "File", path: "/run/weight", factor: 1 })
    const passes = [1, 2, 3].map((weight) =>
      reported(weight, { _tag: "Passed", adjustment: { _tag: "Add", weight } })
    )

    const { actions, state } = run(file, [started(), ...passes, woken(1000)])

    assert.strictEqual(Checker.deadline(state), undefined)
    assert.deepStrictEqual(
      actions.map(({ _tag }) => _tag),
      ["StartProbe", "Decided", "Decided", "Decided"]
    )
  })
})

describe("Checker: what it decides", () => {
  it("is up after one pass, and says so once", () => {
    const { actions, state } = run(plan(), [started(), reported(1, passed), woken(10), reported(11, passed)])

    assert.strictEqual(state.verdict, "Up")
    assert.deepStrictEqual(actions, [
      { _tag: "StartProbe" },
      { _tag: "Decided", verdict: "Up" },
      { _tag: "StartProbe" }
    ])
  })

  it("is down with the first failure when it never passed", () => {
    const { actions, state } = run(plan({ retries: 3 }), [started(), reported(1, failed)])

    assert.deepStrictEqual(actions.at(-1), { _tag: "Decided", verdict: "Down", reason: "connection refused" })
    assert.strictEqual(Checker.deadline(state), at(10))
  })

  it("bears as many failures as there are retries, and probes again after the retry delay", () => {
    const up = [started(), reported(1, passed), woken(10)]

    const first = run(plan({ retries: 2 }), [...up, reported(11, failed)])
    const down = run(plan({ retries: 2 }), [
      ...up,
      reported(11, failed),
      woken(12),
      reported(12.5, failed),
      woken(13.5),
      reported(14, failed)
    ])

    assert.strictEqual(Checker.deadline(first.state), at(12))
    assert.deepStrictEqual(
      down.actions.filter(({ _tag }) => _tag !== "StartProbe"),
      [
        { _tag: "Decided", verdict: "Up" },
        { _tag: "FailureBorne", reason: "connection refused", retriesLeft: 2 },
        { _tag: "FailureBorne", reason: "connection refused", retriesLeft: 1 },
        { _tag: "Decided", verdict: "Down", reason: "connection refused" }
      ]
    )
  })

  it("forgets the failures that it bore with a pass", () => {
    const { state } = run(plan({ retries: 1 }), [
      started(),
      reported(1, passed),
      ...[10, 21, 32, 43].flatMap((time) => [
        woken(time),
        reported(time, failed),
        woken(time + 1),
        reported(time + 1, passed)
      ])
    ])

    assert.strictEqual(state.verdict, "Up")
  })

  it("cancels a probe that has not reported in time, and counts it as a failure", () => {
    const { actions, state } = run(plan(), [started(), woken(3)])

    assert.deepStrictEqual(actions.slice(1), [
      { _tag: "CancelProbe" },
      { _tag: "Decided", verdict: "Down", reason: "no answer within 3.000 s" }
    ])
    assert.deepStrictEqual(Checker.step(state, reported(3.1, passed)), { state, actions: [] })
  })

  it("goes down without retries when the probe cannot be made", () => {
    const { actions } = run(plan({ retries: 5 }), [
      started(),
      reported(1, passed),
      woken(10),
      reported(11, refused)
    ])

    assert.deepStrictEqual(actions.at(-1), { _tag: "Decided", verdict: "Down", reason: "no such script" })
  })

  it("is down from the start when its probe is broken, and makes none", () => {
    const { actions, state } = run(plan({}, { _tag: "Broken", reason: "misc_path is missing" }), [started()])

    assert.deepStrictEqual(actions, [{ _tag: "Decided", verdict: "Down", reason: "misc_path is missing" }])
    assert.deepStrictEqual(Checker.step(state, { _tag: "Suspended", at: at(1) }).actions, [])
  })

  it("is down at once when a file cannot be read any more: it is not asked again", () => {
    const file = plan({ retries: 5 }, { _tag: "File", path: "/run/weight", factor: 1 })

    const { actions } = run(file, [started(), reported(1, passed), reported(2, failed)])

    assert.deepStrictEqual(actions.at(-1), { _tag: "Decided", verdict: "Down", reason: "connection refused" })
  })

  it("says every change of the adjustment, and nothing when it is the same", () => {
    const adjusted = (weight: number): ProbeResult => ({
      _tag: "Passed",
      adjustment: { _tag: "Set", weight }
    })
    const script = plan({}, { _tag: "Script", script: { words: ["check"] }, dynamic: true })

    const { actions } = run(script, [
      started(),
      reported(1, adjusted(5)),
      woken(10),
      reported(11, adjusted(5)),
      woken(20),
      reported(21, adjusted(7)),
      woken(30),
      reported(31, passed)
    ])

    assert.deepStrictEqual(
      actions.filter(({ _tag }) => _tag === "Decided"),
      [
        { _tag: "Decided", verdict: "Up", adjustment: { _tag: "Set", weight: 5 } },
        { _tag: "Decided", verdict: "Up", adjustment: { _tag: "Set", weight: 7 } },
        { _tag: "Decided", verdict: "Up" }
      ]
    )
  })

  it("keeps its verdict while it is suspended, and probes at once when it is resumed", () => {
    const suspended = run(plan(), [
      started(),
      reported(1, passed),
      woken(10),
      { _tag: "Suspended", at: at(11) }
    ])

    const resumed = Checker.step(suspended.state, { _tag: "Resumed", at: at(50), spread: 0 })

    assert.deepStrictEqual(suspended.actions.at(-1), { _tag: "CancelProbe" })
    assert.strictEqual(Checker.deadline(suspended.state), undefined)
    assert.strictEqual(resumed.state.verdict, "Up")
    assert.deepStrictEqual(resumed.actions, [{ _tag: "StartProbe" }])
  })

  it("forgets the failures that it bore while it is suspended", () => {
    const { state } = run(plan({ retries: 1 }), [
      started(),
      reported(1, passed),
      woken(10),
      reported(11, failed),
      { _tag: "Suspended", at: at(12) },
      { _tag: "Resumed", at: at(50), spread: 0 },
      reported(51, failed)
    ])

    assert.strictEqual(state.verdict, "Up")
  })

  it("tells a server that joins later what it has decided", () => {
    const adjustment = { _tag: "Add", weight: 2 } as const

    assert.strictEqual(Checker.decision(Checker.make(plan())), undefined)
    assert.deepStrictEqual(
      Checker.decision(run(plan(), [started(), reported(1, { _tag: "Passed", adjustment })]).state),
      { _tag: "Decided", verdict: "Up", adjustment }
    )
    assert.deepStrictEqual(Checker.decision(run(plan(), [started(), reported(1, failed)]).state), {
      _tag: "Decided",
      verdict: "Down",
      reason: "connection refused"
    })
  })
})

/** What happens next, relative to the state's own deadline where it has one, so that edges are met. */
const Command = Schema.Struct({
  kind: Schema.Literals(["Wake", "Wake", "Pass", "Fail", "Fail", "Refuse", "Suspend", "Resume", "Start"]),
  offset: Schema.Literals([-1, 0, 1, 20_000_000]),
  spread: Schema.Literals([0, 0.5, 0.999])
})
const Setup = Schema.Struct({
  retries: Schema.Literals([0, 1, 3]),
  warmup: Schema.Literals([-1, 0, 4_000_000]),
  delay: Schema.Literals([1_000_000, 10_000_000]),
  retryDelay: Schema.Literals([0, 1_000_000])
})

const eventOf = (
  { kind, offset, spread }: typeof Command.Type,
  now: Checker.Event["at"],
  due: Checker.Event["at"] | undefined
): Checker.Event => {
  const later = plus(due === undefined || due < now ? now : due, offset as Micros)
  const time = later < now ? now : later
  switch (kind) {
    case "Wake":
      return { _tag: "Woken", at: time }
    case "Pass":
      return { _tag: "Reported", at: now, result: passed }
    case "Fail":
      return { _tag: "Reported", at: now, result: failed }
    case "Refuse":
      return { _tag: "Reported", at: now, result: refused }
    case "Suspend":
      return { _tag: "Suspended", at: now }
    case "Resume":
      return { _tag: "Resumed", at: now, spread }
    case "Start":
      return { _tag: "Started", at: now, spread }
  }
}

describe("Checker.step, in all sequences", () => {
  it.prop(
    "has one probe in flight at most, a deadline while it runs, and goes down with the failure after the retries",
    { setup: Setup, commands: Schema.Array(Command) },
    ({ commands, setup: { delay, retries, retryDelay, warmup } }) => {
      let state = Checker.make(
        plan({
          delay: delay as Micros,
          retries,
          retryDelay: retryDelay as Micros,
          ...(warmup >= 0 && { warmup: warmup as Micros })
        })
      )
      let [now, inFlight, isRunning, borne] = [at(100), 0, false, 0]

      for (const command of [{ kind: "Start", offset: 0, spread: 0.5 } as const, ...commands]) {
        const event = eventOf(command, now, Checker.deadline(state))
        const before = state
        const { actions, state: next } = Checker.step(before, event)
        ;[state, now] = [next, event.at]

        if (event._tag === "Reported" && before.activity._tag === "Probing") inFlight -= 1
        for (const action of actions) {
          if (action._tag === "StartProbe") inFlight += 1
          if (action._tag === "CancelProbe") inFlight -= 1
          if (action._tag === "FailureBorne") {
            borne += 1
            assert.strictEqual(action.retriesLeft, retries - borne + 1)
          }
          if (action._tag === "Decided" && before.verdict === "Up" && action.verdict === "Down") {
            const isRefused = event._tag === "Reported" && event.result._tag === "Refused"
            assert.isTrue(isRefused || borne === retries)
          }
          assert.isTrue(inFlight === 0 || inFlight === 1)
        }
        if (event._tag === "Started" || event._tag === "Resumed") isRunning = true
        if (event._tag === "Suspended") isRunning = false
        if (state.failures === 0) borne = 0

        assert.strictEqual(Checker.deadline(state) !== undefined, isRunning)
        assert.strictEqual(state.activity._tag === "Probing", inFlight === 1)
        assert.isTrue(state.failures <= retries)
        assert.deepStrictEqual(Checker.step(before, event), { state, actions })
      }
    },
    { arbitrary: { runs: 1_000, seed: "checker", size: 40 } }
  )
})
