/**
 * What happened in a simulated run, for people: one column per router, one line per event that changed something.
 *
 * @since 0.1.0
 */
import type { Action, TransitionCause } from "@holdfast/vrrp/Action"
import { describeFault } from "@holdfast/engine/EngineEvent"
import { formatSeconds, type Instant } from "@holdfast/wire/Instant"
import * as Command from "./Command.ts"
import type { Simulation } from "./Simulation.ts"
import type { Stepped } from "./VirtualNode.ts"

/**
 * A run as it is written down.
 *
 * @category models
 * @since 0.1.0
 */
export interface Transcript {
  /** The columns are the routers that the run has by now. */
  readonly render: () => string
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Write down the adverts that a Master sends as a matter of course; false when absent. */
  readonly adverts?: boolean | undefined
}

/**
 * Watches a run and writes it down.
 *
 * @category constructors
 * @since 0.1.0
 */
export const watch = (simulation: Simulation, options: Options = {}): Transcript => {
  const lines: Array<Line> = []
  simulation.observe({
    onCommand: (at, command) => {
      lines.push({ at, command: Command.print(command) })
    },
    onStepped: (stepped) => {
      const text = describe(stepped, options)
      if (text !== "") lines.push({ at: stepped.event.at, router: stepped.node.name, text })
    }
  })
  return { render: () => render([...simulation.members.keys()], lines) }
}

type Line =
  | { readonly at: Instant; readonly command: string }
  | { readonly at: Instant; readonly router: string; readonly text: string }

const render = (routers: ReadonlyArray<string>, lines: ReadonlyArray<Line>): string => {
  const widths = routers.map((router) =>
    Math.max(
      router.length,
      ...lines.map((line) => ("router" in line && line.router === router ? line.text.length : 0))
    )
  )
  const row = (time: string, cells: ReadonlyArray<string>): string =>
    [time, ...cells.map((cell, index) => cell.padEnd(widths[index] ?? 0))].join("  ").trimEnd()
  return [
    row("seconds".padStart(timeWidth), routers),
    ...lines.map((line) => {
      const time = (line.at / microsPerSecond).toFixed(6).padStart(timeWidth)
      if ("command" in line) return `${time}  > ${line.command}`
      return row(
        time,
        routers.map((router) => (router === line.router ? line.text : ""))
      )
    })
  ].join("\n")
}

const describe = ({ event, step }: Stepped, options: Options): string => {
  const changed = step.actions.some(({ _tag }) => _tag === "PublishTransition")
  const said = step.actions.flatMap((action) => {
    const isRoutine =
      action._tag === "SendAdvert" && event._tag === "TimerExpired" && !changed && options.adverts !== true
    return isRoutine ? [] : describeAction(action)
  })
  return said.join(", ")
}

const describeAction = (action: Action): ReadonlyArray<string> => {
  switch (action._tag) {
    case "SendAdvert":
      return [`advert ${action.priority}`]
    case "SetAddressOwnership":
      return [action.owned ? "take addresses" : "give addresses up"]
    case "AnnounceAddresses":
      return [`announce x${action.repeatCount}`]
    case "PublishTransition":
      return [`${action.to}: ${describeCause(action.cause)}`]
    case "CountDrop":
      return action.reason === "NotRunning" ? [] : [`drop ${action.reason}`]
    case "PublishPriority":
      return [`priority ${action.from} -> ${action.to}`]
    case "PublishRival":
      return [`rival ${action.source} (${action.priority})`]
    case "PublishRivalGone":
      return [`rival ${action.source} gone`]
    // Comes with every advert; the shell tells it once.
    case "PublishMismatch":
    case "PublishLowerHeard":
    case "ArmTimer":
    case "DisarmTimer":
    case "Count":
      return []
  }
}

const describeCause = (cause: TransitionCause): string => {
  switch (cause._tag) {
    case "Started":
      return "started"
    case "Stopped":
      return "stopped"
    case "AddressOwner":
      return "owner"
    case "MasterSilent":
      return `silence of ${formatSeconds(cause.sinceMicros)} s`
    case "MasterLeft":
      return `${cause.source} left`
    case "LowerPriorityHeard":
      return `preempts ${cause.source} (${cause.priority})`
    case "HigherPriorityHeard":
      return `yields to ${cause.source} (${cause.priority})`
    case "HigherAddressHeard":
      return `yields to ${cause.source} (tie)`
    case "GroupPromoted":
      return "group ready"
    case "GroupDemoted":
      return `group: ${cause.member} left`
    case "Stalled":
      return `stood still for ${formatSeconds(cause.silentMicros)} s`
    case "Faulted":
      return cause.faults.map(describeFault).join(" and ")
    case "FaultsCleared":
      return "faults cleared"
  }
}

const microsPerSecond = 1_000_000
const timeWidth = 12
