/** A deep copy of JSON data; several times as fast as structuredClone, which looks for much that API objects have not. */
export function copyJson<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    for (const item of value as readonly unknown[]) list.push(copyJson(item));
    return list as T;
  }
  const out: Record<string, unknown> = {};
  for (const key in value) {
    const copy: unknown = copyJson(value[key]);
    // Plain assignment of "__proto__" would change the copy's prototype.
    if (key === "__proto__")
      Object.defineProperty(out, key, { value: copy, enumerable: true, configurable: true, writable: true });
    else out[key] = copy;
  }
  return out as T;
}
