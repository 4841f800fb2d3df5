import * as Configuration from "@holdfast/config/Configuration"
import * as Diagnostic from "@holdfast/config/Diagnostic"
import * as Lexer from "@holdfast/config/Lexer"
import * as Parser from "@holdfast/config/Parser"
import * as Printer from "@holdfast/config/Printer"
import type { Statement } from "@holdfast/config/SyntaxTree"
import { assert, describe, it } from "@effect/vitest"
import { Parameters } from "@holdfast/vrrp/Parameters"
import * as Schema from "effect/Schema"

const parse = (text: string) => {
  const report = Diagnostic.makeReport()
  const statements = Parser.parse(Lexer.tokenize({ file: "t", text }, report), report)
  return { statements, diagnostics: report.diagnostics().map(Diagnostic.format) }
}

/** Statements without their places. */
const shape = (statements: ReadonlyArray<Statement>): unknown =>
  statements.map(({ arguments: rest, block, keyword }) => [
    ...[keyword, ...rest].map(({ quoted, text }) => (quoted ? { quoted: text } : text)),
    ...(block === undefined ? [] : [{ block: shape(block.statements) }])
  ])

const nested = (depth: number): string => "a { ".repeat(depth) + "}".repeat(depth)

describe("Parser", () => {
  it.each<[string, string, unknown]>([
    ["a statement is a line", "a b\nc", [["a", "b"], ["c"]]],
    [
      "a block may open on the line of its keyword",
      "a b {\nc d\n}\ne",
      [["a", "b", { block: [["c", "d"]] }], ["e"]]
    ],
    ["or on a later one", "a b\n\n# x\n{\nc\n}", [["a", "b", { block: [["c"]] }]]],
    [
      "what follows a brace is the next statement",
      "a { b c\n} d { e }",
      [
        ["a", { block: [["b", "c"]] }],
        ["d", { block: [["e"]] }]
      ]
    ],
    ["blocks nest", "a { b { c } d }", [["a", { block: [["b", { block: [["c"]] }], ["d"]] }]]],
    ["a block may be empty", "a {}", [["a", { block: [] }]]]
  ])("%s", (_, text, expected) => {
    const { diagnostics, statements } = parse(text)

    assert.deepStrictEqual(shape(statements), expected)
    assert.deepStrictEqual(diagnostics, [])
  })

  it("reports a } that closes nothing, and reads on", () => {
    const { diagnostics, statements } = parse("a {\n}\n}\nb")

    assert.deepStrictEqual(shape(statements), [["a", { block: [] }], ["b"]])
    assert.deepStrictEqual(diagnostics, ["t:3:1: error: this } closes nothing (remove it)"])
  })

  it("reports a { that belongs to no keyword, and skips its block", () => {
    const { diagnostics, statements } = parse("{ a { b } }\nc {\n{ d }\n}")

    assert.deepStrictEqual(shape(statements), [["c", { block: [] }]])
    assert.deepStrictEqual(diagnostics, [
      "t:1:1: error: this { belongs to no keyword (remove the block, or write its keyword before it)",
      "t:3:1: error: this { belongs to no keyword (remove the block, or write its keyword before it)"
    ])
  })

  it("reports each block that is never closed, where it opens", () => {
    const { diagnostics, statements } = parse("a {\n b {\n c")

    assert.deepStrictEqual(shape(statements), [["a", { block: [["b", { block: [["c"]] }]] }]])
    assert.deepStrictEqual(diagnostics, [
      "t:1:3: error: the block of a is never closed (put a } where it ends)",
      "t:2:4: error: the block of b is never closed (put a } where it ends)"
    ])
  })

  it("ends an open block where a new section begins", () => {
    const { diagnostics, statements } = parse(
      "vrrp_instance A {\n priority 1\nvrrp_instance B {\n priority 2\n}\n"
    )

    assert.deepStrictEqual(shape(statements), [
      ["vrrp_instance", "A", { block: [["priority", "1"]] }],
      ["vrrp_instance", "B", { block: [["priority", "2"]] }]
    ])
    assert.deepStrictEqual(diagnostics, [
      "t:1:17: error: the block of vrrp_instance is never closed (put a } where it ends)"
    ])
  })

  it("takes an item that is called like a section for an item", () => {
    assert.deepStrictEqual(shape(parse("track_script {\n instance\n}").statements), [
      ["track_script", { block: [["instance"]] }]
    ])
  })

  it("refuses blocks that nest deeper than 16", () => {
    assert.deepStrictEqual(parse(nested(16)).diagnostics, [])
    assert.deepStrictEqual(parse(nested(100_000)).diagnostics, [
      "t:1:67: error: blocks are nested deeper than 16 (no block of keepalived nests as deep; look for a missing })"
    ])
  })
})

/** Pieces that meet each rule of the grammar far more often than arbitrary text does. */
const Text = Schema.Array(
  Schema.Union([
    Schema.Literals([
      "a",
      "\\",
      "\\#",
      "\\!",
      "#",
      "!",
      '"',
      "\n",
      "\r\n",
      " ",
      "\t",
      "{",
      "}",
      "${X}",
      "$",
      "$X=1",
      "@id"
    ]),
    Schema.Literals([
      '"x y"',
      '"{\\""',
      "vrrp_instance",
      "virtual_ipaddress",
      "priority",
      "interface",
      "eth0",
      "1",
      "1.2.3.4/24"
    ]),
    Schema.Literals([
      "vrrp_instance V {\n",
      "virtual_server 1.2.3.4 80 {\n",
      "real_server",
      "unicast_peer",
      "brd",
      "+",
      "include",
      "\0"
    ]),
    Schema.String
  ])
)

describe("Printer", () => {
  it.prop(
    "what was printed reads as the same statements",
    { pieces: Text },
    ({ pieces }) => {
      const { diagnostics, statements } = parse(pieces.join(""))
      // The end of a string that is not closed is a guess; so the tree has no faithful text.
      if (diagnostics.some((line) => line.includes("not closed"))) return

      const again = parse(Printer.print(statements))

      assert.deepStrictEqual(shape(again.statements), shape(statements))
      assert.deepStrictEqual(again.diagnostics, [])
    },
    { arbitrary: { runs: 2000 } }
  )

  it("indents blocks and quotes what was quoted", () => {
    const { statements } = parse('a "b c" { d\\#\ne {}}')

    assert.strictEqual(Printer.print(statements), 'a "b c" {\n    d\\#\n    e {\n    }\n}\n')
  })
})

describe("Configuration", () => {
  it.prop(
    "any text gives a reading, and an error or a configuration whose routers their schema accepts",
    { pieces: Text },
    ({ pieces }) => {
      const { configuration, diagnostics } = Configuration.read({ file: "t", text: pieces.join("") })

      assert.strictEqual(configuration._tag === "None", Diagnostic.hasError(diagnostics))
      if (configuration._tag === "Some") {
        assert.isTrue(Schema.is(Schema.Array(Parameters))(configuration.value.routers))
      }
    },
    { arbitrary: { runs: 2000 } }
  )
})
