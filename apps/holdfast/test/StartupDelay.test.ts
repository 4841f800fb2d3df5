/** How long routers wait after the start of the daemon and of the machine. */
import { assert, it } from "@effect/vitest"
import { none } from "@holdfast/vrrp/SharedParameters"
import type { Micros } from "@holdfast/wire/Instant"
import * as StartupDelay from "../src/StartupDelay.ts"

const seconds = (count: number): Micros => (count * 1_000_000) as Micros
const shared = (count: number) => ({ ...none, startupDelay: seconds(count) })

it("what is left of the wait after the machine's start, or the wait after ours where that is longer", () => {
  assert.strictEqual(StartupDelay.of({ shared: shared(5) }, 1), seconds(5))
  assert.strictEqual(StartupDelay.of({ shared: shared(5), delayAfterBoot: seconds(60) }, 20.5), seconds(39.5))
  assert.strictEqual(StartupDelay.of({ shared: shared(5), delayAfterBoot: seconds(60) }, 58), seconds(5))
  assert.strictEqual(StartupDelay.of({ shared: shared(0), delayAfterBoot: seconds(60) }, 3600), 0)
})
