/**
 * Which scripts of a configuration cannot run, and why: said before anything is started.
 *
 * @since 0.1.0
 */
import type { Parameters } from "@holdfast/balancer/Parameters"
import type { Configuration } from "@holdfast/config/Configuration"
import * as Accounts from "@holdfast/linux/script/Accounts"
import * as ScriptPolicy from "@holdfast/linux/script/ScriptPolicy"
import type { Notice, ObjectNotification } from "@holdfast/vrrp/NotificationParameters"
import type { NotifyFifo, Script } from "@holdfast/wire/Script"
import * as Result from "effect/Result"

/**
 * Which parts of the daemon run.
 *
 * @category models
 * @since 0.1.0
 */
export interface Parts {
  readonly vrrp: boolean
  readonly balancer: boolean
}

/**
 * Returns one line for each script of these parts that the rules refuse: what it is for, its program, the reason and the
 * remedy. A check of it fails, and its server is out; what tracks it is down; a notification of it is lost.
 *
 * @category queries
 * @since 0.1.0
 */
export const refusals = (
  configuration: Configuration,
  parts: Parts = { vrrp: true, balancer: true }
): ReadonlyArray<string> => {
  const all = [...scripts(configuration, parts)]
  if (all.length === 0) return []
  // The daemon is root, whoever checks the file.
  const accounts = { ...Accounts.read(), self: { uid: 0, gid: 0 } }
  const known = new Map<string, string | undefined>()
  const verdict = (script: Script): string | undefined => {
    const key = JSON.stringify(script)
    if (!known.has(key)) {
      const checked = ScriptPolicy.check(script, configuration.balancer.scripts, accounts)
      known.set(key, Result.isFailure(checked) ? checked.failure.message : undefined)
    }
    return known.get(key)
  }
  const lines = all.flatMap(({ owner, script }) => {
    const reason = verdict(script)
    return reason === undefined ? [] : [`${owner}: ${reason}`]
  })
  // A pipe that both parts tell is in both lists.
  return [...new Set(lines)]
}

interface Owned {
  readonly owner: string
  readonly script: Script
}

const scripts = function* (configuration: Configuration, parts: Parts): Generator<Owned> {
  yield* owned("startup_script", configuration.startupScript)
  yield* owned("shutdown_script", configuration.shutdownScript)
  if (parts.vrrp) yield* scriptsOfVrrp(configuration)
  if (parts.balancer) yield* scriptsOfBalancer(configuration.balancer)
}

const scriptsOfVrrp = function* ({ notifications, tracking }: Configuration): Generator<Owned> {
  yield* readers(notifications.fifos)
  for (const { name, script } of tracking.scripts) yield* owned(`vrrp_script ${name}`, script)
  for (const { any, name, scripts: told, type } of notifications.objects) {
    const object = `${blocks[type]} ${name}`
    for (const [notice, keyword] of keywords) yield* owned(`${object}: ${keyword}`, told[notice])
    yield* owned(`${object}: notify`, any)
  }
}

const scriptsOfBalancer = function* ({ fifos, virtualServers }: Parameters): Generator<Owned> {
  yield* readers(fifos)
  for (const server of virtualServers) {
    yield* owned(`${server.name}: quorum_up`, server.quorumUp)
    yield* owned(`${server.name}: quorum_down`, server.quorumDown)
    for (const real of server.realServers) {
      yield* owned(`${server.name}: ${real.key}: notify_up`, real.notifyUp)
      yield* owned(`${server.name}: ${real.key}: notify_down`, real.notifyDown)
      for (const { probe } of real.checks)
        if (probe._tag === "Script") yield* owned(`${server.name}: ${real.key}: MISC_CHECK`, probe.script)
    }
  }
}

const readers = function* (fifos: ReadonlyArray<NotifyFifo>): Generator<Owned> {
  for (const { path, script } of fifos) yield* owned(`pipe ${path}`, script)
}

const owned = function* (owner: string, script: Script | undefined): Generator<Owned> {
  if (script !== undefined) yield { owner, script }
}

const blocks: Record<ObjectNotification["type"], string> = {
  INSTANCE: "vrrp_instance",
  GROUP: "vrrp_sync_group"
}

/** What is told to no script of its own has no keyword. */
const keywords: ReadonlyArray<readonly [Notice, string]> = [
  ["MASTER", "notify_master"],
  ["BACKUP", "notify_backup"],
  ["FAULT", "notify_fault"],
  ["STOP", "notify_stop"],
  ["DELETED", "notify_deleted"],
  ["MASTER_RX_LOWER_PRI", "notify_master_rx_lower_pri"]
]
