/**
 * The changes of role: one function for each role, which alone builds it and its entry actions.
 *
 * The order on the wire is keepalived's: a Master speaks before it takes the addresses, and says that it leaves before
 * it gives them up.
 *
 * @since 0.1.0
 */
import * as Equal from "effect/Equal"
import type { Action, Counter, Fault, TransitionCause } from "./Action.ts"
import * as Announcing from "./Announcing.ts"
import * as Health from "./Health.ts"
import { type Instant, type Micros, plus } from "@holdfast/wire/Instant"
import { type Parameters, priorityOwner } from "./Parameters.ts"
import * as Rivalry from "./Rivalry.ts"
import type { Role } from "./Role.ts"
import { type State, withoutSpeaker } from "./State.ts"
import * as Timing from "./Timing.ts"

/**
 * What follows from one event: the next state, and what is to be done, in order.
 *
 * @category models
 * @since 0.1.0
 */
export interface Step {
  readonly state: State
  readonly actions: ReadonlyArray<Action>
}

/**
 * Returns a step without a change of role.
 *
 * @category constructors
 * @since 0.1.0
 */
export const stay = (state: State, actions: ReadonlyArray<Action> = []): Step => ({ state, actions })

/**
 * Returns both steps as one, the second from the state after the first.
 *
 * @category combinators
 * @since 0.1.0
 */
export const andThen = (first: Step, next: (state: State) => Step): Step => {
  const second = next(first.state)
  return { state: second.state, actions: [...first.actions, ...second.actions] }
}

/**
 * Returns the actions that send one advert with our priority, or with 0.
 *
 * @category actions
 * @since 0.1.0
 */
export const sendAdvert = (priority: number): ReadonlyArray<Action> => [
  { _tag: "SendAdvert", priority },
  count("advertsSent"),
  ...(priority === priorityLeaving ? [count("priorityZeroSent")] : [])
]

/**
 * Returns the action that applies changed addresses, routes, rules, or what packets are taken: the level is the same, what
 * it covers is not.
 *
 * @category actions
 * @since 0.1.0
 */
export const restateOwnership = ({ parameters, role }: State, before: Parameters): ReadonlyArray<Action> =>
  parameters.addresses.length === before.addresses.length &&
  ownedFields.every((field) => Equal.equals(parameters[field], before[field]))
    ? []
    : [{ _tag: "SetAddressOwnership", owned: role._tag === "Master" }]

/**
 * Returns the action that adds one to a counter.
 *
 * @category actions
 * @since 0.1.0
 */
export const count = (counter: Counter): Action => ({ _tag: "Count", counter })

/**
 * Enters the role that a router which shall run has now: Fault if something keeps it from running, Master if it owns the
 * addresses (RFC 3768 6.4.1), Backup otherwise. The preempt delay begins.
 *
 * @category transitions
 * @since 0.1.0
 */
export const enterService = (state: State, at: Instant, cause: TransitionCause): Step =>
  reassess(state, at, (state) => {
    const isOwner = state.parameters.priority === priorityOwner
    if (!isOwner || state.group !== undefined)
      return becomeBackup(state, at, cause, { preemptDelayed: true, willing: isOwner })
    return becomeMaster(state, at, cause._tag === "Started" ? { _tag: "AddressOwner" } : cause)
  })

/**
 * Looks again at what a running router needs: Fault if something is missing, otherwise it goes on.
 *
 * @category transitions
 * @since 0.1.0
 */
export const reassess = (state: State, at: Instant, healthy: (state: State) => Step = stay): Step => {
  const [fault, ...others] = Health.faults(state)
  return fault === undefined ? healthy(state) : becomeFault(state, at, [fault, ...others])
}

/**
 * The router shall no longer run (RFC 3768 6.4.2 and 6.4.3, Shutdown).
 *
 * @category transitions
 * @since 0.1.0
 */
export const becomeInit = (state: State, at: Instant): Step =>
  become(withoutSpeaker(state), at, { _tag: "Init" }, { _tag: "Stopped" }, [
    ...farewell(state),
    ...release(state)
  ])

/**
 * The router waits for the Master to fall silent (RFC 3768 6.4.2).
 *
 * @category transitions
 * @since 0.1.0
 */
export const becomeBackup = (state: State, at: Instant, cause: TransitionCause, entry: BackupEntry): Step => {
  const { masterInterval = state.parameters.advertInterval, preemptDelayed, willing = false } = entry
  const silence = Timing.masterDownIntervalOf(state.parameters, Health.priorityOf(state), masterInterval)
  const role: Role = {
    _tag: "Backup",
    masterDownAt: plus(at, silence),
    countedFrom: at,
    takeover: { _tag: "Silence" },
    masterInterval,
    willing,
    ...(preemptDelayed ? { preemptDelayFrom: at } : {})
  }
  return become(state, at, role, cause, release(state))
}

/**
 * How a router becomes Backup.
 *
 * - `preemptDelayed`: the preempt delay begins.
 * - `willing`: it would be Master but for its group.
 * - `masterInterval`: of the Master that it yields to; our own when absent.
 *
 * @category models
 * @since 0.1.0
 */
export interface BackupEntry {
  readonly preemptDelayed: boolean
  readonly willing?: boolean
  readonly masterInterval?: Micros
}

/**
 * The router takes the addresses (RFC 3768 6.4.2, Master_Down_Timer). The gratuitous ARPs that the RFC sends here
 * follow when the addresses are held.
 *
 * @category transitions
 * @since 0.1.0
 */
export const becomeMaster = (state: State, at: Instant, cause: TransitionCause): Step =>
  become(
    state,
    at,
    {
      _tag: "Master",
      advertAt: plus(at, state.parameters.advertInterval),
      announcing: Announcing.none
    },
    cause,
    [...sendAdvert(Health.priorityOf(state)), { _tag: "SetAddressOwnership", owned: true }]
  )

/**
 * The router cannot run. A Master says so if its own device still carries the advert.
 *
 * @category transitions
 * @since 0.1.0
 */
export const becomeFault = (state: State, at: Instant, faults: readonly [Fault, ...Array<Fault>]): Step =>
  become(withoutSpeaker(state), at, { _tag: "Fault", faults }, { _tag: "Faulted", faults }, [
    ...farewell(state),
    ...release(state)
  ])

const become = (
  state: State,
  at: Instant,
  role: Role,
  cause: TransitionCause,
  actions: ReadonlyArray<Action>
): Step => ({
  state: { ...state, role },
  actions: [
    ...actions,
    ...(state.role._tag === "Master" && state.role.rival !== undefined
      ? [Rivalry.gone(state.role.rival, at, true)]
      : []),
    { _tag: "PublishTransition", at, from: state.role._tag, to: role._tag, cause },
    ...(role._tag === "Master" ? [count("becameMaster")] : []),
    ...(state.role._tag === "Master" ? [count("releasedMaster")] : [])
  ]
})

/** RFC 3768 6.4.3, Shutdown: priority 0 lets a Backup take over after its skew time. */
const farewell = (state: State): ReadonlyArray<Action> =>
  state.role._tag === "Master" && Health.canSend(state) ? sendAdvert(priorityLeaving) : []

/** A Master gives its addresses up; a router that starts takes away what a killed run of it may have left. */
const release = (state: State): ReadonlyArray<Action> =>
  state.role._tag === "Master" || state.role._tag === "Init"
    ? [{ _tag: "SetAddressOwnership", owned: false }]
    : []

/** What an ownership level covers. */
const ownedFields = ["addresses", "accept", "routes", "rules"] as const

/** RFC 3768 5.3.4. */
const priorityLeaving = 0
