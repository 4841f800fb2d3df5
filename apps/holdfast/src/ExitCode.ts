/**
 * The exit codes of the command, the same for every way to start it.
 *
 * @see docs/reference/command.md
 * @since 0.1.0
 */

/** The command did what was asked. */
export const ok = 0

/** The configuration has mistakes; each was printed with its place. Nothing was started or changed. */
export const mistakes = 1

/** The command line was not understood. */
export const usage = 2

/** The configuration file is missing or cannot be read. */
export const unreadable = 3

/** A privilege is missing: CAP_NET_RAW or CAP_NET_ADMIN, or the right to write a pid file. */
export const permission = 4

/** Another process holds the pid file. */
export const running = 5

/** The daemon could not go on for a reason that it logged. */
export const failed = 70
