/**
 * The documentation says what the code does: no link and no word leads nowhere, and what a page tells to run exists.
 */
import { existsSync, readdirSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { files, pages, read, root, sources } from "./Pages.ts"

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
