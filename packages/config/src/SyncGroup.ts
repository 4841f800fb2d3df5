/**
 * The section `vrrp_sync_group`: instances that are Master together or not at all.
 *
 * **Details** an older form names the members in the section itself and not in `group { … }`; it is read with a warning.
 *
 * @since 0.1.0
 */
import type { Report } from "./Diagnostic.ts"
import * as Keywords from "./Keywords.ts"
import type { Word } from "./Lexer.ts"
import * as NamedSection from "./NamedSection.ts"
import * as Notifications from "./Notifications.ts"
import * as Section from "./Section.ts"
import type { Statement } from "./SyntaxTree.ts"
import * as TrackerLine from "./TrackerLine.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface SyncGroup extends NamedSection.NamedSection<typeof readers> {
  readonly members: ReadonlyArray<Word>
}

/**
 * Reads a group; nothing when it lacks its name or its block.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = (statement: Statement, report: Report): SyncGroup | undefined => {
  const lines = statement.block?.statements ?? []
  const older = lines.filter(isOlderMember)
  if (older[0] !== undefined) {
    const remedy = "put the members into group { … }"
    report.warning(older[0].keyword.span, "members in the section itself are of the older form", remedy)
  }
  const block = statement.block && {
    ...statement.block,
    statements: lines.filter((line) => !isOlderMember(line))
  }
  const section = NamedSection.read(
    "vrrp_sync_group",
    readers,
    block === undefined ? statement : { ...statement, block },
    report
  )
  if (section === undefined) return undefined
  const members = [...(section.settings.values.group?.value ?? []), ...older.map(({ keyword }) => keyword)]
  return { ...section, members }
}

/** A word that is no keyword and stands alone in its line. */
const isOlderMember = ({ arguments: words, block, keyword }: Statement): boolean =>
  words.length === 0 && block === undefined && Keywords.stateOf("vrrp_sync_group", keyword.text) === undefined

const member = (line: Statement, report: Report): Word => {
  Section.warnSuperfluous(line, line.arguments, report)
  return line.keyword
}

const globalTracking: Section.Reader<boolean> = {
  repeat: "last",
  read: (statement, report) => {
    const remedy =
      "write track_interface, track_script and their like in the group, or sync_group_tracking_weight"
    report.warning(statement.keyword.span, "global_tracking is out of use", remedy)
    return Section.flag.read(statement, report)
  }
}

const readers = {
  ...TrackerLine.readers,
  notify: Notifications.readers.notify,
  notify_master: Notifications.readers.notify_master,
  notify_backup: Notifications.readers.notify_backup,
  notify_fault: Notifications.readers.notify_fault,
  notify_stop: Notifications.readers.notify_stop,
  notify_priority_changes: Notifications.readers.notify_priority_changes,
  smtp_alert: Notifications.readers.smtp_alert,
  group: Section.items(member),
  global_tracking: globalTracking,
  sync_group_tracking_weight: Section.flag
} satisfies Section.Readers<"vrrp_sync_group">
