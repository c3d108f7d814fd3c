import type { KubeObject, NewObject, ResourceRef } from "#pkg/api/index.ts";
import { type ControllerRevision, controllerrevisions } from "#pkg/api/types/apps-v1.ts";
import type { PodTemplateSpec } from "#pkg/api/types/core-v1.ts";
import type { Client } from "#pkg/client/index.ts";
import { isAlreadyExists, isNotFound } from "#pkg/errors/index.ts";
import { controllerRefTo, semanticEqual, templateHash } from "../objects/index.ts";

/** The label by which revisions and pods tell their template. */
export const REVISION_HASH = "controller-revision-hash";

/** What a DaemonSet or StatefulSet remembers of its templates: one ControllerRevision each, as upstream lays them out. */
export interface History {
  /** The revision of the present template. */
  readonly current: ControllerRevision;
  /** All others, oldest first. */
  readonly old: readonly ControllerRevision[];
}

interface Owner {
  readonly resource: ResourceRef<KubeObject>;
  readonly object: KubeObject;
  readonly template: PodTemplateSpec;
  readonly selectorLabels: Readonly<Record<string, string>>;
  /** Counts hash collisions; part of the hash. */
  readonly collisionCount: number | undefined;
}

/** The template as a patch that replaces the whole template, which is how it can be put back. */
export function revisionData(template: PodTemplateSpec): unknown {
  return { spec: { template: { ...template, $patch: "replace" } } };
}

/** The template that a revision holds. */
export function templateOf(revision: ControllerRevision): PodTemplateSpec {
  const { template = {} } =
    (revision.data as { spec?: { template?: Record<string, unknown> } } | undefined)?.spec ?? {};
  const { $patch: _replace, ...rest } = template;
  return rest as PodTemplateSpec;
}

/**
 * Finds the revision of the present template among `existing` (claimed ones), raising its number when it was used
 * before, or makes one. Throws AlreadyExists when another template has its name: count a collision and try again.
 */
export async function syncHistory(
  client: Client,
  owner: Owner,
  existing: readonly ControllerRevision[],
): Promise<History> {
  const sorted = existing.toSorted(
    (a, b) => a.revision - b.revision || (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1),
  );
  const data = revisionData(owner.template);
  const equal = sorted.filter((r) => semanticEqual(r.data, data));
  const found = equal.at(-1);
  const next = (sorted.at(-1)?.revision ?? 0) + 1;
  if (found === undefined) return { current: await createRevision(client, owner, data, next), old: sorted };
  const old = sorted.filter((r) => r !== found);
  if (found.revision >= next - 1) return { current: found, old };
  return { current: await client.update(controllerrevisions, { ...found, revision: next }), old };
}

async function createRevision(
  client: Client,
  owner: Owner,
  data: unknown,
  revision: number,
): Promise<ControllerRevision> {
  const hash = templateHash(data, owner.collisionCount);
  const { name, namespace = "", annotations } = owner.object.metadata;
  const fresh: NewObject<ControllerRevision> = {
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels: { ...owner.selectorLabels, [REVISION_HASH]: hash, "controller.kubernetes.io/hash": hash },
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: [controllerRefTo(owner.resource, owner.object)],
    },
    data,
    revision,
  };
  try {
    return await client.create(controllerrevisions, fresh);
  } catch (err) {
    if (!isAlreadyExists(err)) throw err;
    const there = await client.get(controllerrevisions, { namespace, name: `${name}-${hash}` });
    if (semanticEqual(there.data, data)) return there;
    throw err;
  }
}

/** Deletes the oldest revisions that are neither current nor `live` (used by pods), beyond `limit`. */
export async function truncateHistory(
  client: Client,
  old: readonly ControllerRevision[],
  live: ReadonlySet<string>,
  limit: number,
): Promise<void> {
  const unused = old.filter((r) => !live.has(r.metadata.labels?.[REVISION_HASH] ?? "") && !live.has(r.metadata.name));
  for (const { metadata } of unused.slice(0, Math.max(0, unused.length - limit))) {
    try {
      await client.delete(controllerrevisions, { namespace: metadata.namespace ?? "", name: metadata.name });
    } catch (err) {
      if (!isNotFound(err)) throw err;
    }
  }
}
