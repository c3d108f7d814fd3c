import type { KubeObject, ResourceRef, Selector } from "#pkg/api/index.ts";
import type { Client } from "#pkg/client/index.ts";
import { isInvalid, isNotFound } from "#pkg/errors/index.ts";
import { controllerOf, controllerRefTo } from "./objects/index.ts";

/**
 * Decides which of `candidates` belong to `owner`: owned ones that no longer match are released, matching orphans are
 * adopted. Before the first adoption the owner is read live, so that one being deleted never takes new children.
 */
export async function claim<T extends KubeObject>(parts: {
  readonly client: Client;
  readonly owner: KubeObject;
  readonly ownerResource: ResourceRef<KubeObject>;
  readonly resource: ResourceRef<T>;
  readonly candidates: Iterable<T>;
  readonly selector: Selector;
}): Promise<T[]> {
  const { client, owner, resource } = parts;
  const mine: T[] = [];
  let mayAdopt: Promise<boolean> | undefined;
  for (const candidate of parts.candidates) {
    const { uid, name, namespace = "", labels, deletionTimestamp } = candidate.metadata;
    const controller = controllerOf(candidate);
    const at = { namespace, name };
    if (controller !== undefined) {
      if (controller.uid !== owner.metadata.uid) continue;
      if (parts.selector.matches(labels)) mine.push(candidate);
      else if (owner.metadata.deletionTimestamp === undefined) {
        await ignoringGone(
          client.patch(resource, at, "application/strategic-merge-patch+json", {
            metadata: { uid, ownerReferences: [{ $patch: "delete", uid: owner.metadata.uid }] },
          }),
        );
      }
      continue;
    }
    if (owner.metadata.deletionTimestamp !== undefined || !parts.selector.matches(labels)) continue;
    if (deletionTimestamp !== undefined) continue;
    mayAdopt ??= isAlive(client, parts.ownerResource, owner);
    if (!(await mayAdopt)) throw new Error(`Cannot adopt ${resource.plural} "${name}": its owner is gone or going`);
    const adopted = await ignoringGone(
      client.patch(resource, at, "application/strategic-merge-patch+json", {
        metadata: { uid, ownerReferences: [controllerRefTo(parts.ownerResource, owner)] },
      }),
    );
    if (adopted !== undefined) mine.push(adopted);
  }
  return mine;
}

async function isAlive(client: Client, resource: ResourceRef<KubeObject>, owner: KubeObject): Promise<boolean> {
  const { namespace = "", name, uid } = owner.metadata;
  try {
    const live = await client.get(resource, { namespace, name });
    return live.metadata.uid === uid && live.metadata.deletionTimestamp === undefined;
  } catch (err) {
    if (isNotFound(err)) return false;
    throw err;
  }
}

/** The uid in a patch makes it Invalid for another object of the same name: not ours any more, like one that is gone. */
async function ignoringGone<T>(patch: Promise<T>): Promise<T | undefined> {
  try {
    return await patch;
  } catch (err) {
    if (isNotFound(err) || isInvalid(err)) return undefined;
    throw err;
  }
}
