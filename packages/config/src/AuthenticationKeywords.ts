/**
 * The keywords of `authentication` and `auth_hmac`.
 *
 * @since 0.1.0
 */
import * as KeywordTable from "./KeywordTable.ts"

/**
 * The keywords of `authentication`.
 *
 * @category keywords
 * @since 0.1.0
 */
export const authentication = KeywordTable.make({ supported: ["auth_type", "auth_pass"] })

/**
 * The keywords of `auth_hmac`.
 *
 * @category keywords
 * @since 0.1.0
 */
export const authHmac = KeywordTable.make({
  supported: ["key", "active_key", "anti_replay", "time_window", "mode"]
})
