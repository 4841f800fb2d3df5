/**
 * What a file says of VRRP, all of it: routers, what they share, what they track and whom they tell.
 *
 * @since 0.1.0
 */
import type { ObjectNotification } from "@holdfast/vrrp/NotificationParameters"
import type { Script } from "@holdfast/wire/Script"
import * as Instant from "@holdfast/wire/Instant"
import * as Authentication from "./Authentication.ts"
import type { Configuration } from "./Configuration.ts"
import type { Report } from "./Diagnostic.ts"
import type { GlobalDefinitions } from "./GlobalDefinitions.ts"
import type { Model } from "./Model.ts"
import * as Notifications from "./Notifications.ts"
import type { Setting } from "./Section.ts"
import * as SharedDefinitions from "./SharedDefinitions.ts"
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
  const { routers, shared, tracking } = SharedDefinitions.compile(
    models,
    compiled.instances,
    {
      defaultInterface: all.default_interface?.value,
      pacing: {
        arpInterval: all.vrrp_garp_interval?.value ?? Value.none,
        neighbourInterval: all.vrrp_gna_interval?.value ?? Value.none
      }
    },
    report
  )
  return {
    routers,
    shared: {
      ...shared,
      devices: compiled.devices,
      startupDelay: all.vrrp_startup_delay?.value ?? Value.none
    },
    tracking,
    notifications: Notifications.compile(all, objectsOf(models, globals), report),
    ...(all.vrrp_delay_after_boot === undefined ? {} : { delayAfterBoot: all.vrrp_delay_after_boot.value }),
    ...scriptsOf(globals),
    secretFiles: instances.flatMap(({ settings }) => Authentication.filesOf(settings.values))
  }
}

/** An instance takes from its group whether changes of priority are told. */
const objectsOf = (
  models: ReadonlyArray<Model>,
  globals: GlobalDefinitions
): ReadonlyArray<ObjectNotification> => {
  const defaults = Notifications.defaultsOf(globals.values)
  const groups = models.flatMap(({ syncGroups }) => syncGroups)
  const inherited = new Map(
    groups.flatMap(({ members, settings }) => {
      const told = settings.values.notify_priority_changes?.value
      return told === undefined ? [] : members.map((member) => [member.text, told] as const)
    })
  )
  const instances = models.flatMap(({ vrrpInstances }) => vrrpInstances)
  return [
    ...instances.flatMap(({ name, settings }) => {
      const priorityChanges = inherited.get(name.text) ?? defaults.priorityChanges
      return Notifications.compileObject("INSTANCE", name.text, settings, {
        ...defaults,
        priorityChanges
      })
    }),
    ...groups.flatMap(({ name, settings }) =>
      Notifications.compileObject("GROUP", name.text, settings, defaults)
    )
  ]
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
