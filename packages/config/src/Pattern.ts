/**
 * Regular expressions of `regex`: written for PCRE2, matched by JavaScript.
 *
 * A pattern is translated so that it means the same: what the two write differently is rewritten, and what JavaScript
 * cannot say is an error. Nothing is passed on that would quietly mean something else.
 *
 * **Details** rewritten are `.` (all but a line feed), `^` and `$` (with and without `multiline`), `\s`, `\h`, `\v`, `\N`,
 * `\A`, `\Z`, `\z`, `\Q…\E`, POSIX classes, named groups, `(?i)` and its like at the start, `extended`, `ungreedy`.
 * Refused are, among others, atomic groups, possessive quantifiers, recursion, conditions, `\R`, `\X`, `\K` and `\G`.
 *
 * @see pcre2pattern(3)
 * @since 0.1.0
 */
import type { BodyPattern } from "@holdfast/balancer/Probe"
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import * as Section from "./Section.ts"

/**
 * Reads the pattern itself; it is translated when the options are known.
 *
 * @category readers
 * @since 0.1.0
 */
export const source: Section.Reader<Word> = {
  repeat: "last",
  read: (statement, report) => {
    const [word, ...rest] = statement.arguments
    Section.warnSuperfluous(statement, rest, report)
    if (word === undefined) report.error(statement.keyword.span, "regex needs a value")
    return word
  }
}

/**
 * Reads `regex_options`.
 *
 * @category readers
 * @since 0.1.0
 */
export const options: Section.Reader<ReadonlyArray<Word>> = {
  repeat: "append",
  read: (statement) => statement.arguments
}

/**
 * Translates a pattern; nothing when JavaScript cannot say it.
 *
 * @category compiling
 * @since 0.1.0
 */
export const compile = (
  word: Word,
  optionWords: ReadonlyArray<Word>,
  report: Report
): Pick<BodyPattern, "source" | "flags"> | undefined => {
  const wanted = new Set<string>()
  for (const option of optionWords) {
    if (translated.has(option.text)) wanted.add(option.text)
    else if (!withoutEffect.has(option.text)) {
      const known = refused.has(option.text) ? "is not supported by this version" : "is no option of a regex"
      report.error(option.span, `${option.text} ${known}`, `supported are ${[...translated].join(", ")}`)
    }
  }
  const text = word.quoted ? word.text.replaceAll('\\"', '"') : word.text
  const found = translate(text, wanted)
  if (typeof found !== "string") {
    const flags = `${found.caseless ? "i" : ""}${wanted.has("utf") ? "u" : ""}`
    const fault = faultOf(found.source, found.caseless ? "iu" : "u")
    if (fault === undefined) return { source: found.source, flags }
    report.error(word.span, `regex: ${text} cannot be used: ${fault}`, remedy)
    return undefined
  }
  report.error(word.span, `regex: ${found} cannot be used`, remedy)
  return undefined
}

/** The mode `u` refuses what the other takes for something else; what is sound in it means the same without it. */
const faultOf = (expression: string, flags: string): string | undefined => {
  try {
    return void RegExp(expression, flags)
  } catch (error) {
    return error instanceof Error
      ? error.message.replace(/^Invalid regular expression: .*: /, "")
      : "it is refused"
  }
}

interface Translation {
  readonly source: string
  readonly caseless: boolean
}

/** The pattern for JavaScript, or the part of it that JavaScript lacks. */
const translate = (pattern: string, wanted: ReadonlySet<string>): Translation | string => {
  const modes = new Set(wanted)
  const start = /^(?:\(\?[imsxU]+\))*/.exec(pattern)![0]
  for (const letter of start.replaceAll(/[(?)]/g, "")) modes.add(inline.get(letter)!)
  let output = ""
  let at = start.length
  while (at < pattern.length) {
    const step = stepAt(pattern, at, modes)
    if (step === undefined) return pattern.slice(at, at + shownMax)
    output += step.written
    at += step.length
  }
  return { source: output, caseless: modes.has("caseless") }
}

interface Step {
  readonly written: string
  readonly length: number
}

