import { mutate } from "./mutate.ts";
import type { Random } from "./random.ts";
import type { Loose } from "./session.ts";

/** Mutated operations on places that are there, and on some that are not. */
export function jsonPatch(random: Random, object: Loose): unknown {
  const op = random.pick(["add", "replace", "remove", "test", "copy", "move"]);
  return mutate(random, [
    { op, path: pointer(random, object), value: 1 },
    { op: "copy", from: pointer(random, object), path: pointer(random, object) },
  ]);
}

/** The mutated object, or some of it: a patch names a part of the object more often than all of it. */
export function partOf(random: Random, object: Loose, isWhole: boolean): unknown {
  const { managedFields: _fields, ...metadata } = object["metadata"] as Loose;
  const changed = mutate(random, { ...object, metadata }) as Loose;
  if (!isWhole) for (const key of Object.keys(changed)) if (key !== "spec" && random.chance(0.6)) delete changed[key];
  return changed;
}

/** Mutated DeleteOptions. */
export function deletionPlan(random: Random, { metadata }: Loose): Loose {
  const { uid, resourceVersion } = metadata as Loose;
  return mutate(random, {
    apiVersion: "v1",
    kind: "DeleteOptions",
    gracePeriodSeconds: random.pick([0, 1, -1]),
    propagationPolicy: random.pick(["Foreground", "Background", "Orphan"]),
    preconditions: { uid, resourceVersion },
  }) as Loose;
}

export function subresourceBody(subresource: string, name: string): Loose {
  const metadata = { name };
  if (subresource === "eviction") return { apiVersion: "policy/v1", kind: "Eviction", metadata, deleteOptions: {} };
  if (subresource === "binding")
    return { apiVersion: "v1", kind: "Binding", metadata, target: { apiVersion: "v1", kind: "Node", name: "node" } };
  const spec = {
    audiences: ["a"],
    expirationSeconds: 600,
    boundObjectRef: { apiVersion: "v1", kind: "Pod", name: "p" },
  };
  return { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", metadata, spec };
}

/** The JSON pointer of a place in the object, or of one that is not there. */
function pointer(random: Random, object: Loose): string {
  let at: unknown = object;
  let path = "";
  while (typeof at === "object" && at !== null && random.chance(0.8)) {
    const keys = Object.keys(at);
    if (keys.length === 0) break;
    const key = random.pick(keys);
    path += `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    at = (at as Loose)[key];
  }
  return random.chance(0.1) ? `${path}/-` : path;
}
