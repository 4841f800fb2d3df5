/**
 * Equality of plain data: objects, arrays, bytes and primitive values.
 *
 * `Equal.equals` of effect says the same of such values, but it keeps a hash and every result for as long as an object
 * lives; parameters of tens of thousands of servers are compared at each reload and held for weeks.
 *
 * @since 0.1.0
 */

/**
 * Whether two values have the same structure; the same object is not looked into. A property that is undefined is another
 * than one that is absent. No cycles, no maps, no sets.
 *
 * @category guards
 * @since 0.1.0
 */
export const equals = (left: unknown, right: unknown): boolean => {
  if (left === right) return true
  if (!isObject(left) || !isObject(right)) return Object.is(left, right)
  if (isList(left) || isList(right)) return isList(left) && isList(right) && equalLists(left, right)
  // Without lists of keys: two and a half times as fast.
  let count = 0
  for (const key in left) {
    const value = right[key]
    if ((value === undefined && !Object.hasOwn(right, key)) || !equals(left[key], value)) return false
    count += 1
  }
  for (const _ in right) count -= 1
  return count === 0
}

const equalLists = (left: ArrayLike<unknown>, right: ArrayLike<unknown>): boolean => {
  if (left.length !== right.length) return false
  for (let index = 0; index < left.length; index++) if (!equals(left[index], right[index])) return false
  return true
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null

const isList = (value: object): value is ReadonlyArray<unknown> | Uint8Array =>
  Array.isArray(value) || value instanceof Uint8Array
