/** Patterns for PCRE2 match the same in JavaScript, or are refused. */
import * as Diagnostic from "@holdfast/config/Diagnostic"
import type { Word } from "@holdfast/config/Lexer"
import * as Pattern from "@holdfast/config/Pattern"
import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"

const word = (text: string): Word => ({
  _tag: "Word",
  text,
  quoted: true,
  span: { file: "t", line: 1, column: 1, offset: 0, length: text.length }
})

const compile = (pattern: string, options = "") => {
  const report = Diagnostic.makeReport()
  const words = options === "" ? [] : options.split(" ").map(word)
  return { compiled: Pattern.compile(word(pattern), words, report), diagnostics: report.diagnostics() }
}

const matches = (pattern: string, text: string, options = ""): boolean => {
  const { compiled, diagnostics } = compile(pattern, options)
  assert.deepStrictEqual(diagnostics, [])
  return RegExp(compiled!.source, compiled!.flags).test(text)
}

describe("Pattern", () => {
  it.each<[pattern: string, options: string, found: ReadonlyArray<string>, missed: ReadonlyArray<string>]>([
    ["^ok$", "", ["ok", "ok\n"], ["ok\n\n", "x\nok", "ok\r\n", "OK"]],
    ["^ok$", "dollar_endonly", ["ok"], ["ok\n"]],
    ["^ok$", "multiline", ["ok", "x\nok\ny", "ok\n"], ["x\rok", "ok\r\n"]],
    ["^$", "multiline", ["", "a\n\nb"], ["a\n"]],
    ["a.b", "", ["a b", "a\rb", "a\u2028b"], ["a\nb"]],
    ["a.b", "dotall", ["a\nb"], ["ab"]],
    ["OK", "caseless", ["ok", "Ok"], ["0k"]],
    ["(?i)ok", "", ["OK"], []],
    ["(?si)a.b", "", ["A\nB"], []],
    ["a(?i:b)c", "", ["aBc"], ["ABC"]],
    ["a b # note\n c", "extended", ["abc"], ["a b"]],
    ["^a+$", "ungreedy", ["aa"], []],
    ["\\Aok\\z", "", ["ok"], ["ok\n"]],
    ["ok\\Z", "", ["ok\n"], ["ok\n\n"]],
    ["a\\sb", "", ["a b", "a\u000bb"], ["a\u00a0b", "a\u2003b"]],
    ["a[\\s,]b", "", ["a b", "a,b"], ["a\u00a0b"]],
    ["a\\Sb", "", ["a\u00a0b", "axb"], ["a b"]],
    ["a\\hb", "", ["a\tb"], ["a\nb"]],
    ["\\Qa.b\\E.", "", ["a.bc"], ["axbc"]],
    ["[[:digit:][:upper:]_]+$", "", ["A1_"], ["a"]],
    ["[]a]", "", ["]", "a"], ["b"]],
    ["[^]a]", "", ["b"], ["]", "a"]],
    ["[a\\-z]", "", ["-"], ["b"]],
    ["[a-]", "", ["-"], ["b"]],
    ["x{,3}", "", ["x{,3}"], ["xxx"]],
    ["x{2}", "", ["xx"], ["x"]],
    ['"status": *"up"', "", ['{"status":"up"}', '"status":  "up"'], ['"status":"down"']],
    ["{}", "", ["{}"], []],
    ["<b>\\/\\-\\:</b>", "", ["<b>/-:</b>"], []],
    ["(?P<x>a)(?P=x)\\k<x>", "", ["aaa"], ["aa"]],
    ["(a)\\1\\g{1}", "", ["aaa"], ["aa"]],
    ["a(?#note)b", "", ["ab"], []],
    ["(?<!a)b(?=c)", "", ["xbc"], ["abc", "xb"]],
    ["\\x41\\x{42}\\103", "no_auto_possess", ["ABC"], []],
    ["\\bup\\b", "", ["is up."], ["upper"]],
    ["(a)|b", "no_auto_capture", ["b"], []],
    ["\u00e9", "utf", ["\u00e9"], ["e"]]
  ])("%j with %j", (pattern, options, found, missed) => {
    // \103 is a reference in JavaScript and an octal escape in PCRE2 only when no such group exists: it is refused.
    if (pattern.includes("\\103")) return assert.isUndefined(compile(pattern, options).compiled)
    for (const text of found) assert.isTrue(matches(pattern, text, options), JSON.stringify(text))
    for (const text of missed) assert.isFalse(matches(pattern, text, options), JSON.stringify(text))
  })

  it.each([
    "a++",
    "(?>a)",
    "(?R)",
    "(?1)",
    "(?(1)a)",
    "(*UTF)a",
    "\\R",
    "\\X",
    "\\K",
    "\\Ga",
    "\\p{Lu}",
    "a(?i)b",
    "(",
    "a)",
    "[a",
    "[[:foo:]]",
    "[[.a.]]",
    "*",
    "\\",
    "(?<x>a)\\k<y>"
  ])("%s is refused", (pattern) => {
    const { compiled, diagnostics } = compile(pattern)

    assert.isUndefined(compiled)
    assert.deepStrictEqual(
      diagnostics.map(({ severity }) => severity),
      ["error"]
    )
  })

  it("an option that changes the meaning is refused, a misspelt one is unknown", () => {
    assert.match(compile("a", "firstline").diagnostics[0]!.message, /firstline is not supported/)
    assert.match(compile("a", "caselss").diagnostics[0]!.message, /caselss is no option/)
    assert.deepStrictEqual(compile("a", "auto_callout").diagnostics, [])
  })

  it.prop(
    "any pattern gives an expression or a mistake",
    {
      pieces: Schema.Array(
        Schema.Literals(["\\[](){}?*+^$|-:=!<>PQEabsSdk019,.#\n ".split(""), "(?i", "[:alpha:]"].flat())
      )
    },
    ({ pieces }) => {
      const { compiled, diagnostics } = compile(pieces.join(""))

      assert.strictEqual(compiled === undefined, diagnostics.length > 0)
      if (compiled !== undefined) RegExp(compiled.source, compiled.flags)
    },
    { arbitrary: { runs: 2000 } }
  )
})
