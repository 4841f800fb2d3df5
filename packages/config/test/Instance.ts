/** Files with one `vrrp_instance`, and what becomes of them. */
import * as Configuration from "@holdfast/config/Configuration"
import * as Diagnostic from "@holdfast/config/Diagnostic"
import type { Parameters } from "@holdfast/vrrp/Parameters"
import * as Option from "effect/Option"

/** An instance of three lines, and of those that are given, which begin in the fourth. */
export const instanceOf = (lines: string, name = "V"): string =>
  `vrrp_instance ${name} {\ninterface eth0\nvirtual_router_id 1\n${lines}\n}\n`

/** Lines of addresses. */
export const addresses = (...lines: ReadonlyArray<string>): string =>
  `virtual_ipaddress {\n${lines.join("\n")}\n}`

export const excluded = (...lines: ReadonlyArray<string>): string =>
  `virtual_ipaddress_excluded {\n${lines.join("\n")}\n}`

export const globals = (lines: string): string => `global_defs {\n${lines}\n}\n`

export const configurationOf = (text: string): Configuration.Configuration =>
  Option.getOrThrow(Configuration.read({ file: "t", text }).configuration)

const routersOf = (text: string): ReadonlyArray<Parameters> => configurationOf(text).routers

export const routerOf = (text: string): Parameters => routersOf(text)[0]!

export const diagnosticsOf = (text: string): ReadonlyArray<string> =>
  Configuration.read({ file: "t", text }).diagnostics.map(Diagnostic.format)
