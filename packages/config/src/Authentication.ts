/**
 * The sections `authentication` and `auth_hmac` of an instance: how adverts prove where they come from.
 *
 * @since 0.1.0
 */
import type { HmacKey, Authentication, Version } from "@holdfast/vrrp/Parameters"
import * as Instant from "@holdfast/wire/Instant"
import * as Diagnostic from "./Diagnostic.ts"
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import * as Secret from "./Secret.ts"
import * as Section from "./Section.ts"
import type { Span } from "./Span.ts"
import * as Value from "./Value.ts"

const keyId = Value.integer({ minimum: 1, maximum: 255 })

/**
 * A key, and where its secret stands.
 *
 * @category models
 * @since 0.1.0
 */
export interface Key extends HmacKey {
  readonly span: Span
}

/** `key ID SECRET`. */
const key: Section.Reader<ReadonlyArray<Key>> = Section.each((statement, all) => {
  const [id, secret, ...rest] = statement.arguments
  const report = Diagnostic.about(all, statement.keyword.text)
  Section.warnSuperfluous(statement, rest, all)
  if (id === undefined || secret === undefined) {
    all.error(statement.keyword.span, "key needs a number and a secret", "such as key 1 hex:…")
    return undefined
  }
  const number = keyId(id, report)
  const value = Secret.hmac(secret, report)
  if (number === undefined || value === undefined) return undefined
  return { id: number, secret: value, span: secret.span }
})

const legacyReaders = {
  auth_type: Section.argument(Value.oneOf("PASS", "AH")),
  auth_pass: Section.argument(Secret.password)
} satisfies Section.Readers<"authentication">

const hmacReaders = {
  key,
  active_key: Section.argument(keyId),
  anti_replay: Section.argument(Value.oneOf("time", "monotonic")),
  time_window: Section.argument(Value.seconds({ minimum: 1, maximum: 300 })),
  mode: Section.argument(Value.oneOf("enforce", "permissive", "receive-only"))
} satisfies Section.Readers<"auth_hmac">

/**
 * One of the sections, and what it says.
 *
 * @category models
 * @since 0.1.0
 */
export interface Block<R> {
  readonly keyword: Word
  readonly settings: Section.Settings<R>
}

const block = <S extends "authentication" | "auth_hmac", R extends Section.Readers<S>>(
  section: S,
  readers: R
): Section.Reader<Block<R>> => ({
  repeat: "last",
  read: (statement, report) => {
    Section.warnSuperfluous(statement, statement.arguments, report)
    const opened = Section.blockOf(statement, report)
    if (opened === undefined) return undefined
    return {
      keyword: statement.keyword,
      settings: Section.read(section, readers, opened.statements, report)
    }
  }
})

/**
 * The readers of both sections.
 *
 * @category readers
 * @since 0.1.0
 */
export const readers = {
  authentication: block("authentication", legacyReaders),
  auth_hmac: block("auth_hmac", hmacReaders)
}

type Values = Section.Settings<typeof readers>["values"]

/**
 * Returns how the adverts of an instance prove where they come from; nothing when they do not.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile = (
  values: Values,
  { advertInterval, version }: { readonly advertInterval: Instant.Micros; readonly version: Version },
  report: Report
): Authentication | undefined => {
  const legacy = values.authentication?.value
  const hmac = values.auth_hmac?.value
  if (legacy !== undefined && hmac !== undefined)
    report.warning(legacy.keyword.span, "authentication has no effect beside auth_hmac", "remove it")
  if (hmac !== undefined) return compileHmac(hmac, advertInterval, report)
  if (legacy === undefined) return undefined
  const compiled = compileLegacy(legacy, report)
  if (version === 2) return compiled
  const message = "VRRP version 3 has no authentication: this block has no effect"
  report.warning(legacy.keyword.span, message, "remove it, or write auth_hmac")
  return undefined
}

/**
 * Returns the files that hold secrets, and where they are named.
 *
 * @category queries
 * @since 0.1.0
 */
export const filesOf = (values: Values): ReadonlyArray<{ readonly path: string; readonly span: Span }> =>
  (values.auth_hmac?.value.settings.values.key?.value ?? []).flatMap(({ secret, span }) => {
    const path = Secret.fileOf(secret)
    return path === undefined ? [] : [{ path, span }]
  })

const compileLegacy = (
  { keyword, settings }: Block<typeof legacyReaders>,
  report: Report
): Authentication | undefined => {
  for (const name of ["auth_type", "auth_pass"] as const) {
    if (settings.mentioned.has(name)) continue
    const remedy = `add ${name}, or remove the block; keepalived would go on without authentication`
    report.error(keyword.span, `authentication has no ${name}`, remedy)
  }
  const { auth_pass: password, auth_type: type } = settings.values
  if (type?.value === "PASS") {
    const message = "auth_type PASS sends the password in clear text: it protects from nobody who can listen"
    report.warning(type.span, message, "auth_hmac does, where all routers understand it")
  }
  if (password === undefined || type === undefined) return undefined
  return type.value === "PASS"
    ? { _tag: "Password", password: password.value }
    : { _tag: "Header", key: password.value }
}

const compileHmac = (
  { keyword, settings }: Block<typeof hmacReaders>,
  advertInterval: Instant.Micros,
  report: Report
): Authentication | undefined => {
  const { active_key: active, anti_replay: antiReplay, mode, time_window: window } = settings.values
  const keys = withoutDoubles(settings.values.key?.value ?? [], report)
  if (!settings.mentioned.has("key"))
    report.error(keyword.span, "auth_hmac has no key", "add key NUMBER SECRET, the same on all routers")
  const signs = mode?.value !== "receive-only"
  if (signs && !settings.mentioned.has("active_key"))
    report.error(keyword.span, "auth_hmac has no active_key", "add active_key NUMBER: the key to sign with")
  const [first, ...rest] = keys
  if (first === undefined) return undefined
  if (active !== undefined && !keys.some(({ id }) => id === active.value))
    report.error(active.span, `there is no key ${active.value}`, "name one of the keys of this block")
  if (antiReplay?.value === "monotonic" && window !== undefined)
    report.warning(window.span, "time_window has no effect with anti_replay monotonic", "remove it")
  return {
    _tag: "Hmac",
    keys: [first, ...rest],
    activeKeyId: active?.value ?? first.id,
    window: window?.value ?? windowOf(advertInterval),
    antiReplay: antiReplay?.value === "monotonic" ? "Monotonic" : "Clock",
    mode: modes[mode?.value ?? "enforce"]
  }
}

const withoutDoubles = (keys: ReadonlyArray<Key>, report: Report): ReadonlyArray<HmacKey> => {
  const seen = new Set<number>()
  return keys.flatMap(({ id, secret, span }) => {
    if (seen.has(id)) report.error(span, `there are two keys ${id}`, "give each key its own number")
    if (seen.has(id)) return []
    seen.add(id)
    return [{ id, secret }]
  })
}

/** keepalived's default: three intervals, at least 5 s and at most 300 s. */
const windowOf = (advertInterval: Instant.Micros): Instant.Micros =>
  Math.min(Math.max(3 * advertInterval, Instant.seconds(5)), Instant.seconds(300)) as Instant.Micros

const modes = { enforce: "Enforce", permissive: "Permissive", "receive-only": "ReceiveOnly" } as const
