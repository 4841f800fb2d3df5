/**
 * Secrets in files of their own (`key NUMBER file:PATH` of `auth_hmac`), put where they belong.
 *
 * **When to use** whoever can read files reads those that `Configuration.secretFiles` names, and hands over what they hold
 * before the configuration is run: until then such a key is no key.
 *
 * @since 0.1.0
 */
import type { HmacKey, Parameters } from "@holdfast/vrrp/Parameters"
import * as Option from "effect/Option"
import type { Configuration } from "./Configuration.ts"
import * as Diagnostic from "./Diagnostic.ts"
import type { Report } from "./Diagnostic.ts"
import * as Secret from "./Secret.ts"
import type { Span } from "./Span.ts"

/**
 * A file, and the place that names it.
 *
 * @category models
 * @since 0.1.0
 */
export interface SecretFile {
  readonly path: string
  readonly span: Span
}

/**
 * Returns the configuration with its secrets, or why there is none. `contentOf` gives what a file holds, and nothing for
 * one that cannot be read.
 *
 * @category conversions
 * @since 0.1.0
 */
export const resolve = (
  configuration: Configuration,
  contentOf: (path: string) => string | undefined
): {
  readonly diagnostics: ReadonlyArray<Diagnostic.Diagnostic>
  readonly configuration: Option.Option<Configuration>
} => {
  const { secretFiles } = configuration
  if (secretFiles.length === 0) return { diagnostics: [], configuration: Option.some(configuration) }
  const report = Diagnostic.makeReport()
  const secrets = new Map(secretFiles.map((file) => [file.path, secretOf(file, contentOf, report)]))
  const diagnostics = report.diagnostics()
  if (Diagnostic.hasError(diagnostics)) return { diagnostics, configuration: Option.none() }
  const routers = configuration.routers.map((router) => withSecrets(router, secrets))
  return { diagnostics, configuration: Option.some({ ...configuration, routers, secretFiles: [] }) }
}

const secretOf = (
  { path, span }: SecretFile,
  contentOf: (path: string) => string | undefined,
  report: Report
): string | undefined => {
  const content = contentOf(path)
  if (content !== undefined) return Secret.hmacFromFile(content, span, report)
  report.error(span, `the file ${path} cannot be read`, "correct the path, or let the daemon read it")
  return undefined
}

const withSecrets = (router: Parameters, secrets: ReadonlyMap<string, string | undefined>): Parameters => {
  const { authentication } = router
  if (authentication?._tag !== "Hmac") return router
  const filled = (key: HmacKey): HmacKey => {
    const path = Secret.fileOf(key.secret)
    return path === undefined ? key : { ...key, secret: secrets.get(path) ?? key.secret }
  }
  const [first, ...rest] = authentication.keys
  return { ...router, authentication: { ...authentication, keys: [filled(first), ...rest.map(filled)] } }
}
