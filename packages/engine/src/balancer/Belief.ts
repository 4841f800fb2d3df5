/**
 * What a keeper of the forwarding table knows: what is wanted, what the kernel is believed to have, and what it said.
 *
 * Plain bookkeeping without effects, so that each rule of `TableKeeper` can be seen in one place.
 *
 * @since 0.1.0
 */
import * as ForwardingTable from "@holdfast/balancer/ForwardingTable"
import type { Service, ServiceAddress } from "@holdfast/balancer/Service"
import type { Refusal } from "../ForwardingPlane.ts"
import * as EditText from "./EditText.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Belief {
  /** The kernel's table when the plane was opened. */
  readonly find: (found: ForwardingTable.ForwardingTable) => void
  readonly want: (key: string, service: Service | undefined) => void
  /** Returns what was found and nobody wants; with `flush` it is taken over, to be removed, and nothing is returned. */
  readonly claim: (flush: boolean) => ReadonlyArray<string>
  /** The edits that lead from what is believed to what is wanted, for all services marked since the last call. */
  readonly takePending: () => Pending
  /** Learns what became of edits. `news` are refusals not told before; `mistaken` services are not as believed. */
  readonly carriedOut: (
    pending: Pending,
    refusals: ReadonlyArray<Refusal>
  ) => { readonly mistaken: ReadonlySet<string>; readonly news: ReadonlyArray<string> }
  /**
   * Learns what the kernel has of these services, marks what differs, and returns in words what was not told yet. Settings
   * that came back are marked by a `thorough` comparison only.
   */
  readonly compare: (
    actual: ForwardingTable.ForwardingTable,
    keys: ReadonlySet<string>,
    thorough: boolean
  ) => ReadonlyArray<string>
  /** What the kernel refused last, by service, in words. */
  readonly refusals: () => ReadonlyMap<string, string>
  /** Marks what the kernel refused to be tried again. */
  readonly retryRefused: () => void
  /** Services changed since the last call, to be read back. */
  readonly takeUnverified: () => ReadonlySet<string>
  readonly keys: () => ReadonlySet<string>
  readonly addressesOf: (keys: ReadonlySet<string>) => ReadonlyArray<ServiceAddress>
}

/**
 * Marked services, what they shall be, and the edits that lead there.
 *
 * @category models
 * @since 0.1.0
 */
export interface Pending {
  readonly keys: ReadonlySet<string>
  readonly target: ForwardingTable.ForwardingTable
  readonly edits: ReadonlyArray<ForwardingTable.Edit>
}

