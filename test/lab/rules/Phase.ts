/**
 * The rhythm of a Master's adverts: one each interval, whatever else happens.
 *
 * @since 0.1.0
 */
import { assert } from "@effect/vitest"
import type * as Frame from "../Frame.ts"

/**
 * Checks that adverts follow each other at the interval, so that nothing shifted their phase.
 *
 * @category assertions
 * @since 0.1.0
 */
export const assertKept = (adverts: ReadonlyArray<Frame.Advert>, intervalMicros = 1_000_000): void => {
  const [first] = adverts
  assert.isDefined(first)
  adverts.forEach((advert, index) => {
    const offset = advert.atMicros - first.atMicros - index * intervalMicros
    assert.isAtMost(
      Math.abs(offset),
      phaseMicros,
      `advert ${index + 1} is off its phase by ${offset} microseconds`
    )
  })
}

// A shared machine is late by tens of milliseconds; an interval that was begun anew at its middle is off by half of it.
const phaseMicros = 250_000
