/**
 * The keywords of one section, by what this version does with each.
 *
 * @since 0.1.0
 */

/**
 * What this version does with a keyword.
 *
 * - `supported`: read and obeyed. The section's module must hold a reader for it; the compiler checks that.
 * - `kept`: accepted in silence, because without it nothing differs that another diagnostic does not already say.
 * - `ignored`: accepted with a warning that it has no effect. Routers and addresses behave the same without it.
 * - `unsupported`: an error. It would change what the protocol or the addresses do, so running without it would be wrong.
 *   A reader is allowed, so that the model is complete before the feature is.
 *
 * @category models
 * @since 0.1.0
 */
export type State = "supported" | "kept" | "ignored" | "unsupported"

/**
 * Makes a table whose type knows every keyword.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <
  const Supported extends ReadonlyArray<string>,
  const Kept extends ReadonlyArray<string> = [],
  const Ignored extends ReadonlyArray<string> = [],
  const Unsupported extends ReadonlyArray<string> = []
>(keywords: {
  readonly supported: Supported
  readonly kept?: Kept
  readonly ignored?: Ignored
  readonly unsupported?: Unsupported
}): {
  readonly supported: Supported
  readonly kept: Kept
  readonly ignored: Ignored
  readonly unsupported: Unsupported
} => ({
  kept: [] as ReadonlyArray<string> as Kept,
  ignored: [] as ReadonlyArray<string> as Ignored,
  unsupported: [] as ReadonlyArray<string> as Unsupported,
  ...keywords
})
