/**
 * TLS of checks: the files that a check names, read and parsed once, as options of a connection.
 *
 * **Details**
 * - Without `verify` any server is talked to, however old: TLS 1.0, weak keys and old renegotiation pass as far as the
 *   OpenSSL within node can do them, because such a check asks whether a server answers, not whether it is to be trusted.
 * - With `verify` the authority and the name are checked. The name is the one that is sent, else the virtual host, else
 *   the address.
 * - Files are looked at before every check and read again when they changed: a certificate may be renewed at any time.
 * - Sessions are not resumed: a resumed one would not show the certificate again.
 *
 * @since 0.1.0
 */
import type { Tls } from "@holdfast/balancer/Probe"
import * as Errno from "@holdfast/raw-socket/Errno"
import * as Result from "effect/Result"
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as net from "node:net"
import * as tls from "node:tls"

/**
 * Parsed files, by the checks that name them.
 *
 * @category models
 * @since 0.1.0
 */
export interface TlsClient {
  /** Returns the options for connections to a server that is expected to be called `name`, or why there are none. */
  readonly options: (tls: Tls, name: string) => Result.Result<tls.ConnectionOptions, string>
}

/**
 * Begins with nothing parsed.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): TlsClient => {
  const parsed = new Map<string, Parsed>()
  const contextOf = (tlsOfCheck: Tls): tls.SecureContext => {
    const { verify, authority, certificate, key, password } = tlsOfCheck
    const name = JSON.stringify([verify, authority, certificate, key, password])
    const version = [authority, certificate, key].map(versionOf).join(" ")
    const known = parsed.get(name)
    if (known?.version === version) return known.context
    const context = tls.createSecureContext(contextOptions(tlsOfCheck))
    parsed.delete(name)
    parsed.set(name, { version, context })
    if (parsed.size > parsedMax) parsed.delete(parsed.keys().next().value!)
    return context
  }
  return {
    options: (tlsOfCheck, name) =>
      Result.try({
        try: () => connectionOptions(tlsOfCheck, name, contextOf(tlsOfCheck)),
        catch: (error) => `TLS: ${describe(error)}`
      })
  }
}

interface Parsed {
  readonly version: string
  readonly context: tls.SecureContext
}

const connectionOptions = (
  { serverName, verify }: Tls,
  name: string,
  secureContext: tls.SecureContext
): tls.ConnectionOptions => ({
  secureContext,
  rejectUnauthorized: verify,
  // RFC 6066 3: addresses are not sent.
  ...(serverName !== undefined && net.isIP(serverName) === 0 && { servername: serverName }),
  checkServerIdentity: (_, certificate) =>
    verify ? tls.checkServerIdentity(serverName ?? name, certificate) : undefined
})

const contextOptions = ({
  verify,
  authority,
  certificate,
  key,
  password
}: Tls): tls.SecureContextOptions => ({
  ...(verify && {
    ca: authority === undefined ? tls.getCACertificates("system") : fs.readFileSync(authority)
  }),
  ...(certificate !== undefined && { cert: fs.readFileSync(certificate) }),
  ...(key !== undefined && { key: fs.readFileSync(key) }),
  ...(password !== undefined && { passphrase: password }),
  ...(!verify && permissive)
})

/** A file as it is now. Missing ones throw. */
const versionOf = (path: string | undefined): string => {
  if (path === undefined) return ""
  const { ino, size, mtimeMs } = fs.statSync(path)
  return `${ino}/${size}/${mtimeMs}`
}

const describe = (error: unknown): string => {
  const { path, errno, reason, message } = error as NodeJS.ErrnoException & { readonly reason?: string }
  if (path !== undefined && errno !== undefined) return `${path}: ${Errno.describe(-errno)}`
  return reason ?? message
}

const permissive: tls.SecureContextOptions = {
  minVersion: "TLSv1",
  ciphers: "DEFAULT:@SECLEVEL=0",
  secureOptions: crypto.constants.SSL_OP_LEGACY_SERVER_CONNECT
}

/** More than a file names; the oldest goes when reloads have brought others. */
const parsedMax = 256
