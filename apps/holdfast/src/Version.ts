/**
 * The version of the command.
 *
 * @since 0.1.0
 */

/** The version, as in every package.json of the workspace; a test compares them. */
export const version = "0.1.0"
