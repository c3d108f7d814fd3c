import type { NewObject } from "#pkg/api/index.ts";
import { type Deployment, deployments, type ReplicaSet, replicasets } from "#pkg/api/types/apps-v1.ts";
import type { Client } from "#pkg/client/index.ts";
import { isAlreadyExists } from "#pkg/errors/index.ts";
import type { Recorder } from "../controller.ts";
import { isNamespaceTerminating } from "../namespace-terminating.ts";
import {
  controllerOf,
  controllerRefTo,
  findCondition,
  sameLabels,
  setCondition,
  templateHash,
} from "../objects/index.ts";
import { messageOf } from "../pod-control.ts";
import { maxRevision, newSetAnnotations, REVISION } from "./annotations.ts";
import { findNew, sameTemplate, TEMPLATE_HASH_LABEL } from "./replica-sets.ts";
import { newSetSize } from "./scaling.ts";
import { condition, hasProgressDeadline } from "./status.ts";

interface Parts {
  readonly client: Client;
  readonly recorder: Recorder;
  readonly now: () => number;
}

/** What a sync knows: the deployment as last written, the set of its template, and all others. */
export interface Rollout {
  readonly d: Deployment;
  readonly newRs: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
}

/**
 * Finds the ReplicaSet of the deployment's template, with annotations and revision brought up to date, or makes it when
 * `create`. A rollback is nothing else: an old set becomes the new one and gets the highest revision.
 */
export async function syncRevision(
  parts: Parts,
  d: Deployment,
  sets: readonly ReplicaSet[],
  create: boolean,
): Promise<Rollout> {
  const found = findNew(d, sets);
  const old = sets.filter((rs) => rs.metadata.uid !== found?.metadata.uid);
  const revision = maxRevision(old) + 1;
  if (found !== undefined) return await refresh(parts, d, found, old, revision);
  if (!create) return { d, newRs: undefined, old };
  return await make(parts, d, old, revision);
}

async function refresh(
  parts: Parts,
  d: Deployment,
  found: ReplicaSet,
  old: readonly ReplicaSet[],
  revision: number,
): Promise<Rollout> {
  const annotations = newSetAnnotations(d, found.metadata.annotations, revision, true);
  const minReadySeconds = d.spec.minReadySeconds ?? 0;
  if (!sameLabels(annotations, found.metadata.annotations) || (found.spec.minReadySeconds ?? 0) !== minReadySeconds) {
    const newRs = await parts.client.update(replicasets, {
      ...found,
      metadata: { ...found.metadata, annotations },
      spec: { ...found.spec, minReadySeconds },
    });
    return { d, newRs, old };
  }
  const noted = withRevision(d, found.metadata.annotations?.[REVISION]);
  const untold = hasProgressDeadline(d) && findCondition(d.status?.conditions, "Progressing") === undefined;
  const text = `Found new replica set "${found.metadata.name}"`;
  const next = untold ? withProgress(noted, "True", "FoundNewReplicaSet", text, parts.now()) : noted;
  return { d: next === d ? d : await writeStatus(parts, next), newRs: found, old };
}

async function make(parts: Parts, d: Deployment, old: readonly ReplicaSet[], revision: number): Promise<Rollout> {
  const hash = templateHash(d.spec.template, d.status?.collisionCount);
  const fresh = replicaSetFor(d, hash, revision, old);
  const size = fresh.spec.replicas ?? 0;
  let made: ReplicaSet;
  let existed = false;
  try {
    made = await parts.client.create(replicasets, fresh);
  } catch (err) {
    if (isAlreadyExists(err)) {
      const there = await parts.client.get(replicasets, {
        namespace: d.metadata.namespace ?? "",
        name: fresh.metadata.name ?? "",
      });
      const ours = controllerOf(there)?.uid === d.metadata.uid && sameTemplate(there.spec.template, d.spec.template);
      if (!ours) {
        // Another template has this hash: count the collision, which changes the hash of the next try.
        const collisionCount = (d.status?.collisionCount ?? 0) + 1;
        await parts.client.updateStatus(deployments, { ...d, status: { ...d.status, collisionCount } });
        throw err;
      }
      made = there;
      existed = true;
    } else {
      if (!isNamespaceTerminating(err)) await tellFailure(parts, d, fresh.metadata.name ?? "", err);
      throw err;
    }
  }
  if (!existed && size > 0) {
    const text = `Scaled up replica set ${made.metadata.name} from 0 to ${size}`;
    parts.recorder.event({ resource: deployments, object: d }, "Normal", "ScalingReplicaSet", text);
  }
  let next = withRevision(d, String(revision));
  if (!existed && hasProgressDeadline(d)) {
    const text = `Created new replica set "${made.metadata.name}"`;
    next = withProgress(next, "True", "NewReplicaSetCreated", text, parts.now());
  }
  return { d: next === d ? d : await writeStatus(parts, next), newRs: made, old };
}

function replicaSetFor(
  d: Deployment,
  hash: string,
  revision: number,
  old: readonly ReplicaSet[],
): NewObject<ReplicaSet> {
  const labels = { ...d.spec.template.metadata?.labels, [TEMPLATE_HASH_LABEL]: hash };
  const { selector, template } = d.spec;
  return {
    metadata: {
      name: `${d.metadata.name}-${hash}`,
      namespace: d.metadata.namespace ?? "",
      labels,
      annotations: newSetAnnotations(d, undefined, revision, false),
      ownerReferences: [controllerRefTo(deployments, d)],
    },
    spec: {
      replicas: newSetSize(d, old, 0),
      minReadySeconds: d.spec.minReadySeconds ?? 0,
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [TEMPLATE_HASH_LABEL]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } as never },
    },
  };
}

async function tellFailure(parts: Parts, d: Deployment, name: string, err: unknown): Promise<void> {
  const text = `Failed to create new replica set "${name}": ${messageOf(err)}`;
  const failed = withProgress(d, "False", "ReplicaSetCreateError", text, parts.now());
  if (failed !== d) await writeStatus(parts, failed);
  parts.recorder.event({ resource: deployments, object: d }, "Warning", "ReplicaSetCreateError", text);
}

function withProgress(
  d: Deployment,
  status: "True" | "False",
  reason: string,
  message: string,
  now: number,
): Deployment {
  const conditions = setCondition(d.status?.conditions, condition("Progressing", status, reason, message, now));
  return conditions === d.status?.conditions ? d : { ...d, status: { ...d.status, conditions } };
}

function withRevision(d: Deployment, revision: string | undefined): Deployment {
  if (revision === undefined || d.metadata.annotations?.[REVISION] === revision) return d;
  return { ...d, metadata: { ...d.metadata, annotations: { ...d.metadata.annotations, [REVISION]: revision } } };
}

/** The revision is metadata, which a status update carries too, as it does upstream. */
async function writeStatus(parts: Parts, next: Deployment): Promise<Deployment> {
  return await parts.client.updateStatus(deployments, next);
}
