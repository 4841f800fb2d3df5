/** `authentication` and `auth_hmac`: keys, their defaults, and what is refused. */
import * as SecretFiles from "@holdfast/config/SecretFiles"
import { Parameters } from "@holdfast/vrrp/Parameters"
import * as Diagnostic from "@holdfast/config/Diagnostic"
import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { addresses, configurationOf, diagnosticsOf, instanceOf, routerOf } from "./Instance.ts"

const ipv4 = addresses("10.0.0.1")

const file = (block: string, lines = "") => instanceOf(`${block}\n${lines}\n${ipv4}`)

const legacy = (...lines: ReadonlyArray<string>) => `authentication {\n${lines.join("\n")}\n}`

const hmac = (...lines: ReadonlyArray<string>) => `auth_hmac {\n${lines.join("\n")}\n}`

const authenticationOf = (text: string) => routerOf(text).authentication

const secret = "0f".repeat(32)
const characters = "0123456789abcdefghijklmnopqrstuv"
const charactersAsDigits = Buffer.from(characters).toString("hex")

const usual = {
  _tag: "Hmac",
  keys: [{ id: 1, secret }],
  activeKeyId: 1,
  window: 5_000_000,
  antiReplay: "Clock",
  mode: "Enforce"
}

describe("authentication", () => {
  it("PASS is a password, AH a key", () => {
    assert.deepStrictEqual<unknown>(authenticationOf(file(legacy("auth_type PASS", "auth_pass 1234"))), {
      _tag: "Password",
      password: "31323334"
    })
    assert.deepStrictEqual<unknown>(authenticationOf(file(legacy("auth_type AH", 'auth_pass "ä b"'))), {
      _tag: "Header",
      key: "c3a42062"
    })
  })

  it("eight bytes of the password count, with a warning", () => {
    const text = file(legacy("auth_type AH", "auth_pass 123456789"))

    assert.deepStrictEqual<unknown>(authenticationOf(text), { _tag: "Header", key: "3132333435363738" })
    assert.deepStrictEqual(diagnosticsOf(text), [
      "t:6:11: warning: auth_pass: only the first 8 bytes of the password count (shorten it on all routers)"
    ])
  })

  it("PASS protects from nobody, with a warning", () => {
    assert.deepStrictEqual(diagnosticsOf(file(legacy("auth_type PASS", "auth_pass 1234"))), [
      "t:5:11: warning: auth_type PASS sends the password in clear text: it protects from nobody who can listen (auth_hmac does, where all routers understand it)"
    ])
  })

  it("has no effect with version 3, as in keepalived", () => {
    const text = file(legacy("auth_type AH", "auth_pass 1234"), "version 3")

    assert.isUndefined(authenticationOf(text))
    assert.deepStrictEqual(diagnosticsOf(text), [
      "t:4:1: warning: VRRP version 3 has no authentication: this block has no effect (remove it, or write auth_hmac)"
    ])
  })

  it.each([
    [
      legacy("auth_type AH"),
      "t:4:1: error: authentication has no auth_pass (add auth_pass, or remove the block; keepalived would go on without authentication)"
    ],
    [
      legacy("auth_pass x"),
      "t:4:1: error: authentication has no auth_type (add auth_type, or remove the block; keepalived would go on without authentication)"
    ],
    [
      legacy("auth_type MD5", "auth_pass x"),
      "t:5:11: error: auth_type: MD5 is not known here (write one of PASS, AH)"
    ],
    [
      legacy("auth_type AH", 'auth_pass ""'),
      "t:6:11: error: auth_pass: the password is empty (give 1 to 8 characters)"
    ]
  ])("%j is refused", (block, message) => {
    assert.deepStrictEqual(diagnosticsOf(file(block)), [message])
  })
})

