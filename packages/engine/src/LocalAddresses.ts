/**
 * The port for which addresses are on this machine now.
 *
 * @since 0.1.0
 */
import type { IpAddress } from "@holdfast/wire/Address"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

/**
 * The kernel's addresses cannot be watched.
 *
 * @category errors
 * @since 0.1.0
 */
export class LocalAddressesError extends Schema.TaggedError<LocalAddressesError>()("LocalAddressesError", {
  message: Schema.String
}) {}

/**
 * Watches the addresses of this machine, of both families.
 *
 * @category services
 * @since 0.1.0
 */
export class LocalAddresses extends Context.Service<
  LocalAddresses,
  {
    /** Calls back with all addresses before it returns, then with all after each change, until the scope closes. */
    readonly subscribe: (
      onChange: (addresses: ReadonlySet<IpAddress>) => void
    ) => Effect.Effect<void, LocalAddressesError, Scope.Scope>
  }
>()("@holdfast/engine/LocalAddresses") {}
