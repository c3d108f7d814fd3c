/** The object without fields that are 0 or undefined: how Go's `omitempty` writes counts. `keep` names those that stay. */
export function omitZero<T extends object>(object: T, keep: readonly (keyof T)[] = []): T {
  return Object.fromEntries(
    Object.entries(object).filter(
      ([key, value]) => keep.includes(key as keyof T) || (value !== 0 && value !== undefined),
    ),
  ) as T;
}