const stepAt = (pattern: string, at: number, modes: ReadonlySet<string>): Step | undefined => {
  const character = pattern[at]!
  switch (character) {
    case "\\":
      return escapeAt(pattern, at)
    case "[":
      return classAt(pattern, at)
    case "(":
      return groupAt(pattern, at, modes)
    case ".":
      return { written: modes.has("dotall") ? "[^]" : "[^\\n]", length: 1 }
    case "^":
      return { written: modes.has("multiline") ? `(?:${start}|(?<=\\n)(?=[^]))` : start, length: 1 }
    case "$":
      if (modes.has("multiline")) return { written: `(?=\\n|${end})`, length: 1 }
      return { written: modes.has("dollar_endonly") ? end : `(?=\\n?${end})`, length: 1 }
    case "*":
    case "+":
    case "?":
    case "{":
      return quantifierAt(pattern, at, modes)
    case "}":
    case "]":
      return { written: `\\${character}`, length: 1 }
  }
  if (modes.has("extended")) {
    const ignored = /^(?:\s+|#[^\n]*\n?)/.exec(pattern.slice(at))?.[0].length
    if (ignored !== undefined) return { written: "", length: ignored }
  }
  return { written: character, length: 1 }
}

const quantifierAt = (pattern: string, at: number, modes: ReadonlySet<string>): Step | undefined => {
  const [whole, quantifier, mark] = /^([*+?]|\{[0-9]+(?:,[0-9]*)?\})([?+]?)/.exec(pattern.slice(at)) ?? []
  // A brace that begins no quantifier is a character.
  if (whole === undefined) return { written: "\\{", length: 1 }
  if (mark === "+") return undefined
  const lazy = (mark === "?") !== modes.has("ungreedy")
  return { written: `${quantifier}${lazy ? "?" : ""}`, length: whole.length }
}

const groupAt = (pattern: string, at: number, modes: ReadonlySet<string>): Step | undefined => {
  const rest = pattern.slice(at)
  const comment = /^\(\?#[^)]*\)/.exec(rest)?.[0]
  if (comment !== undefined) return { written: "", length: comment.length }
  const back = /^\(\?P=(\w+)\)/.exec(rest)
  if (back !== null) return { written: `\\k<${back[1]}>`, length: back[0].length }
  const named = /^\(\?(?:P?<(\w+)>|'(\w+)')/.exec(rest)
  if (named !== null) return { written: `(?<${named[1] ?? named[2]}>`, length: named[0].length }
  const known = /^\(\?(?:[:=!]|<[=!]|i:)/.exec(rest)?.[0]
  if (known !== undefined) return { written: known, length: known.length }
  if (/^\([?*]/.test(rest)) return undefined
  return { written: modes.has("no_auto_capture") ? "(?:" : "(", length: 1 }
}

const escapeAt = (pattern: string, at: number): Step | undefined => {
  const rest = pattern.slice(at)
  const quotation = /^\\Q([^]*?)(?:\\E|$)/.exec(rest)
  if (quotation !== null) return { written: literal(quotation[1]!), length: quotation[0].length }
  const reference = /^\\(?:g\{?([1-9][0-9]?)\}?|k(?:<(\w+)>|\{(\w+)\}|'(\w+)'))/.exec(rest)
  if (reference !== null) {
    const [whole, number, ...names] = reference
    const name = names.find((candidate) => candidate !== undefined)
    return { written: number === undefined ? `\\k<${name}>` : `(?:\\${number})`, length: whole.length }
  }
  const assertion = assertions.get(rest[1] ?? "")
  if (assertion !== undefined) return { written: assertion, length: 2 }
  if (rest[1] === "S") return { written: "[^\\t-\\r ]", length: 2 }
  const set = sets.get(rest[1] ?? "")
  if (set !== undefined) return { written: `[${set}]`, length: 2 }
  if (/^\\[1-9]/.test(rest)) return { written: rest.slice(0, 2), length: 2 }
  return characterAt(rest)
}

/** An escape that stands for one character, inside a class or outside. */
const characterAt = (rest: string): Step | undefined => {
  const next = rest[1]
  if (next === undefined) return undefined
  const hexadecimal = /^\\x(?:\{0*([0-9a-fA-F]{1,2})\}|([0-9a-fA-F]{1,2}))/.exec(rest)
  if (hexadecimal !== null) {
    const digits = (hexadecimal[1] ?? hexadecimal[2]!).padStart(2, "0")
    return { written: `\\x${digits}`, length: hexadecimal[0].length }
  }
  const octal = /^\\(?:o\{([0-7]{1,3})\}|(0[0-7]{0,2}))/.exec(rest)
  if (octal !== null) {
    const code = Number.parseInt(octal[1] ?? octal[2]!, 8)
    if (code > 0xff) return undefined
    return { written: `\\x${code.toString(16).padStart(2, "0")}`, length: octal[0].length }
  }
  const control = controls.get(next)
  if (control !== undefined) return { written: control, length: 2 }
  return /[0-9A-Za-z]/.test(next) ? undefined : { written: literal(next), length: 2 }
}

const classAt = (pattern: string, from: number): Step | undefined => {
  let at = from + 1
  let written = "["
  if (pattern[at] === "^") {
    written += "^"
    at++
  }
  for (let first = true; at < pattern.length; first = false) {
    const rest = pattern.slice(at)
    const posix = /^\[:(\^?)(\w+):\]/.exec(rest)
    if (rest[0] === "]" && !first) return { written: `${written}]`, length: at + 1 - from }
    if (posix !== null) {
      const set = posix[1] === "" ? posixClasses.get(posix[2]!) : undefined
      if (set === undefined) return undefined
      written += set
      at += posix[0].length
    } else if (/^\[[.=]/.test(rest)) {
      return undefined
    } else if (rest[0] === "\\") {
      const set = rest[1] === "b" ? "\\x08" : sets.get(rest[1] ?? "")
      const step = set === undefined ? characterAt(rest) : { written: set, length: 2 }
      if (step === undefined) return undefined
      written += step.written
      at += step.length
    } else {
      written += rest[0] === "-" ? "-" : literal(rest[0]!)
      at++
    }
  }
  return undefined
}

const literal = (text: string): string =>
  text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&").replaceAll("-", "\\x2d")

const start = "(?<![^])"
const end = "(?![^])"

const assertions: ReadonlyMap<string, string> = new Map([
  ["A", start],
  ["z", end],
  ["Z", `(?=\\n?${end})`],
  ["b", "\\b"],
  ["B", "\\B"],
  ["N", "[^\\n]"]
])

/** What stands in a class. The white space of JavaScript has characters that PCRE2 without `ucp` does not count. */
const sets: ReadonlyMap<string, string> = new Map([
  ["d", "0-9"],
  ["D", "\\D"],
  ["w", "\\w"],
  ["W", "\\W"],
  ["s", "\\t-\\r "],
  ["S", "\\x00-\\x08\\x0e-\\x1f!-\\uffff"],
  ["h", "\\t \\xa0"],
  ["v", "\\n-\\r\\x85"]
])

const controls: ReadonlyMap<string, string> = new Map([
  ["a", "\\x07"],
  ["e", "\\x1b"],
  ["f", "\\f"],
  ["n", "\\n"],
  ["r", "\\r"],
  ["t", "\\t"]
])

const posixClasses: ReadonlyMap<string, string> = new Map([
  ["alpha", "A-Za-z"],
  ["digit", "0-9"],
  ["alnum", "0-9A-Za-z"],
  ["upper", "A-Z"],
  ["lower", "a-z"],
  ["xdigit", "0-9A-Fa-f"],
  ["space", "\\t-\\r "],
  ["blank", "\\t "],
  ["punct", "!-\\/:-@\\[-`\\{-~"],
  ["print", " -~"],
  ["graph", "!-~"],
  ["cntrl", "\\x00-\\x1f\\x7f"],
  ["ascii", "\\x00-\\x7f"],
  ["word", "\\w"]
])

const inline: ReadonlyMap<string, string> = new Map([
  ["i", "caseless"],
  ["m", "multiline"],
  ["s", "dotall"],
  ["x", "extended"],
  ["U", "ungreedy"]
])

const translated: ReadonlySet<string> = new Set([
  "caseless",
  "multiline",
  "dotall",
  "extended",
  "ungreedy",
  "dollar_endonly",
  "no_auto_capture",
  "utf"
])

/** They tune or restrict the matcher that keepalived uses. */
const withoutEffect: ReadonlySet<string> = new Set([
  "auto_callout",
  "never_ucp",
  "never_utf",
  "no_auto_possess",
  "no_dotstar_anchor",
  "no_start_optimize",
  "never_backslash_c",
  "use_offset_limit"
])

const refused: ReadonlySet<string> = new Set([
  "allow_empty_class",
  "alt_bsux",
  "alt_circumflex",
  "alt_verbnames",
  "dupnames",
  "firstline",
  "match_unset_backref",
  "ucp"
])

const remedy = "write it with what PCRE2 and JavaScript have in common"
const shownMax = 16
