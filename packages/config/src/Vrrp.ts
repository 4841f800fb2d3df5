/**
 * What a file says of VRRP, all of it: routers, what they share, what they track and whom they tell.
 *
 * @since 0.1.0
 */
import * as Shared from "@holdfast/vrrp/SharedParameters"
import * as Tracking from "@holdfast/vrrp/TrackingParameters"
import type { Script } from "@holdfast/wire/Script"
import * as Instant from "@holdfast/wire/Instant"
import * as Authentication from "./Authentication.ts"
import type { Configuration } from "./Configuration.ts"
import type { Report } from "./Diagnostic.ts"
import type { GlobalDefinitions } from "./GlobalDefinitions.ts"
import type { Model } from "./Model.ts"
import * as Notifications from "./Notifications.ts"
import type { Setting } from "./Section.ts"
import * as Value from "./Value.ts"
import * as VirtualRouters from "./VirtualRouters.ts"

/**
 * The part of a configuration that is about VRRP.
 *
 * @category models
 * @since 0.1.0
 */
export type Vrrp = Omit<Configuration, "routerId" | "defaultInterface" | "balancer">

/**
 * Compiles the sections of a file. The result is whole only if the report holds no error.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile = (models: ReadonlyArray<Model>, globals: GlobalDefinitions, report: Report): Vrrp => {
  const all = globals.values
  const instances = models.flatMap(({ vrrpInstances }) => vrrpInstances)
  const compiled = VirtualRouters.compile(instances, globals, report)
  const defaults = Notifications.defaultsOf(all)
  const objects = instances.flatMap(({ name, settings }) =>
    Notifications.compileObject("INSTANCE", name.text, settings.values, defaults)
  )
  return {
    routers: compiled.instances.flatMap(({ routers }) => routers),
    shared: {
      ...Shared.none,
      groups: compiled.instances.flatMap(pairOf),
      devices: compiled.devices,
      pacings: pacingsOf(globals),
      startupDelay: all.vrrp_startup_delay?.value ?? Value.none
    },
    tracking: Tracking.none,
    notifications: Notifications.compile(all, objects, report),
    ...(all.vrrp_delay_after_boot === undefined ? {} : { delayAfterBoot: all.vrrp_delay_after_boot.value }),
    ...scriptsOf(globals),
    secretFiles: instances.flatMap(({ settings }) => Authentication.filesOf(settings.values))
  }
}

/** The two routers of one instance are Master together. */
const pairOf = ({ instance, routers }: VirtualRouters.InstanceRouters): ReadonlyArray<Shared.SyncGroup> => {
  const [first, second] = routers
  if (first === undefined || second === undefined) return []
  return [{ name: instance.name.text, kind: "Instance", members: [first.name, second.name] }]
}

const pacingsOf = ({ values }: GlobalDefinitions): ReadonlyArray<Shared.Pacing> => {
  const arpInterval = values.vrrp_garp_interval?.value ?? Value.none
  const neighbourInterval = values.vrrp_gna_interval?.value ?? Value.none
  const paced = arpInterval !== Value.none || neighbourInterval !== Value.none
  return paced ? [{ arpInterval, neighbourInterval }] : []
}

const scriptsOf = ({ values }: GlobalDefinitions): Pick<Vrrp, "startupScript" | "shutdownScript"> => {
  const { shutdown_script, shutdown_script_timeout, startup_script, startup_script_timeout } = values
  const bounded = (script: Setting<Script>, timeout: Setting<Instant.Micros> | undefined): Script => ({
    ...script.value,
    timeout: timeout?.value ?? scriptTimeout
  })
  return {
    ...(startup_script === undefined
      ? {}
      : { startupScript: bounded(startup_script, startup_script_timeout) }),
    ...(shutdown_script === undefined
      ? {}
      : { shutdownScript: bounded(shutdown_script, shutdown_script_timeout) })
  }
}

/** That of keepalived. */
const scriptTimeout = Instant.seconds(10)
