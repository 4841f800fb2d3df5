/**
 * Edits of the forwarding table in words.
 *
 * @since 0.1.0
 */
import type { Edit } from "@holdfast/balancer/ForwardingTable"

/**
 * Renders an edit for people, such as `TCP 192.0.2.1:80: add 10.0.0.1:80 with weight 1`.
 *
 * @category conversions
 * @since 0.1.0
 */
export const describe = (edit: Edit): string => {
  const { key, scheduler } = edit.service
  switch (edit._tag) {
    case "AddService":
      return `add ${key} with scheduler ${scheduler}`
    case "ChangeService":
      return `${key}: set scheduler ${scheduler}, flags and persistence`
    case "RemoveService":
      return `remove ${key}`
    case "AddDestination":
      return `${key}: add ${edit.destination.key} with weight ${edit.destination.weight}`
    case "ChangeDestination":
      return `${key}: set ${edit.destination.key} to weight ${edit.destination.weight}`
    case "RemoveDestination":
      return `${key}: remove ${edit.destination.key}`
  }
}
