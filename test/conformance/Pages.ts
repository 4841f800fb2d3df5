/**
 * Pages of documentation, and the sources that they are compared with, as text.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("../..", import.meta.url))
export const read = (path: string): string => readFileSync(join(root, path), "utf8")

/** Every file below a folder of the repository, without what is built or installed. */
const filesBelow = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return unread.has(entry.name) ? [] : filesBelow(path)
    return entry.isFile() ? [path] : []
  })

const unread = new Set(["node_modules", "dist", "build", ".git"])
export const files = filesBelow(".")
export const pages = files.filter((path) => path.endsWith(".md"))
export const sources = files.filter((path) => /\.(ts|mjs|c|h)$/.test(path))

/** The names that do not stand in a page as code, alone or with an argument behind them. */
export const missingFrom = (page: string, names: ReadonlyArray<string>): ReadonlyArray<string> => {
  const words = new Set([...read(page).matchAll(/`([^`\n]+)`/g)].flatMap(([, code]) => code!.split(/[\s|]+/)))
  return names.filter((name) => !words.has(name))
}

/** The text below a heading of the second level. */
export const sectionOf = (page: string, heading: string): string =>
  read(page).split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? ""

/** The text of a declared type, from its name to the next documentation comment or constant. */
export const declarationOf = (path: string, name: string): string =>
  new RegExp(`export (?:type|interface) ${name}\\b[^]*?(?=\\n/\\*\\*|\\n(?:export )?const )`).exec(
    read(path)
  )?.[0] ?? ""

/** The properties of a declared type, and the tags where it is a union of tagged ones. */
export const propertiesOf = (declaration: string): ReadonlyArray<string> =>
  [...declaration.matchAll(/readonly (\w+)\??:/g)]
    .map(([, property]) => property!)
    .filter((name) => !common.has(name))

/** The members of a union of tagged types, each with its properties. */
export const casesOf = (
  path: string,
  name: string
): ReadonlyArray<readonly [string, ReadonlyArray<string>]> =>
  declarationOf(path, name)
    .split(/readonly _tag: /)
    .slice(1)
    .map((text) => [/^"(\w+)"/.exec(text)![1]!, propertiesOf(text)])

/** The texts between the fences of one kind of code in a page. */
export const fencedIn = (page: string, language: string): ReadonlyArray<string> =>
  read(page)
    .split(`\n\`\`\`${language}\n`)
    .slice(1)
    .map((rest) => rest.split("\n```")[0]!)

/** Fields that every event has. */
export const common: ReadonlySet<string> = new Set(["_tag", "at"])