/**
 * Makes a belief that knows nothing.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): Belief => {
  const wanted = new Map<string, Service>()
  const believed = new Map<string, Service>()
  let unclaimed = new Map<string, Service>()
  let marked = new Set<string>()
  let unverified = new Set<string>()
  const refused = new Map<string, string>()
  /** The last difference or refusal that was told of a service, so that it is told once. */
  const told = new Map<string, string>()

  const believe = (key: string, service: Service | undefined): void => {
    if (service === undefined) believed.delete(key)
    else believed.set(key, service)
  }

  /** Returns the texts that were not told yet, and notes them as told. */
  const untold = (
    texts: ReadonlyMap<string, ReadonlyArray<string>>
  ): ReadonlyMap<string, ReadonlyArray<string>> => {
    const news = new Map<string, ReadonlyArray<string>>()
    for (const [key, lines] of texts) {
      const text = lines.join("; ")
      if (told.get(key) !== text) news.set(key, lines)
      told.set(key, text)
    }
    return news
  }

  return {
    find: (found) => {
      unclaimed = new Map()
      for (const [key, service] of found) {
        if (wanted.has(key) || believed.has(key)) believed.set(key, service)
        else unclaimed.set(key, service)
      }
      for (const key of believed.keys()) if (!found.has(key)) believed.delete(key)
      for (const key of wanted.keys()) marked.add(key)
    },
    want: (key, service) => {
      const found = unclaimed.get(key)
      if (found !== undefined) {
        believed.set(key, found)
        unclaimed.delete(key)
      }
      if (service === undefined) wanted.delete(key)
      else wanted.set(key, service)
      marked.add(key)
    },
    claim: (flush) => {
      const foreign = [...unclaimed.keys()]
      if (!flush) return foreign
      for (const [key, service] of unclaimed) believed.set(key, service)
      for (const key of foreign) marked.add(key)
      unclaimed = new Map()
      return []
    },
    takePending: () => {
      const keys = marked
      marked = new Set()
      const target = pick(wanted, keys)
      return { keys, target, edits: ForwardingTable.diff(pick(believed, keys), target) }
    },
    carriedOut: ({ edits, keys, target }, refusals) => {
      const failed = new Set(refusals.map(({ edit }) => edit))
      const spoilt = new Set(refusals.map(({ edit }) => edit.service.key))
      const done = edits.filter((edit) => spoilt.has(edit.service.key) && !failed.has(edit))
      const partly = ForwardingTable.apply(done, pick(believed, spoilt))
      for (const edit of edits) {
        const { key } = edit.service
        unverified.add(key)
        if (!spoilt.has(key)) refused.delete(key)
      }
      for (const key of keys) believe(key, (spoilt.has(key) ? partly : target).get(key))
      const firm = refusals.filter(({ mismatch }) => !mismatch)
      for (const { edit, message } of firm.toReversed())
        refused.set(edit.service.key, `${EditText.describe(edit)}: ${message}`)
      // One for each service: what follows from the first refusal says nothing new.
      const keysOfFirm = new Set(firm.map(({ edit }) => edit.service.key))
      const news = untold(new Map([...keysOfFirm].map((key) => [key, [refused.get(key) ?? ""]])))
      const mistaken = new Set(
        refusals
          .filter(({ edit, mismatch }) => mismatch && !refused.has(edit.service.key))
          .map(({ edit }) => edit.service.key)
      )
      return { mistaken, news: [...news.values()].flat() }
    },
    compare: (actual, keys, thorough) => {
      const differences = ForwardingTable.diff(pick(actual, keys), pick(believed, keys))
      const texts = textsBy(differences, (edit) => [edit.service.key, EditText.describe(edit)])
      for (const key of keys) if (!texts.has(key) && !refused.has(key)) told.delete(key)
      for (const edit of differences) if (!isChange(edit)) told.delete(edit.service.key)
      const news = untold(texts)
      for (const key of (thorough ? texts : news).keys()) {
        believe(key, actual.get(key))
        marked.add(key)
      }
      return [...news.values()].flat()
    },
    refusals: () => refused,
    retryRefused: () => {
      for (const key of refused.keys()) marked.add(key)
      refused.clear()
    },
    takeUnverified: () => {
      const keys = unverified
      unverified = new Set()
      return keys
    },
    keys: () => new Set([...wanted.keys(), ...believed.keys()]),
    addressesOf: (keys) => [...keys].flatMap((key) => (wanted.get(key) ?? believed.get(key))?.address ?? [])
  }
}

const pick = (
  table: ReadonlyMap<string, Service>,
  keys: ReadonlySet<string>
): ForwardingTable.ForwardingTable => {
  const picked = new Map<string, Service>()
  for (const key of keys) {
    const service = table.get(key)
    if (service !== undefined) picked.set(key, service)
  }
  return picked
}

/** Only settings can be the kernel's own opinion: what it acknowledged and then lacks, or has too much, somebody else did. */
const isChange = ({ _tag }: ForwardingTable.Edit): boolean =>
  _tag === "ChangeService" || _tag === "ChangeDestination"

const textsBy = <A>(
  items: ReadonlyArray<A>,
  render: (item: A) => readonly [key: string, text: string]
): ReadonlyMap<string, ReadonlyArray<string>> => {
  const texts = new Map<string, Array<string>>()
  for (const item of items) {
    const [key, text] = render(item)
    const list = texts.get(key)
    if (list === undefined) texts.set(key, [text])
    else list.push(text)
  }
  return texts
}
