import type { KubeObject, ResourceRef } from "#pkg/api/index.ts";
import type { OwnerReference } from "#pkg/api/types/meta-v1.ts";
import type { Client } from "#pkg/client/index.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import type { ServedResource } from "../discovery.ts";

// As many owners as upstream remembers to be gone.
const MAX_ABSENT = 500;

/** Reads and writes of single objects by what owner references say, and a memory of owners known to be gone. */
export class LiveObjects {
  readonly #client: Client;
  readonly #absent = new Set<string>();
  #byKind = new Map<string, ResourceRef<KubeObject>>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** What kinds mean now. */
  learn(resources: readonly ServedResource[]): void {
    this.#byKind = new Map(
      resources.map(({ ref }) => [`${ref.group === "" ? "" : `${ref.group}/`}${ref.version} ${ref.kind}`, ref]),
    );
  }

  resourceOf(reference: { readonly apiVersion: string; readonly kind: string }): ResourceRef<KubeObject> | undefined {
    return this.#byKind.get(`${reference.apiVersion} ${reference.kind}`);
  }

  noteAbsent(uid: string): void {
    this.#absent.add(uid);
    const oldest = this.#absent.values().next();
    if (this.#absent.size > MAX_ABSENT && oldest.done !== true) this.#absent.delete(oldest.value);
  }

  /** The object of this name and uid; undefined when it is gone or another has its name. */
  async read(
    resource: ResourceRef<KubeObject>,
    at: { readonly namespace: string; readonly name: string; readonly uid: string },
  ): Promise<KubeObject | undefined> {
    try {
      const where = resource.namespaced ? { namespace: at.namespace, name: at.name } : { name: at.name };
      const live = await this.#client.get(resource, where);
      return live.metadata.uid === at.uid ? live : undefined;
    } catch (err) {
      if (isNotFound(err)) return undefined;
      throw err;
    }
  }

  /**
   * How an owner stands: "absent" is verified, "waiting" means it waits for its dependents. Throws while its kind is not
   * served, since it may only be so for now.
   */
  async ownerState(
    owner: OwnerReference,
    dependent: { readonly namespace: string; readonly namespaced: boolean },
    isWaiting: (owner: KubeObject) => boolean,
  ): Promise<"solid" | "absent" | "waiting"> {
    if (this.#absent.has(owner.uid)) return "absent";
    const resource = this.resourceOf(owner);
    if (resource === undefined) throw new Error(`Cannot resolve owner ${owner.apiVersion} ${owner.kind}`);
    // A cluster-scoped object cannot be owned by one in a namespace: nobody could say in which. It stays.
    if (resource.namespaced && !dependent.namespaced) return "solid";
    const live = await this.read(resource, { namespace: dependent.namespace, name: owner.name, uid: owner.uid });
    if (live === undefined) {
      this.noteAbsent(owner.uid);
      return "absent";
    }
    return isWaiting(live) ? "waiting" : "solid";
  }

  /** Writes metadata fields on condition that the object is still as `live`; an object that is gone is no error. */
  async patchMetadata(
    resource: ResourceRef<KubeObject>,
    live: KubeObject,
    metadata: Pick<KubeObject["metadata"], "ownerReferences"> | Pick<KubeObject["metadata"], "finalizers">,
  ): Promise<void> {
    const { name, namespace, uid, resourceVersion } = live.metadata;
    const at = namespace === undefined ? { name } : { namespace, name };
    try {
      await this.#client.patch(resource, at, "application/merge-patch+json", {
        metadata: { uid, resourceVersion, ...metadata },
      });
    } catch (err) {
      if (!isNotFound(err)) throw err;
    }
  }

  async delete(
    resource: ResourceRef<KubeObject>,
    live: KubeObject,
    propagationPolicy: "Background" | "Foreground" | "Orphan",
  ): Promise<void> {
    const { name, namespace, uid, resourceVersion } = live.metadata;
    const at = namespace === undefined ? { name } : { namespace, name };
    try {
      // The revision too: owners added since it was read count.
      await this.#client.delete(resource, at, { preconditions: { uid, resourceVersion }, propagationPolicy });
    } catch (err) {
      if (!isNotFound(err)) throw err;
    }
  }
}
