import { setOwn } from "#pkg/api/json-object.ts";
import { DEDUCED, type FieldType, type ListType, type MapType } from "./field-type.ts";
import { itemsByElement } from "./list-items.ts";

type Json = Record<string, unknown>;

/** The live value with the configuration's laid over it: leaves replace, maps and lists with keys merge. Shares parts with both. */
export function merge(type: FieldType, live: unknown, config: unknown): unknown {
  if (config === undefined) return live;
  if (live === undefined || live === null || type.kind === "leaf") return config;
  if (typeof live !== "object" || typeof config !== "object" || config === null) return config;
  if (Array.isArray(live) || Array.isArray(config)) {
    if (type.kind !== "list" || !Array.isArray(live) || !Array.isArray(config)) return config;
    return mergeLists(type, live, config);
  }
  return type.kind === "list" ? config : mergeMaps(type, live as Json, config as Json);
}

function mergeMaps(type: MapType | typeof DEDUCED, live: Json, config: Json): Json {
  const out: Json = { ...live };
  for (const key in config) {
    const given = config[key];
    if (given === undefined) continue;
    const field = type.kind === "map" ? (type.fields.get(key) ?? type.element ?? DEDUCED) : DEDUCED;
    setOwn(out, key, merge(field, Object.hasOwn(live, key) ? live[key] : undefined, given));
  }
  return out;
}

/**
 * Items of both, the configuration's in its order. What only the live list has keeps its place before the shared item
 * that followed it; a shared item that the configuration moved goes where the configuration has it.
 */
function mergeLists(type: ListType, live: readonly unknown[], config: readonly unknown[]): unknown[] {
  const given = itemsByElement(type, config);
  const there = itemsByElement(type, live);
  const before = [...there.keys()];
  const shared = [...given.keys()].filter((element) => there.has(element));
  const out: unknown[] = [];
  let at = 0;
  let nextShared = 0;
  for (const [element, item] of given) {
    // Live items up to the next shared one come first; shared ones that are not due yet are passed over.
    for (; at < before.length; at++) {
      const candidate = before[at] as string;
      if (!given.has(candidate)) out.push(there.get(candidate));
      else if (candidate === element || candidate === shared[nextShared]) break;
    }
    out.push(merge(type.element, there.get(element), item));
    if (element === shared[nextShared]) nextShared++;
    if (before[at] === element) at++;
  }
  for (; at < before.length; at++) {
    const candidate = before[at] as string;
    if (!given.has(candidate)) out.push(there.get(candidate));
  }
  return out;
}
