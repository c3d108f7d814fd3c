// What plugin tests start from: a cache of given objects, and a write as the pipeline describes it.
import type { ResourceDefinition } from "#pkg/api/definition.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { ObjectMeta } from "#pkg/api/types/meta-v1.ts";
import type { AdmissionAttributes, ObjectReader, UserInfo } from "../../types.ts";

/** As much of an object as a test needs. */
export interface Sketch {
  readonly metadata: Partial<ObjectMeta>;
}

/** Objects by "plural" or "group/plural". `changed` tells listeners of a resource about its last object. */
export function readerOf(sketches: Record<string, Sketch[]>): ObjectReader & { changed(resource: string): void } {
  const objects = sketches as Record<string, KubeObject[]>;
  const listeners = new Map<string, Set<(change: { object: KubeObject; deleted: boolean }) => void>>();
  const list = (resource: string, namespace?: string): KubeObject[] =>
    (objects[resource] ?? []).filter((o) => namespace === undefined || o.metadata.namespace === namespace);
  return {
    list,
    get: (resource, namespace, name) =>
      list(resource).find((o) => (o.metadata.namespace ?? "") === namespace && o.metadata.name === name),
    onChange: (resource, listener) => {
      const all = listeners.get(resource) ?? new Set();
      listeners.set(resource, all.add(listener));
      return () => all.delete(listener);
    },
    changed: (resource) => {
      const object = objects[resource]?.at(-1);
      if (object !== undefined)
        for (const listener of listeners.get(resource) ?? []) listener({ object, deleted: false });
    },
  };
}

export const ADMIN: UserInfo = { name: "admin", groups: ["system:masters"] };

interface Write {
  readonly operation?: AdmissionAttributes["operation"];
  /** "pods", "pods/status", "storage.k8s.io/csinodes" */
  readonly resource?: string;
  readonly subresource?: string;
  readonly object?: object;
  readonly old?: object;
  readonly user?: UserInfo;
  readonly name?: string;
  readonly namespace?: string;
  readonly definition?: ResourceDefinition;
  readonly warn?: (text: string) => void;
}

export function write(given: Write): AdmissionAttributes {
  const resource = given.resource ?? "pods";
  const slash = resource.indexOf("/");
  const object = given.object as KubeObject | undefined;
  const meta = object?.metadata ?? (given.old as KubeObject | undefined)?.metadata;
  return {
    operation: given.operation ?? "CREATE",
    info: {
      isResource: true,
      verb: "create",
      path: "/",
      group: slash < 0 ? "" : resource.slice(0, slash),
      version: "v1",
      namespace: given.namespace ?? meta?.namespace ?? "",
      resource: resource.slice(slash + 1),
      subresource: given.subresource ?? "",
      name: given.name ?? meta?.name ?? "",
      rest: "",
    },
    kind: { group: "", version: "v1", kind: "" },
    definition: given.definition as ResourceDefinition,
    user: given.user ?? ADMIN,
    object,
    old: given.old,
    options: undefined,
    decode: (value) => value,
    whenDone: () => {},
    dryRun: false,
    warn: given.warn ?? (() => {}),
    signal: new AbortController().signal,
  };
}

interface Spec {
  readonly [field: string]: unknown;
}
// oxlint-disable-next-line no-explicit-any -- tests look into what plugins added
export const pod = (spec: Spec = {}, metadata: Spec = {}): any => ({
  metadata: { name: "p", namespace: "ns", ...metadata },
  spec: { containers: [{ name: "c", image: "x" }], ...spec },
});
