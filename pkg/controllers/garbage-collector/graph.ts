import type { KubeObject, ResourceRef } from "#pkg/api/index.ts";
import type { OwnerReference } from "#pkg/api/types/meta-v1.ts";

/** What the collector keeps of an object: who it is, who owns it, and how its deletion stands. */
export interface GraphNode {
  readonly uid: string;
  readonly resource: ResourceRef<KubeObject> | undefined;
  /** apiVersion and kind as an owner reference names them; for a virtual node all that is known. */
  readonly reference: { readonly apiVersion: string; readonly kind: string };
  readonly namespace: string;
  readonly name: string;
  owners: readonly OwnerReference[];
  /** Nodes that name this one as an owner; made with the first. */
  dependents: Set<GraphNode> | undefined;
  beingDeleted: boolean;
  /** Foreground: waits for its dependents to go. */
  deletingDependents: boolean;
  orphaning: boolean;
  /** Only known from a dependent's reference; to be looked up. */
  readonly virtual: boolean;
}

export interface GraphQueues {
  attemptToDelete(node: GraphNode): void;
  attemptToOrphan(node: GraphNode): void;
}

export const FOREGROUND = "foregroundDeletion";
export const ORPHAN = "orphan";

/**
 * Who owns whom in the whole cluster, by uid. Fed with every object's metadata; queues what an event makes worth a
 * closer look. Nothing here decides to delete: that takes a live read.
 */
export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #queues: GraphQueues;

  constructor(queues: GraphQueues) {
    this.#queues = queues;
  }

  get size(): number {
    return this.#nodes.size;
  }

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  upsert(resource: ResourceRef<KubeObject>, object: KubeObject): void {
    const { uid } = object.metadata;
    const known = this.#nodes.get(uid);
    if (known === undefined || known.virtual) this.#insert(resource, object, known);
    else this.#update(known, object);
  }

  /** The object is gone: its dependents may have lost their last owner, a waiting owner its last dependent. */
  remove(uid: string): void {
    const node = this.#nodes.get(uid);
    if (node === undefined) return;
    for (const owner of node.owners) this.#unlink(owner.uid, node);
    const dependents = [...(node.dependents ?? [])];
    this.#nodes.delete(uid);
    for (const dependent of dependents) this.#queues.attemptToDelete(dependent);
    for (const owner of node.owners) {
      const waiting = this.#nodes.get(owner.uid);
      if (waiting?.deletingDependents === true) this.#queues.attemptToDelete(waiting);
    }
  }

  /** Dependents that a foreground deletion of `node` waits for. */
  blockingDependents(node: GraphNode): GraphNode[] {
    return [...(node.dependents ?? [])].filter((dependent) =>
      dependent.owners.some((owner) => owner.uid === node.uid && owner.blockOwnerDeletion === true),
    );
  }

  #insert(resource: ResourceRef<KubeObject>, object: KubeObject, virtual: GraphNode | undefined): void {
    const { uid, name, namespace = "" } = object.metadata;
    const node: GraphNode = {
      uid,
      resource,
      reference: { apiVersion: versionOf(resource), kind: resource.kind },
      namespace,
      name,
      owners: trimmed(object),
      dependents: virtual?.dependents,
      beingDeleted: false,
      deletingDependents: false,
      orphaning: false,
      virtual: false,
    };
    this.#nodes.set(uid, node);
    for (const owner of node.owners) this.#link(owner, node);
    // A dependent that names this owner from elsewhere (another namespace, another kind) must not live on its account.
    for (const dependent of virtual?.dependents ?? []) {
      const claimed = dependent.owners.find((owner) => owner.uid === uid);
      const there = namespace === "" || namespace === dependent.namespace;
      if (claimed?.kind !== resource.kind || claimed.name !== name || !there) {
        this.#queues.attemptToDelete(dependent);
      }
    }
    this.#noteDeletion(node, object);
  }

  #update(node: GraphNode, object: KubeObject): void {
    const before = node.owners;
    const after = trimmed(object);
    if (!sameOwners(before, after)) {
      node.owners = after;
      for (const owner of before) {
        const next = after.find((o) => o.uid === owner.uid);
        if (next === undefined) this.#unlink(owner.uid, node);
        // Whoever waited for this dependent need not any more.
        if (owner.blockOwnerDeletion === true && next?.blockOwnerDeletion !== true) {
          const waiting = this.#nodes.get(owner.uid);
          if (waiting?.deletingDependents === true) this.#queues.attemptToDelete(waiting);
        }
      }
      for (const owner of after) {
        if (!before.some((o) => o.uid === owner.uid)) this.#link(owner, node);
      }
    }
    this.#noteDeletion(node, object);
  }

  #noteDeletion(node: GraphNode, object: KubeObject): void {
    if (object.metadata.deletionTimestamp === undefined) return;
    node.beingDeleted = true;
    const finalizers = object.metadata.finalizers ?? [];
    if (finalizers.includes(ORPHAN) && !node.orphaning) {
      node.orphaning = true;
      this.#queues.attemptToOrphan(node);
    } else if (finalizers.includes(FOREGROUND) && !node.deletingDependents) {
      node.deletingDependents = true;
      for (const dependent of node.dependents ?? []) this.#queues.attemptToDelete(dependent);
      this.#queues.attemptToDelete(node);
    }
  }

  #link(owner: OwnerReference, dependent: GraphNode): void {
    let node = this.#nodes.get(owner.uid);
    if (node === undefined) {
      node = {
        uid: owner.uid,
        resource: undefined,
        reference: { apiVersion: owner.apiVersion, kind: owner.kind },
        namespace: dependent.namespace,
        name: owner.name,
        owners: [],
        dependents: undefined,
        beingDeleted: false,
        deletingDependents: false,
        orphaning: false,
        virtual: true,
      };
      this.#nodes.set(owner.uid, node);
      this.#queues.attemptToDelete(node);
    } else if (!node.virtual && (node.reference.kind !== owner.kind || node.name !== owner.name)) {
      this.#queues.attemptToDelete(dependent);
    }
    (node.dependents ??= new Set()).add(dependent);
    // Born while its owner is already waiting for its dependents to go.
    if (node.deletingDependents) this.#queues.attemptToDelete(dependent);
  }

  #unlink(uid: string, dependent: GraphNode): void {
    const owner = this.#nodes.get(uid);
    if (owner === undefined) return;
    owner.dependents?.delete(dependent);
    if (owner.dependents?.size === 0) {
      owner.dependents = undefined;
      if (owner.virtual) this.#nodes.delete(uid);
    }
  }
}

const NO_OWNERS: readonly OwnerReference[] = [];

/** Only what the graph needs, so that the object itself can be collected. */
function trimmed(object: KubeObject): readonly OwnerReference[] {
  const refs = object.metadata.ownerReferences ?? [];
  return refs.length === 0 ? NO_OWNERS : refs;
}

function sameOwners(a: readonly OwnerReference[], b: readonly OwnerReference[]): boolean {
  return (
    a === b ||
    (a.length === b.length &&
      a.every((ref, i) => ref.uid === b[i]?.uid && ref.blockOwnerDeletion === b[i]?.blockOwnerDeletion))
  );
}

function versionOf(resource: ResourceRef<KubeObject>): string {
  return resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
}