describe("auth_hmac", () => {
  it.each<[string, string, string, object]>([
    ["hexadecimal", hmac(`key 1 hex:${secret.toUpperCase()}`, "active_key 1"), "", {}],
    [
      "characters",
      hmac(`key 1 ${characters}`, "active_key 1"),
      "",
      { keys: [{ id: 1, secret: charactersAsDigits }] }
    ],
    [
      "several keys",
      hmac(`key 1 hex:${secret}`, `key 9 ${characters}`, "active_key 9"),
      "",
      { keys: [usual.keys[0], { id: 9, secret: charactersAsDigits }], activeKeyId: 9 }
    ],
    [
      "monotonic",
      hmac(`key 1 hex:${secret}`, "active_key 1", "anti_replay monotonic"),
      "",
      { antiReplay: "Monotonic" }
    ],
    ["time", hmac(`key 1 hex:${secret}`, "active_key 1", "anti_replay time"), "version 3", {}],
    [
      "permissive",
      hmac(`key 1 hex:${secret}`, "active_key 1", "mode permissive"),
      "",
      { mode: "Permissive" }
    ],
    [
      "receive-only needs no active key",
      hmac(`key 1 hex:${secret}`, "mode receive-only"),
      "",
      { mode: "ReceiveOnly" }
    ],
    ["a window", hmac(`key 1 hex:${secret}`, "active_key 1", "time_window 9"), "", { window: 9_000_000 }],
    ["three intervals", hmac(`key 1 hex:${secret}`, "active_key 1"), "advert_int 4", { window: 12_000_000 }],
    ["300 s at most", hmac(`key 1 hex:${secret}`, "active_key 1"), "advert_int 255", { window: 300_000_000 }],
    [
      "goes before authentication",
      `${hmac(`key 1 hex:${secret}`, "active_key 1")}\n${legacy("auth_type AH", "auth_pass x")}`,
      "",
      {}
    ]
  ])("%s", (_, block, lines, expected) => {
    const router = routerOf(file(block, lines))

    assert.deepStrictEqual<unknown>(router.authentication, { ...usual, ...expected })
    assert.isTrue(Schema.is(Parameters)(router))
  })

  it.each([
    [
      hmac("active_key 1"),
      ["t:4:1: error: auth_hmac has no key (add key NUMBER SECRET, the same on all routers)"]
    ],
    [
      hmac(`key 1 hex:${secret}`),
      ["t:4:1: error: auth_hmac has no active_key (add active_key NUMBER: the key to sign with)"]
    ],
    [
      hmac(`key 1 hex:${secret}`, "active_key 2"),
      ["t:6:12: error: there is no key 2 (name one of the keys of this block)"]
    ],
    [
      hmac(`key 1 hex:${secret}`, `key 1 ${characters}`, "active_key 1"),
      ["t:6:7: error: there are two keys 1 (give each key its own number)"]
    ],
    [
      hmac("key 1 hex:0f0", "active_key 1"),
      ["t:5:7: error: key: the secret is not hexadecimal (write two digits for each byte behind hex:)"]
    ],
    [
      hmac("key 1 short", "active_key 1"),
      ["t:5:7: error: key: the secret has 5 bytes (give 32 to 64: openssl rand -hex 32 makes some)"]
    ],
    [hmac("key 1", "active_key 1"), ["t:5:1: error: key needs a number and a secret (such as key 1 hex:…)"]],
    [
      hmac("key 1 file:", "active_key 1"),
      ["t:5:7: error: key: file: names no file (write its path behind it)"]
    ],
    [
      hmac(`key 1 hex:${secret}`, "active_key 1", "anti_replay monotonic", "time_window 9"),
      ["t:8:13: warning: time_window has no effect with anti_replay monotonic (remove it)"]
    ],
    [
      `${hmac(`key 1 hex:${secret}`, "active_key 1")}\n${legacy("auth_type AH", "auth_pass x")}`,
      ["t:8:1: warning: authentication has no effect beside auth_hmac (remove it)"]
    ]
  ])("%j", (block, expected) => {
    assert.deepStrictEqual(diagnosticsOf(file(block)), expected)
  })
})

describe("SecretFiles", () => {
  const text = file(hmac("key 1 file:/etc/key", `key 2 hex:${secret}`, "active_key 1"))

  it("a secret in a file is named, and put in when the file was read", () => {
    const configuration = configurationOf(text)
    const resolved = SecretFiles.resolve(configuration, (path) =>
      path === "/etc/key" ? `hex:${secret}\n` : undefined
    )
    const router = Option.getOrThrow(resolved.configuration).routers[0]!

    assert.deepStrictEqual(
      configuration.secretFiles.map(({ path }) => path),
      ["/etc/key"]
    )
    assert.deepStrictEqual<unknown>(router.authentication, {
      ...usual,
      keys: [
        { id: 1, secret },
        { id: 2, secret }
      ]
    })
    assert.isTrue(Schema.is(Parameters)(router))
    assert.isFalse(Schema.is(Parameters)(configuration.routers[0]))
  })

  it.each([
    [
      undefined,
      "t:5:7: error: the file /etc/key cannot be read (correct the path, or let the daemon read it)"
    ],
    ["short", "t:5:7: error: the secret has 5 bytes (give 32 to 64: openssl rand -hex 32 makes some)"]
  ])("%j is refused", (content, message) => {
    const resolved = SecretFiles.resolve(configurationOf(text), () => content)

    assert.isTrue(Option.isNone(resolved.configuration))
    assert.deepStrictEqual(resolved.diagnostics.map(Diagnostic.format), [message])
  })

  it("a configuration without such secrets stays as it is", () => {
    const configuration = configurationOf(file(""))

    assert.strictEqual(
      Option.getOrThrow(SecretFiles.resolve(configuration, () => undefined).configuration),
      configuration
    )
  })
})
