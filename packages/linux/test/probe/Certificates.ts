/** Certificates of an authority that the test makes, with Debian's `openssl`. */
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"

/** File names in PEM. */
export interface Certificates {
  readonly authority: string
  /** Made out to `web.example` and 127.0.0.1. */
  readonly server: Pair
  readonly expired: Pair
  /** Vouched for by nobody. */
  readonly selfSigned: Pair
  /** Its key has the password `secret`. */
  readonly client: Pair
  readonly directory: string
}

export interface Pair {
  readonly certificate: string
  readonly key: string
}

export const make = Effect.acquireRelease(
  Effect.sync((): Certificates => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), "holdfast-certificates-"))
    const file = (name: string) => path.join(directory, name)
    const openssl = (...words: ReadonlyArray<string>) =>
      execFileSync("openssl", words, { cwd: directory, stdio: "pipe" })
    const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    const names = ["-addext", "subjectAltName=DNS:web.example,IP:127.0.0.1"]
    const pair = (name: string): Pair => ({ certificate: file(`${name}.pem`), key: file(`${name}.key`) })
    const selfSign = (name: string) => {
      openssl(
        "req",
        "-x509",
        ...newKey,
        "-keyout",
        `${name}.key`,
        "-out",
        `${name}.pem`,
        "-subj",
        `/CN=${name}`,
        "-days",
        "2",
        ...names
      )
      return pair(name)
    }
    const sign = (name: string, days: number) => {
      openssl(
        "req",
        "-new",
        ...newKey,
        "-keyout",
        `${name}.key`,
        "-out",
        `${name}.csr`,
        "-subj",
        "/CN=web.example",
        ...names
      )
      openssl(
        "x509",
        "-req",
        "-in",
        `${name}.csr`,
        "-CA",
        "authority.pem",
        "-CAkey",
        "authority.key",
        "-CAcreateserial",
        "-copy_extensions",
        "copy",
        "-days",
        `${days}`,
        "-out",
        `${name}.pem`
      )
      return pair(name)
    }
    selfSign("authority")
    const client = sign("client", 2)
    openssl("ec", "-in", "client.key", "-aes128", "-passout", "pass:secret", "-out", "client.key")
    return {
      authority: file("authority.pem"),
      server: sign("server", 2),
      expired: sign("expired", -1),
      selfSigned: selfSign("alone"),
      client,
      directory
    }
  }),
  ({ directory }) => Effect.sync(() => fs.rmSync(directory, { recursive: true }))
)
