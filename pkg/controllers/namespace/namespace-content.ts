import type { KubeObject, ResourceRef } from "#pkg/api/index.ts";
import { pods } from "#pkg/api/types/core-v1.ts";
import type { Client } from "#pkg/client/index.ts";
import { ApiError, isNotFound } from "#pkg/errors/index.ts";
import type { Discovery, ServedResource } from "../discovery.ts";
import { messageOf } from "../pod-control.ts";
import type { DeletionReport } from "./namespace-conditions.ts";

// More than one page of what remains adds nothing to know.
const PAGE = 500;

/** Deletes pods first, then everything else: what protects pods (network policies, …) outlives them. */
export async function deleteContent(
  client: Client,
  namespace: string,
  discovery: Discovery,
  signal: AbortSignal,
): Promise<DeletionReport> {
  const deletable = discovery.resources.filter(
    (r) => r.preferred && r.ref.namespaced && r.verbs.has("list") && r.verbs.has("delete"),
  );
  const deleteErrors: string[] = [];
  const remaining = new Map<string, number>();
  const finalizers = new Map<string, number>();
  const empty = async (resource: ServedResource): Promise<void> => {
    try {
      const left = await emptyResource(client, namespace, resource, signal);
      if (left.length === 0) return;
      remaining.set(`${resource.ref.plural}.${resource.ref.group}`, left.length);
      for (const object of left) {
        for (const name of object.metadata.finalizers ?? []) finalizers.set(name, (finalizers.get(name) ?? 0) + 1);
      }
    } catch (err) {
      if (signal.aborted) throw err;
      deleteErrors.push(messageOf(err));
    }
  };
  const isPods = ({ ref }: ServedResource): boolean => ref.group === pods.group && ref.plural === pods.plural;
  await Promise.all(deletable.filter(isPods).map(empty));
  if (remaining.size === 0 && deleteErrors.length === 0) {
    await Promise.all(deletable.filter((r) => !isPods(r)).map(empty));
  }
  return { discoveryFailures: discovery.failed, deleteErrors, remaining, finalizers };
}

async function emptyResource(
  client: Client,
  namespace: string,
  { ref, verbs }: ServedResource,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const before = await page(client, ref, namespace, signal);
  if (before.length === 0) return before;
  // Asking again for what is on its way out changes nothing.
  if (before.length < PAGE && before.every((o) => o.metadata.deletionTimestamp !== undefined)) return before;
  if (verbs.has("deletecollection")) {
    await client.deleteCollection(ref, { namespace, signal }, { propagationPolicy: "Background" });
  } else {
    for (const { metadata } of before) {
      await ignoreNotFound(client.delete(ref, { namespace, name: metadata.name }, { propagationPolicy: "Background" }));
    }
  }
  return await page(client, ref, namespace, signal);
}

async function page(
  client: Client,
  ref: ResourceRef<KubeObject>,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  try {
    return (await client.list(ref, { namespace, limit: PAGE, signal })).items;
  } catch (err) {
    // The resource went away with its definition, and its objects with it.
    if (isNotFound(err) || (err instanceof ApiError && err.code === 405)) return [];
    throw err;
  }
}

async function ignoreNotFound(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (err) {
    if (!isNotFound(err)) throw err;
  }
}
