import {
  EXEMPT,
  MANDATORY_LEVELS,
  MANDATORY_SCHEMAS,
  SUGGESTED_LEVELS,
  SUGGESTED_SCHEMAS,
} from "#pkg/api/flowcontrol/default-objects.ts";
import { semanticEqual } from "#pkg/api/equal.ts";
import type { KubeObject, NewObject, ResourceRef } from "#pkg/api/resource-ref.ts";
import { flowschemas, prioritylevelconfigurations } from "#pkg/api/types/flowcontrol-v1.ts";
import type { Client } from "#pkg/client/types.ts";
import { isAlreadyExists, isConflict, isNotFound } from "#pkg/errors/index.ts";

/** "true": the server keeps the spec as its version has it; "false": the spec is an administrator's. */
const AUTOUPDATE = "apf.kubernetes.io/autoupdate-spec";

type Specs<S> = Readonly<Record<string, S>>;
type Owned<S> = KubeObject & { readonly spec: S };
type FlowClient = Pick<Client, "list" | "create" | "update" | "delete">;

/**
 * Creates the flow control objects that are missing, gives the mandatory ones and those that nobody took over the specs
 * of this version, and removes those of other versions. As upstream, one without annotation counts as taken over when
 * its spec was ever changed.
 */
export async function ensureFlowObjects(client: FlowClient): Promise<void> {
  // Levels first: a schema whose level is missing would be marked as dangling.
  await ensure(client, prioritylevelconfigurations, MANDATORY_LEVELS, SUGGESTED_LEVELS, (name, found, fixed) =>
    name === EXEMPT && found.metadata.annotations?.[AUTOUPDATE] === "false"
      ? { ...fixed, exempt: found.spec.exempt ?? {} }
      : fixed,
  );
  await ensure(client, flowschemas, MANDATORY_SCHEMAS, SUGGESTED_SCHEMAS, (_name, _found, fixed) => fixed);
}

async function ensure<S extends object, T extends Owned<S>>(
  client: FlowClient,
  resource: ResourceRef<T>,
  mandatory: Specs<S>,
  suggested: Specs<S>,
  mandatorySpec: (name: string, found: T, fixed: S) => S,
): Promise<void> {
  const { items } = await client.list(resource);
  const there = new Map(items.map((object) => [object.metadata.name, object]));
  const writes: Promise<unknown>[] = [];
  for (const [name, spec] of Object.entries({ ...mandatory, ...suggested })) {
    const found = there.get(name);
    if (found === undefined) {
      const object = { metadata: { name, annotations: { [AUTOUPDATE]: "true" } }, spec };
      writes.push(client.create(resource, object as unknown as NewObject<T>));
      continue;
    }
    const isMandatory = Object.hasOwn(mandatory, name);
    const wanted = isMandatory
      ? withSpec(found, mandatorySpec(name, found, spec), annotationOf(found) === "false" && name === EXEMPT)
      : withSpec(found, isKept(found) ? found.spec : spec, isKept(found));
    if (wanted !== undefined) writes.push(client.update(resource, wanted));
  }
  for (const object of items) {
    const name = object.metadata.name ?? "";
    if (annotationOf(object) !== "true" || Object.hasOwn(mandatory, name) || Object.hasOwn(suggested, name)) continue;
    writes.push(client.delete(resource, { name }));
  }
  await Promise.all(writes.map(ignoreRace));
}

const annotationOf = ({ metadata }: KubeObject): string | undefined => metadata.annotations?.[AUTOUPDATE];

/** Whether a suggested object is an administrator's. */
function isKept(object: KubeObject): boolean {
  const annotation = annotationOf(object);
  return annotation === undefined ? (object.metadata.generation ?? 1) !== 1 : annotation !== "true";
}

/** The object with this spec and annotation; undefined when it has both. */
function withSpec<S, T extends Owned<S>>(object: T, spec: S, kept: boolean): T | undefined {
  const annotation = String(!kept);
  if (annotationOf(object) === annotation && semanticEqual(object.spec, spec)) return undefined;
  const { metadata } = object;
  return {
    ...object,
    spec,
    metadata: { ...metadata, annotations: { ...metadata.annotations, [AUTOUPDATE]: annotation } },
  };
}

/** Somebody else may write at the same time; the next round looks again. */
async function ignoreRace(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (err) {
    if (!isAlreadyExists(err) && !isConflict(err) && !isNotFound(err)) throw err;
  }
}
