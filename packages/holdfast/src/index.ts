/**
 * Holdfast for Node services: hold a service address, with typed events.
 *
 * - `Holdfast`: start and stop by promises, or `Holdfast.layer` inside Effect.
 * - `RouterOptions`: what a virtual router can be asked for; `Routers`: what the engine makes of it.
 * - `Configuration`: read a keepalived.conf.
 * - `Engine`, `EngineEvent`, `Status`: the runtime itself.
 * - `SimulatedHost`: the same engine on a simulated kernel and network, for tests.
 *
 * @since 0.1.0
 */
export * as Configuration from "@holdfast/config/Configuration"
export * as Engine from "@holdfast/engine/Engine"
export * as EngineEvent from "@holdfast/engine/EngineEvent"
export * as Status from "@holdfast/engine/Status"
export * as LinuxHost from "@holdfast/linux/LinuxHost"
export * as SimulatedHost from "@holdfast/simulation/SimulatedHost"
export * as Holdfast from "./Holdfast.ts"
export * as RouterOptions from "./RouterOptions.ts"
export * as Routers from "./Routers.ts"
