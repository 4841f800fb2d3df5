import * as Diagnostic from "@holdfast/config/Diagnostic"
import * as Lexer from "@holdfast/config/Lexer"
import { assert, describe, it } from "@effect/vitest"

const tokenize = (text: string) => {
  const report = Diagnostic.makeReport()
  const tokens = Lexer.tokenize({ file: "t", text }, report)
  return { tokens, diagnostics: report.diagnostics().map(Diagnostic.format) }
}

/** Words as they are, quoted ones in quotes; `;` for a line end. */
const shown = (text: string): string =>
  tokenize(text)
    .tokens.map((token) => {
      switch (token._tag) {
        case "Word":
          return token.quoted ? `"${token.text}"` : token.text
        case "Open":
          return "{"
        case "Close":
          return "}"
        case "LineEnd":
          return ";"
      }
    })
    .join(" ")

describe("Lexer", () => {
  it.each([
    ["blanks separate words", "a \t b\fc\n d", "a b c ; d"],
    ["a carriage return is a blank", "a b\r\nc\r\n", "a b ; c ;"],
    ["a byte order mark is a blank", "\uFEFFa", "a"],
    ["# and ! start a comment, also inside a word", 'a # b { " \nc!d\n# e', "a ; c ;"],
    ["a backslash keeps # and ! from starting a comment", "a\\#b \\!c", "a#b !c"],
    ["any other backslash stays", "a\\b c\\\\d e\\", "a\\b c\\\\d e\\"],
    ["an escaped backslash escapes nothing more", "a\\\\#b", "a\\\\"],
    ["quotes make one word and hide blanks, braces and comments", '"a {b} # c!" d', '"a {b} # c!" d'],
    ["a backslash in quotes stays, and keeps a quote from ending them", '"a\\"b\\\\" c', '"a\\"b\\\\" c'],
    ["a quote ends a word before it", 'foo"bar baz"qux', 'foo "bar baz" qux'],
    ["empty quotes are an empty word", 'a ""', 'a ""'],
    ["braces need no blanks", "a{b}c", "a { b } c"],
    ["a reference to a definition is part of its word", "a${X}b {$Y}", "a${X}b { $Y }"],
    ["an unfinished reference is not", "a${X {", "a$ { X {"]
  ])("%s", (_, text, expected) => {
    assert.strictEqual(shown(text), expected)
  })

  it("counts lines and columns from 1, offsets from 0", () => {
    const { tokens } = tokenize('a bc\r\n  "d e" {')

    assert.deepStrictEqual(
      tokens.flatMap((token) => {
        if (token._tag === "LineEnd") return []
        const { column, length, line, offset } = token.span
        return [[token._tag, line, column, offset, length]]
      }),
      [
        ["Word", 1, 1, 0, 1],
        ["Word", 1, 3, 2, 2],
        ["Word", 2, 3, 8, 5],
        ["Open", 2, 9, 14, 1]
      ]
    )
  })

  it("reads a line of any length", () => {
    const word = "x".repeat(100_000)

    assert.strictEqual(shown(`a ${word} b\nc`), `a ${word} b ; c`)
  })

  it("reports a quoted string that its line does not close, and reads on", () => {
    const text = 'a "b c\r\nd "e'

    assert.strictEqual(shown(text), 'a "b c" ; d "e"')
    assert.deepStrictEqual(tokenize(text).diagnostics, [
      't:1:3: error: the quoted string is not closed (put a " where it ends, on the same line)',
      't:2:3: error: the quoted string is not closed (put a " where it ends, on the same line)'
    ])
  })

  it("reports a NUL byte, and reads on", () => {
    assert.strictEqual(shown("a\0b"), "a b")
    assert.deepStrictEqual(tokenize("a\0b").diagnostics, [
      "t:1:2: error: the file holds a NUL byte (it is not a text file, or it is damaged)"
    ])
  })
})
