/**
 * The documentation says what the code does: what can be compared is compared.
 *
 * Names that the code defines must be on their reference page, commands that a page tells to run must exist, and no
 * link may lead nowhere.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import * as Configuration from "@holdfast/config/Configuration"
import * as Diagnostic from "@holdfast/config/Diagnostic"
import * as Keywords from "@holdfast/config/Keywords"
import { EngineEvent } from "@holdfast/engine/EngineEvent"
import { LatenessSummary } from "@holdfast/engine/Lateness"
import { EngineStatus, RouterStatus } from "@holdfast/engine/Status"
import { ForwardingPlaneError } from "@holdfast/engine/ForwardingPlane"
import * as NetlinkError from "@holdfast/netlink/NetlinkError"
import { Counter, DropReason, Fault, TransitionCause } from "@holdfast/vrrp/Action"
import { assert, describe, it } from "@effect/vitest"

const root = fileURLToPath(new URL("../..", import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), "utf8")

/** Every file below a folder of the repository, without what is built or installed. */
const filesBelow = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return unread.has(entry.name) ? [] : filesBelow(path)
    return entry.isFile() ? [path] : []
  })

const unread = new Set(["node_modules", "dist", "build", ".git"])
const files = filesBelow(".")
const pages = files.filter((path) => path.endsWith(".md"))
const sources = files.filter((path) => /\.(ts|mjs|c|h)$/.test(path))

