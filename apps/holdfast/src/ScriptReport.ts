/**
 * Which scripts of a configuration cannot run, and why: said before anything is started.
 *
 * @since 0.1.0
 */
import type { Parameters } from "@holdfast/balancer/Parameters"
import * as Accounts from "@holdfast/linux/script/Accounts"
import * as ScriptPolicy from "@holdfast/linux/script/ScriptPolicy"
import type { Script } from "@holdfast/wire/Script"
import * as Result from "effect/Result"

/**
 * Returns one line for each script that the rules refuse: what it is for, its program, the reason and the remedy. A check of
 * it fails, and its server is out; a notification of it is lost.
 *
 * @category queries
 * @since 0.1.0
 */
export const refusals = (parameters: Parameters): ReadonlyArray<string> => {
  // The daemon is root, whoever checks the file.
  const accounts = { ...Accounts.read(), self: { uid: 0, gid: 0 } }
  const known = new Map<string, string | undefined>()
  const verdict = (script: Script): string | undefined => {
    const key = JSON.stringify(script)
    if (!known.has(key)) {
      const checked = ScriptPolicy.check(script, parameters.scripts, accounts)
      known.set(key, Result.isFailure(checked) ? checked.failure.message : undefined)
    }
    return known.get(key)
  }
  return [...scripts(parameters)].flatMap(({ owner, script }) => {
    const reason = verdict(script)
    return reason === undefined ? [] : [`${owner}: ${reason}`]
  })
}

interface Owned {
  readonly owner: string
  readonly script: Script
}

const scripts = function* (parameters: Parameters): Generator<Owned> {
  for (const { path, script } of parameters.fifos) yield* owned(`pipe ${path}`, script)
  for (const server of parameters.virtualServers) {
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

const owned = function* (owner: string, script: Script | undefined): Generator<Owned> {
  if (script !== undefined) yield { owner, script }
}
