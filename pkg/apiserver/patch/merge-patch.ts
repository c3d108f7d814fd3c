import { isObject, type JsonObject, setOwn } from "#pkg/api/json-object.ts";

/** RFC 7396: members replace, objects merge, null removes. Returns a new value; the inputs stay as they are. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const out: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete out[key];
    else setOwn(out, key, applyMergePatch(Object.hasOwn(out, key) ? out[key] : undefined, value));
  }
  return out;
}
