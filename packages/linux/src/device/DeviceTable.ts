/**
 * The difference between the virtual devices that there shall be and those that the kernel has. Pure.
 *
 * **Details**
 * A device of ours bears an alias (`ip link show` prints it), so that the next process knows what a killed one left. One
 * without it is somebody else's: it is used when it is what is asked for, never changed into that, never deleted.
 *
 * @since 0.1.0
 */
import type { DeviceFailure } from "@holdfast/engine/VirtualDevices"
import * as Link from "@holdfast/netlink/Link"
import type { NetworkChange } from "@holdfast/netlink/NetworkChange"
import type { NetworkState } from "@holdfast/netlink/NetworkState"
import type { VirtualDevice } from "@holdfast/vrrp/SharedParameters"

/**
 * What marks a device as made by this program.
 *
 * @category constants
 * @since 0.1.0
 */
export const aliasMark = "holdfast"

/**
 * A device that is wanted, with the device that carries it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Placed {
  readonly device: VirtualDevice
  readonly parent: Link.Link
  /** That of the parent's VRF. */
  readonly masterIndex: number | undefined
}

/**
 * What is to be done, removals first.
 *
 * - `remove`: devices of ours that nobody wants, or that must be made anew.
 * - `create`: what is not there.
 * - `adopt`: what is there, and whether by us: its settings are to be made sure of.
 *
 * @category models
 * @since 0.1.0
 */
export interface Plan {
  readonly remove: ReadonlyArray<Link.Link>
  readonly create: ReadonlyArray<Placed>
  readonly adopt: ReadonlyArray<Placed & { readonly link: Link.Link; readonly isOurs: boolean }>
  readonly failures: ReadonlyArray<DeviceFailure>
}

/**
 * Compares the wanted devices with the kernel's.
 *
 * @category diff
 * @since 0.1.0
 */
export const plan = (wanted: ReadonlyArray<VirtualDevice>, { links }: NetworkState): Plan => {
  const byName = new Map([...links.values()].map((link) => [link.name, link]))
  const remove: Array<Link.Link> = []
  const create: Array<Placed> = []
  const adopt: Array<Plan["adopt"][number]> = []
  const failures: Array<DeviceFailure> = []
  for (const device of wanted) {
    const parent = byName.get(device.parent)
    const link = byName.get(device.name)
    const isOurs = link !== undefined && isMarked(link)
    const master = links.get(parent?.masterIndex ?? 0)
    const masterIndex = master?.kind === "vrf" ? master.index : undefined
    if (link !== undefined && parent !== undefined && isSuitable(link, device, parent)) {
      adopt.push({ device, parent, masterIndex, link, isOurs })
      continue
    }
    if (link !== undefined && !isOurs) {
      failures.push({ name: device.name, message: describeForeign(device, link) })
      continue
    }
    if (link !== undefined) remove.push(link)
    if (parent === undefined) failures.push({ name: device.name, message: describeStranded(device) })
    else create.push({ device, parent, masterIndex })
  }
  const names = new Set<string>(wanted.map(({ name }) => name))
  for (const link of links.values()) if (isMarked(link) && !names.has(link.name)) remove.push(link)
  return { remove, create, adopt, failures }
}

/**
 * Whether a device bears our mark.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isMarked = (link: Link.Link): boolean => link.kind === "macvlan" && link.alias === aliasMark

/**
 * Whether nothing is left to do about a device that is there.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isSettled = ({ isOurs, link, masterIndex, parent }: Plan["adopt"][number]): boolean =>
  Link.isUp(link) && (!isOurs || (link.masterIndex === masterIndex && link.group === parent.group))

/**
 * Whether a change may be of devices: a takeover brings a thousand that are not.
 *
 * @category predicates
 * @since 0.1.0
 */
export const concernsLinks = ({ _tag }: NetworkChange): boolean =>
  _tag === "Synchronised" || _tag === "LinkChanged" || _tag === "LinkRemoved"

/** The same device in another namespace has an index there that says nothing here. */
const isSuitable = (link: Link.Link, device: VirtualDevice, parent: Link.Link): boolean =>
  link.macvlanMode === "private" &&
  link.mac === device.mac &&
  link.parentIndex === parent.index &&
  link.parentNamespace === undefined

const describeForeign = (device: VirtualDevice, link: Link.Link): string =>
  `${device.name} is there and not what is asked for, a macvlan of mode private on ${device.parent} with the address ` +
  `${device.mac}: it is ${describe(link)}. Delete it (ip link delete ${device.name}), or give the virtual device another name`

const describe = ({ kind, mac, macvlanMode }: Link.Link): string =>
  kind === "macvlan"
    ? `a macvlan of mode ${macvlanMode} with the address ${mac}, on that device or another`
    : `of the kind ${kind ?? "hardware"}`

const describeStranded = ({ name, parent }: VirtualDevice): string =>
  `${name}: interface ${parent} does not exist; the virtual device is made when it appears`