/** The names that do not stand in a page as code, alone or with an argument behind them. */
const missingFrom = (page: string, names: ReadonlyArray<string>): ReadonlyArray<string> => {
  const words = new Set([...read(page).matchAll(/`([^`\n]+)`/g)].flatMap(([, code]) => code!.split(/[\s|]+/)))
  return names.filter((name) => !words.has(name))
}

/** The text below a heading of the second level. */
const sectionOf = (page: string, heading: string): string =>
  read(page).split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? ""

/** The text of a declared type, from its name to the next documentation comment or constant. */
const declarationOf = (path: string, name: string): string =>
  new RegExp(`export (?:type|interface) ${name}\\b[^]*?(?=\\n/\\*\\*|\\n(?:export )?const )`).exec(
    read(path)
  )?.[0] ?? ""

/** The properties of a declared type, and the tags where it is a union of tagged ones. */
const propertiesOf = (declaration: string): ReadonlyArray<string> =>
  [...declaration.matchAll(/readonly (\w+)\??:/g)]
    .map(([, property]) => property!)
    .filter((name) => !common.has(name))

/** The members of a union of tagged types, each with its properties. */
const casesOf = (path: string, name: string): ReadonlyArray<readonly [string, ReadonlyArray<string>]> =>
  declarationOf(path, name)
    .split(/readonly _tag: /)
    .slice(1)
    .map((text) => [/^"(\w+)"/.exec(text)![1]!, propertiesOf(text)])

/** The texts between the fences of one kind of code in a page. */
const fencedIn = (page: string, language: string): ReadonlyArray<string> =>
  read(page)
    .split(`\n\`\`\`${language}\n`)
    .slice(1)
    .map((rest) => rest.split("\n```")[0]!)

const messagesOf = (text: string): ReadonlyArray<string> =>
  Configuration.read({ file: "page.conf", text }).diagnostics.map(Diagnostic.format)

/** What is wrong with a line of a section, in a file that is right without it. */
const errorsOf = (section: string, line: string): ReadonlyArray<string> => {
  const needed = ["interface eth0", "virtual_router_id 51", "virtual_ipaddress {\n192.0.2.10\n}"]
  const lines = needed.filter((other) => other.split(" ")[0] !== line.split(" ")[0])
  const at = (place: string): string => (place === section ? line : "")
  const text = `
    global_defs {\n${at("global_defs")}\n}
    vrrp_instance web {\n${lines.join("\n")}\n${at("vrrp_instance")}\n}
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

describe("reference pages", () => {
  it.each(Keywords.all)("configuration.md has every keyword of %s", (section) => {
    assert.deepStrictEqual(missingFrom("docs/reference/configuration.md", Keywords.namesOf(section)), [])
  })

  it.each(Object.entries(EngineEvent.cases))("events.md has %s with every field", (name, { fields }) => {
    const section = sectionOf("docs/reference/events.md", name)

    assert.isNotEmpty(section)
    assert.deepStrictEqual(
      Object.keys(fields).filter((field) => !common.has(field) && !section.includes(`\`${field}\``)),
      []
    )
  })

  it("events.md has every cause and fault, and every field of them", () => {
    const unions = [...Object.entries(TransitionCause.cases), ...Object.entries(Fault.cases)]
    const names = unions.flatMap(([name, { fields }]) => [name].concat(Object.keys(fields)))

    assert.deepStrictEqual(
      missingFrom(
        "docs/reference/events.md",
        names.filter((name) => !common.has(name))
      ),
      []
    )
  })

  it.each(casesOf(balancerEvent, "BalancerEvent"))("events.md has %s with every field", (name, fields) => {
    const section = sectionOf("docs/reference/events.md", name)

    assert.isNotEmpty(section)
    assert.deepStrictEqual(
      fields.filter((field) => !section.includes(`\`${field}\``)),
      []
    )
  })

  it("events.md has what balancers report", () => {
    const losses = casesOf("packages/engine/src/Notifier.ts", "NotifierReport")
    const applied = propertiesOf(declarationOf(balancerEvent, "BalancerReport"))

    assert.lengthOf(casesOf(balancerEvent, "BalancerEvent"), 17)
    assert.lengthOf(losses, 3)
    assert.lengthOf(applied, 4)
    assert.deepStrictEqual(missingFrom("docs/reference/events.md", [...losses.flat(2), ...applied]), [])
  })

  it("status.md has every field of a balancer", () => {
    const fields = [
      [
        "packages/engine/src/balancer/BalancerStatus.ts",
        ["BalancerStatus", "VirtualServerStatus", "ServiceCounts"]
      ],
      ["packages/balancer/src/ServerStatus.ts", ["ServerStatus", "VirtualServerStatus", "CheckStatus"]],
      ["packages/engine/src/ForwardingPlane.ts", ["ServiceStatistics", "DestinationStatistics"]],
      ["packages/balancer/src/Member.ts", ["Finding"]]
    ] as const
    const names = fields.flatMap(([path, types]) =>
      types.flatMap((type) => propertiesOf(declarationOf(path, type)))
    )
    const probes = casesOf("packages/balancer/src/Probe.ts", "Probe").map(([tag]) => tag)

    assert.isAbove(names.length, 30)
    assert.lengthOf(probes, 9)
    assert.deepStrictEqual(missingFrom("docs/reference/status.md", [...names, ...probes]), [])
  })

  it("status.md shows a status as it is", () => {
    const [shown] = fencedIn("docs/reference/status.md", "json").map((text) => JSON.parse(text) as object)
    const names = [
      ...propertiesOf(declarationOf("packages/engine/src/balancer/BalancerStatus.ts", "VirtualServerStatus")),
      ...propertiesOf(declarationOf("packages/balancer/src/ServerStatus.ts", "VirtualServerStatus"))
    ]

    assert.sameMembers(Object.keys(shown!), names)
  })

  it("status.md has every field, counter and drop reason", () => {
    const fields = [EngineStatus, RouterStatus, LatenessSummary].flatMap((schema) =>
      Object.keys(schema.fields)
    )
    const shown = fields.filter((name) => !headings.has(name) && name !== "statistics")

    assert.deepStrictEqual(
      missingFrom("docs/reference/status.md", [...shown, ...Counter.literals, ...DropReason.literals]),
      []
    )
  })

  it("errors.md has every error of the code, and every reason of a netlink error", () => {
    const errors = sources
      .filter((path) => path.includes("/src/") && !path.startsWith("packages/simulation"))
      .flatMap((path) =>
        [...read(path).matchAll(/Schema\.TaggedError<\w+>\(\)\("(\w+)"/g)].map(([, name]) => name!)
      )
    const text = read("docs/reference/errors.md")

    assert.isAbove(errors.length, 5)
    assert.deepStrictEqual(
      errors.filter((name) => !text.includes(name)),
      []
    )
    const reasons = [...NetlinkError.Reason.literals, ...ForwardingPlaneError.fields.reason.literals]
    assert.deepStrictEqual(missingFrom("docs/reference/errors.md", reasons), [])
  })

  it("scripts.md has every reason why a script may not run", () => {
    const refusal = declarationOf("packages/linux/src/script/ScriptPolicy.ts", "Refusal")
    const reasons = [...refusal.matchAll(/"(\w+)"/g)].map(([, reason]) => reason!)

    assert.isAbove(reasons.length, 5)
    assert.deepStrictEqual(missingFrom("docs/reference/scripts.md", reasons), [])
  })

  it("load-balancing.md has every scheduler that nf_tables does otherwise", () => {
    const substitutes =
      /const substitutes[^]*?\n}/.exec(read("packages/balancer/src/Approximation.ts"))?.[0] ?? ""
    const schedulers = [...substitutes.matchAll(/^ {2}(\w+): "(\w+):/gm)]

    assert.isAbove(schedulers.length, 5)
    assert.deepStrictEqual(
      schedulers.filter(
        ([, scheduler, instead]) =>
          !new RegExp(`^\\| [^|]*\`${scheduler}\`[^|]* \\| \`${instead}\` `, "m").test(
            read("docs/guide/load-balancing.md")
          )
      ),
      []
    )
  })

  it("command.md has every exit code and every option", () => {
    const page = read("docs/reference/command.md")
    const codes = [...read("apps/holdfast/src/ExitCode.ts").matchAll(/^export const \w+ = (\d+)$/gm)]
    const commands = ["CommandLine", "GenhashCommand"].map((file) => read(`apps/holdfast/src/${file}.ts`))
    const options = [...commands.join("\n").matchAll(/^ {2}"?([\w-]+)"?: \{ type: "/gm)]

    assert.isAbove(codes.length, 5)
    assert.isAbove(options.length, 25)
    assert.deepStrictEqual(
      codes.map(([, code]) => code).filter((code) => !page.includes(`\n| ${code} |`)),
      []
    )
    assert.deepStrictEqual(
      missingFrom(
        "docs/reference/command.md",
        options.map(([, option]) => `--${option}`)
      ),
      []
    )
  })

  it("limits.md names only bounds that the code has", () => {
    const bounds = [...read("docs/reference/limits.md").matchAll(/\(`(\w+)`\)/g)].map(([, name]) => name!)
    const code = sources.map(read).join("\n")

    assert.isAbove(bounds.length, 20)
    assert.deepStrictEqual(
      bounds.filter((name) => !code.includes(`const ${name} =`)),
      []
    )
  })
})

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
  const rows = ["global_defs", "vrrp_instance", "virtual_server", "real_server"].flatMap((section) =>
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

describe("packages in ARCHITECTURE.md", () => {
  const rows = [
    ...read("docs/ARCHITECTURE.md").matchAll(/^\| \[([\w/-]+)\]\([^|]+\|[^|]+\|[^|]+\| ?([^|]*?) ?\|$/gm)
  ].map(([, name, imports]) => ({
    name: name!,
    imports: imports!
      .split(", ")
      .filter((one) => one !== "")
      .toSorted()
  }))
  const { overrides } = JSON.parse(read(".oxlintrc.json")) as {
    readonly overrides: ReadonlyArray<{ readonly files: ReadonlyArray<string>; readonly rules: object }>
  }

  it.each(rows)("$name imports what its row says", ({ imports, name }) => {
    const folder = name === "native" || name.includes("/") ? name : `packages/${name}`
    const { dependencies = {} } = JSON.parse(read(`${folder}/package.json`)) as {
      readonly dependencies?: Readonly<Record<string, string>>
    }
    const linted = overrides.find(({ files: [pattern] }) => pattern === `${folder}/src/**`)
    const allowed = [...JSON.stringify(linted?.rules).matchAll(/"!@holdfast\/([\w-]+)\/\*"/g)]
    const named = Object.keys(dependencies).filter((dependency) => dependency.startsWith("@holdfast/"))

    assert.deepStrictEqual(
      named.map((dependency) => dependency.slice("@holdfast/".length)).toSorted(),
      imports
    )
    assert.deepStrictEqual(allowed.map(([, other]) => other!).toSorted(), imports)
  })

  it("are all there", () => {
    assert.lengthOf(rows, readdirSync(join(root, "packages")).length + 2)
  })
})

describe("GLOSSARY.md", () => {
  const words = [...read("docs/GLOSSARY.md").matchAll(/^\|.*\| ([^|]*) \|$/gm)].flatMap(([, place]) =>
    [...place!.matchAll(/`([\w/-]+?)(?:\.(\w+))?`/g)].map(([, module, name]) => ({ module: module!, name }))
  )
  /** The text of a module: `wire/Instant`, or any of the name `Instant`. */
  const textOf = (module: string): string => {
    const [folder, ...rest] = module.split("/")
    const path =
      rest.length === 0 ? `/src/(?:[\\w/]+/)?${folder}` : `packages/${folder}/src/${rest.join("/")}`
    return sources
      .filter((source) => new RegExp(`${path}\\.ts$`).test(source))
      .map(read)
      .join("\n")
  }
  const modules = words.filter(({ module, name }) => module.includes("/") || name !== undefined)

  it.each(modules)("$module $name is there", ({ module, name = "" }) => {
    assert.isNotEmpty(textOf(module))
    assert.include(textOf(module), name)
  })

  it("has places", () => {
    assert.isAbove(modules.length, 50)
  })
})

describe("every page", () => {
  it("links only to what exists", () => {
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, target]) => target!)
        .filter((target) => !/^[a-z]+:/.test(target) && !resolves(page, target))
        .map((target) => `${page}: ${target}`)
    )

    assert.deepStrictEqual(broken, [])
  })

  it("tells only to run scripts that package.json has", () => {
    const { scripts } = JSON.parse(read("package.json")) as {
      readonly scripts: Readonly<Record<string, string>>
    }
    const told = pages.flatMap((page) =>
      [...read(page).matchAll(/\bpnpm(?:@[\d.]+)? (?:run )?([a-z][\w:-]*)/g)].map(([, script]) => ({
        page,
        script: script!
      }))
    )

    assert.isAbove(told.length, 20)
    assert.deepStrictEqual(
      told.filter(({ script }) => !(script in scripts) && !commandsOfPnpm.has(script)),
      []
    )
  })

  it("names only files of the repository in what it tells to run", () => {
    const missing = pages.flatMap((page) =>
      [...read(page).matchAll(/^ {4}.*pnpm test:(?:unit|system) ((?:packages|apps|test)\/[\w/-]+)/gm)]
        .map(([, path]) => path!)
        .filter((path) => !files.some((file) => file.startsWith(path)))
        .map((path) => `${page}: ${path}`)
    )

    assert.deepStrictEqual(missing, [])
  })
})

describe("the code", () => {
  it("refers only to decisions and pages that exist", () => {
    const broken = sources.flatMap((path) =>
      [...read(path).matchAll(/docs\/[\w/.-]*\w/g)]
        .map(([reference]) => reference)
        .filter((reference) => !isPage(reference))
        .map((reference) => `${path}: ${reference}`)
    )

    assert.deepStrictEqual(broken, [])
  })

  it("has one version everywhere", () => {
    const version = /version = "([^"]+)"/.exec(read("apps/holdfast/src/Version.ts"))?.[1]
    const others = files
      .filter((path) => path.endsWith("package.json"))
      .filter((path) => (JSON.parse(read(path)) as { readonly version?: string }).version !== version)

    assert.isDefined(version)
    assert.deepStrictEqual(others, [])
  })
})

/** Fields that every event has. */
const common = new Set(["_tag", "at"])

/** Fields of the status that have a section of their own. */
const headings = new Set(["routers", "foreign", "timing"])
const balancerEvent = "packages/engine/src/balancer/BalancerEvent.ts"

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
const commandsOfPnpm = new Set(["install", "exec", "stands", "catalog", "workspace"])

/** A page, or the start of one's name: `docs/decisions/0008` is enough of a name. */
const isPage = (reference: string): boolean =>
  existsSync(join(root, reference)) || pages.some((page) => page.startsWith(`${reference}-`))

const resolves = (page: string, target: string): boolean => {
  const [path = "", anchor] = target.split("#")
  const file = path === "" ? page : relative(root, join(root, dirname(page), path))
  if (!existsSync(join(root, file))) return false
  return anchor === undefined || anchorsOf(file).has(anchor)
}

/** Anchors as GitHub makes them: lower case, blanks to hyphens, punctuation away. */
const anchorsOf = (file: string): ReadonlySet<string> =>
  new Set(
    [...read(file).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replace(/[^\w -]/g, "")
        .replaceAll(" ", "-")
    )
  )
