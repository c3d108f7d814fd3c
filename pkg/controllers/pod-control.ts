import type { KubeObject, NewObject, ResourceRef } from "#pkg/api/index.ts";
import { type Pod, type PodTemplateSpec, pods } from "#pkg/api/types/core-v1.ts";
import type { OwnerReference } from "#pkg/api/types/meta-v1.ts";
import type { Client } from "#pkg/client/index.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import type { Recorder } from "./controller.ts";
import { isNamespaceTerminating } from "./namespace-terminating.ts";

export interface Owner {
  readonly resource: ResourceRef<unknown>;
  readonly object: KubeObject;
}

/** A pod of the template, owned by `controllerRef`; named by the server from the owner's name unless `name` is given. */
export function podFromTemplate(
  template: PodTemplateSpec,
  owner: KubeObject,
  controllerRef: OwnerReference,
  name?: string,
): NewObject<Pod> {
  return {
    metadata: {
      ...(name === undefined ? { generateName: `${owner.metadata.name}-` } : { name }),
      namespace: owner.metadata.namespace ?? "",
      ...(template.metadata?.labels === undefined ? {} : { labels: template.metadata.labels }),
      ...(template.metadata?.annotations === undefined ? {} : { annotations: template.metadata.annotations }),
      ...(template.metadata?.finalizers === undefined ? {} : { finalizers: template.metadata.finalizers }),
      ownerReferences: [controllerRef],
    },
    spec: structuredClone(template.spec) as Pod["spec"],
  };
}

/** Creates and deletes pods for a controller, and tells so in events about the owner. */
export class PodControl {
  readonly #client: Client;
  readonly #recorder: Recorder;

  constructor(parts: { readonly client: Client; readonly recorder: Recorder }) {
    this.#client = parts.client;
    this.#recorder = parts.recorder;
  }

  async create(owner: Owner, pod: NewObject<Pod>): Promise<Pod> {
    try {
      const made = await this.#client.create(pods, pod);
      this.#recorder.event(owner, "Normal", "SuccessfulCreate", `Created pod: ${made.metadata.name}`);
      return made;
    } catch (err) {
      // A namespace on its way out refuses everything; nobody is left to read about it.
      if (!isNamespaceTerminating(err)) {
        this.#recorder.event(owner, "Warning", "FailedCreate", `Error creating: ${messageOf(err)}`);
      }
      throw err;
    }
  }

  /** A pod that is gone already counts as deleted, without an event. Returns false then. */
  async delete(owner: Owner, pod: Pod): Promise<boolean> {
    const { namespace = "", name, uid } = pod.metadata;
    try {
      await this.#client.delete(pods, { namespace, name }, { preconditions: { uid } });
    } catch (err) {
      if (isNotFound(err)) return false;
      this.#recorder.event(owner, "Warning", "FailedDelete", `Error deleting: ${messageOf(err)}`);
      throw err;
    }
    this.#recorder.event(owner, "Normal", "SuccessfulDelete", `Deleted pod: ${name}`);
    return true;
  }
}

export function messageOf(err: unknown): string {
  return err instanceof Error ? err.message : String(err);
}
