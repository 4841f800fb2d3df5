/**
 * Secrets as a file writes them: `hex:DIGITS`, `file:PATH`, or the characters themselves.
 *
 * **Details** a secret in a file of its own stays `file:PATH` here, because reading files is for others:
 * `SecretFiles.resolve` puts the secret in its place.
 *
 * @since 0.1.0
 */
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import type { Span } from "./Span.ts"
import type { Value } from "./Value.ts"

/**
 * Reads the secret of `auth_hmac` as hexadecimal digits, or as `file:PATH`.
 *
 * @category values
 * @since 0.1.0
 */
export const hmac: Value<string> = (word, report) => {
  if (!word.text.startsWith(filePrefix)) return hmacDigits(word.text, word.span, report)
  if (word.text.length > filePrefix.length) return word.text
  report.error(word.span, `${filePrefix} names no file`, "write its path behind it")
  return undefined
}

/**
 * Reads what a file of its own holds: the secret on one line.
 *
 * @category values
 * @since 0.1.0
 */
export const hmacFromFile = (content: string, span: Span, report: Report): string | undefined =>
  hmacDigits(content.replace(/\r?\n$/, ""), span, report)

const hmacDigits = (text: string, span: Span, report: Report): string | undefined => {
  const digits = text.startsWith(hexPrefix) ? text.slice(hexPrefix.length).toLowerCase() : digitsOf(text)
  if (!/^([0-9a-f]{2})*$/.test(digits)) {
    report.error(span, "the secret is not hexadecimal", "write two digits for each byte behind hex:")
    return undefined
  }
  const length = digits.length / 2
  if (length >= hmacLengthMin && length <= hmacLengthMax) return digits
  const remedy = `give ${hmacLengthMin} to ${hmacLengthMax}: openssl rand -hex ${hmacLengthMin} makes some`
  report.error(span, `the secret has ${length} bytes`, remedy)
  return undefined
}

/**
 * Reads a password of VRRP version 2 as hexadecimal digits: its first eight bytes.
 *
 * @category values
 * @since 0.1.0
 */
export const password: Value<string> = (word: Word, report: Report) => {
  const digits = digitsOf(word.text)
  if (digits.length === 0) report.error(word.span, "the password is empty", "give 1 to 8 characters")
  if (digits.length > 2 * passwordLengthMax)
    report.warning(
      word.span,
      `only the first ${passwordLengthMax} bytes of the password count`,
      "shorten it on all routers"
    )
  return digits.length === 0 ? undefined : digits.slice(0, 2 * passwordLengthMax)
}

/**
 * Returns the file that holds a secret; nothing for a secret.
 *
 * @category queries
 * @since 0.1.0
 */
export const fileOf = (secret: string): string | undefined =>
  secret.startsWith(filePrefix) ? secret.slice(filePrefix.length) : undefined

const digitsOf = (text: string): string =>
  Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, "0")).join("")

const hexPrefix = "hex:"
const filePrefix = "file:"
/** The bounds of keepalived's auth_hmac. */
const hmacLengthMin = 32
const hmacLengthMax = 64
/** RFC 2338 section 5.3.10. */
const passwordLengthMax = 8
