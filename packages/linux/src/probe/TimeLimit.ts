/**
 * A computation that may take too long, ended by V8 when its time is over: the match of a regular expression, whose time
 * nobody can tell from the expression.
 *
 * **Gotchas** each run costs some 0.2 ms, because a thread watches it.
 *
 * @see https://nodejs.org/api/vm.html#scriptruninthiscontextoptions
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as vm from "node:vm"

/**
 * Returns what a computation returns, or nothing when it was not done within `limitMillis`.
 *
 * @category running
 * @since 0.1.0
 */
export const run = <A>(compute: () => A, limitMillis: number): Option.Option<A> => {
  slot ??= makeSlot()
  let result = Option.none<A>()
  slot.context["compute"] = () => {
    result = Option.some(compute())
  }
  try {
    slot.call.runInContext(slot.context, { timeout: limitMillis })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error
    return Option.none()
  } finally {
    slot.context["compute"] = undefined
  }
  return result
}

interface Slot {
  readonly context: vm.Context
  readonly call: vm.Script
}

/** A context of its own, because only scripts can be timed, and those that are given by text. */
const makeSlot = (): Slot => ({ context: vm.createContext({}), call: new vm.Script("compute()") })

/** One for the thread, made when the first is needed. */
let slot: Slot | undefined
