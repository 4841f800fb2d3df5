/**
 * The documentation says what the code does: values and bounds are those of the code, and configurations can be read.
 */
import * as Configuration from "@holdfast/config/Configuration"
import * as Diagnostic from "@holdfast/config/Diagnostic"
import { assert, describe, it } from "@effect/vitest"
import { fencedIn, pages, read, sectionOf, sources } from "./Pages.ts"

describe("values in limits.md", () => {
  const code = sources.map(read).join("\n")
  const rows = [...read("docs/reference/limits.md").matchAll(/\(`(\w+)`\) \| (?:every )?([\d.,^]+)/g)].map(
    ([, name, value]) => ({ name: name!, value: valueOf(value!) })
  )

  it.each(rows)("$name is $value", ({ name, value }) => {
    const literals = [...code.matchAll(new RegExp(`const ${name} = (.+)`, "g"))].flatMap(([, literal]) =>
      numbersOf(literal!)
    )

    assert.isNotEmpty(
      literals.filter((literal) => units.some((unit) => Math.abs(literal - value * unit) < 1e-9)),
      `${value}, the code has ${literals.join(" and ")}`
    )
  })

  it("were found", () => {
    assert.isAbove(rows.length, 60)
  })
})

describe("configurations in pages", () => {
  const whole = pages.flatMap((page) => fencedIn(page, "conf").map((text, index) => ({ page, index, text })))
  const checks = [...read("docs/reference/checks.md").matchAll(/(?:^ {4}.*\n)+/gm)]
    .map(([block]) => block)
    .filter((block) => /^ {4}[A-Z]+_[A-Z]+ \{/.test(block))

  it.each(whole)("$page, $index: is good", ({ text }) => {
    assert.deepStrictEqual(messagesOf(text), [])
  })

  it.each(checks)("checks.md: %s", (block) => {
    const text = `
      track_file load {\nfile /run/load\n}
      virtual_server 192.0.2.10 80 {\nprotocol TCP\nreal_server 192.0.2.20 80 {\n${block}\n}\n}
    `
    assert.deepStrictEqual(messagesOf(text), [])
  })

  it("were found", () => {
    assert.isAbove(whole.length, 3)
    assert.isAbove(checks.length, 6)
  })
})

describe("bounds in configuration.md", () => {
  const rows = [
    "global_defs",
    "vrrp_instance",
    "virtual_server",
    "real_server",
    ...Object.keys(tracked)
  ].flatMap((section) =>
    [...sectionOf("docs/reference/configuration.md", section).matchAll(/^\| `(\w+)` \| ([^|]+?) \|/gm)].map(
      ([, keyword, value]) => ({ section, keyword: keyword!, value: value! })
    )
  )
  const ranged = rows.flatMap((row) => {
    const [, minimum, maximum] = /(\d+)(?: to (\d+))?$/.exec(row.value) ?? []
    return minimum === undefined
      ? []
      : [{ ...row, minimum: Number(minimum), maximum: Number(maximum ?? minimum) }]
  })
  const switches = rows.filter(({ value }) => /^(stands alone|switch)/.test(value))

  it.each(ranged)("$keyword is $value", ({ section, keyword, minimum, maximum }) => {
    assert.deepStrictEqual(errorsOf(section, `${keyword} ${minimum}`), [])
    assert.deepStrictEqual(errorsOf(section, `${keyword} ${maximum}`), [])
    assert.isNotEmpty(errorsOf(section, `${keyword} ${minimum - 1}`))
    assert.isNotEmpty(errorsOf(section, `${keyword} ${maximum + 1}`))
  })

  it.each(switches)("$keyword: $value", ({ section, keyword, value }) => {
    assert.deepStrictEqual(errorsOf(section, keyword), [])
    assert.strictEqual(errorsOf(section, `${keyword} off`).length, value.startsWith("switch") ? 0 : 1)
  })

  it("were found", () => {
    assert.isAbove(ranged.length, 20)
    assert.isAbove(switches.length, 10)
  })
})

/** Sections whose bounds are looked at, and the line of an instance without which nobody would need them. */
const tracked = {
  vrrp_script: "track_script {\ncheck\n}",
  vrrp_track_process: "track_process {\ndaemon\n}",
  garp_group: ""
}

const messagesOf = (text: string): ReadonlyArray<string> =>
  Configuration.read({ file: "page.conf", text }).diagnostics.map(Diagnostic.format)

/** What is wrong with a line of a section, in a file that is right without it. */
const errorsOf = (section: string, line: string): ReadonlyArray<string> => {
  const needed = ["interface eth0", "virtual_router_id 51", "virtual_ipaddress {\n192.0.2.10\n}"]
  const lines = needed.filter((other) => other.split(" ")[0] !== line.split(" ")[0])
  const at = (place: string): string => (place === section ? line : "")
  const text = `
    global_defs {\n${at("global_defs")}\n}
    vrrp_instance web {\n${lines.join("\n")}\n${at("vrrp_instance")}\n${Object.values(tracked).join("\n")}\n}
    vrrp_script check {\nscript /usr/bin/true\n${at("vrrp_script")}\n}
    vrrp_track_process daemon {\nprocess sshd\n${at("vrrp_track_process")}\n}
    garp_group {\ninterface eth0\n${at("garp_group")}\n}
    virtual_server 192.0.2.10 80 {
      protocol TCP
      ${at("virtual_server")}
      real_server 192.0.2.20 80 {\n${at("real_server")}\n}
    }
  `
  return Configuration.read({ file: "web.conf", text })
    .diagnostics.filter(({ severity }) => severity === "error")
    .map(Diagnostic.format)
}

/** A number of a page: `65,536`, `2^26`, `0.5`. */
function valueOf(text: string): number {
  const [base, exponent] = text.replaceAll(",", "").split("^").map(Number)
  return base! ** (exponent ?? 1)
}

/** The numbers that the code of a constant may mean: `1_024`, `0x400_0000`, `2 ** 26`, `seconds(1)`, `"30 seconds"`. */
function numbersOf(literal: string): ReadonlyArray<number> {
  const text = literal.replaceAll("_", "")
  const numbers = [...text.matchAll(/0x[\da-f]+|\d+(?:\.\d+)?/g)].map(([number]) => Number(number))
  const power = /(\d+) \*\* (\d+)/.exec(text)
  const product = text.includes(" * ") ? [numbers.reduce((one, other) => one * other, 1)] : []
  return power === null ? [...numbers, ...product] : [Number(power[1]) ** Number(power[2])]
}

/** What a page counts in, and what the code may count in: one to a million, kilobytes, megabytes. */
const units = [1, 1e3, 1e6, 2 ** 10, 2 ** 20]
