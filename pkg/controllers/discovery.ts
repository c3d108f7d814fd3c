import type { KubeObject, ResourceRef } from "#pkg/api/index.ts";
import type { Client } from "#pkg/client/index.ts";
import { messageOf } from "./pod-control.ts";

export interface ServedResource {
  readonly ref: ResourceRef<KubeObject>;
  readonly verbs: ReadonlySet<string>;
  /** False for a version of the group beside the preferred one that also serves this resource. */
  readonly preferred: boolean;
}

export interface Discovery {
  readonly resources: readonly ServedResource[];
  /** Group versions whose document could not be read ("metrics.k8s.io/v1beta1"), with why. */
  readonly failed: ReadonlyMap<string, string>;
}

interface GroupList {
  readonly groups: readonly {
    readonly name: string;
    readonly versions: readonly { readonly groupVersion: string; readonly version: string }[];
    readonly preferredVersion?: { readonly version: string };
  }[];
}

interface ResourceList {
  readonly resources: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
    readonly verbs: readonly string[];
  }[];
}

/** Everything the API serves now, without subresources. A group that fails is named and does not hide the others. */
export async function discover(client: Client, signal: AbortSignal): Promise<Discovery> {
  const groups = (await client.raw({ method: "GET", path: "/apis", signal })) as GroupList;
  const wanted = [{ group: "", version: "v1", path: "/api/v1", preferred: true }];
  for (const group of groups.groups) {
    for (const { version, groupVersion } of group.versions) {
      const preferred = version === (group.preferredVersion?.version ?? group.versions[0]?.version);
      wanted.push({ group: group.name, version, path: `/apis/${groupVersion}`, preferred });
    }
  }
  const failed = new Map<string, string>();
  const answers = await Promise.all(
    wanted.map(async ({ group, version, path, preferred }): Promise<ServedResource[]> => {
      try {
        const list = (await client.raw({ method: "GET", path, signal })) as ResourceList;
        return list.resources
          .filter(({ name }) => !name.includes("/"))
          .map(({ name, kind, namespaced, verbs }) => ({
            ref: { group, version, kind, plural: name, namespaced },
            verbs: new Set(verbs),
            preferred,
          }));
      } catch (err) {
        if (signal.aborted) throw err;
        failed.set(group === "" ? version : `${group}/${version}`, messageOf(err));
        return [];
      }
    }),
  );
  // A resource that only an older version serves is the best there is of it.
  const all = answers.flat();
  const best = new Set(all.filter((r) => r.preferred).map((r) => `${r.ref.group}/${r.ref.plural}`));
  const resources = all.map((r) => {
    const key = `${r.ref.group}/${r.ref.plural}`;
    if (r.preferred || best.has(key)) return r;
    best.add(key);
    return { ...r, preferred: true };
  });
  return { resources, failed };
}
