import { selectorOf } from "#pkg/api/labels.ts";
import type { Pod } from "#pkg/api/types/core-v1.ts";
import type { DeleteOptions } from "#pkg/api/types/meta-v1.ts";
import type { PodDisruptionBudget } from "#pkg/api/types/policy-v1.ts";
import { ApiError, badRequest, internalError } from "#pkg/errors/index.ts";
import type { Reply } from "../../types.ts";
import { admitBody } from "../admission.ts";
import { deleteObject } from "../delete.ts";
import { guaranteedUpdate } from "../guaranteed-update.ts";
import { timestamp } from "../metadata.ts";
import { existing, type Obj, type RegistryServices, type Target } from "../services.ts";
import { readSubresource, SUCCESS } from "./body-of.ts";

const EVICTION = { kind: "Eviction", group: "policy", version: "v1", verbs: ["create"] };

/** POST pods/NAME/eviction: a delete that asks the pod's disruption budget first. @throws 429 when it is used up */
export async function evict(services: RegistryServices, target: Target): Promise<Reply> {
  const { object, options } = await readSubresource(services, target, EVICTION);
  if (object.metadata.name !== undefined && object.metadata.name !== target.name)
    throw badRequest("name in URL does not match name in Eviction object");
  await admitBody(services, target, object, options.dryRun);
  const given = object["deleteOptions"] as DeleteOptions | undefined;
  const dryRun = options.dryRun || (given?.dryRun ?? []).length > 0;
  const pod = existing(target).view.object as Pod;
  if (!ignoresBudget(pod)) await spendBudget(services, target, pod, dryRun);
  await deleteObject(services, target, { ...given, dryRun }, true);
  return { kind: "object", status: 201, object: SUCCESS };
}

/** Pods that serve nobody: finished, not started, or going already. */
function ignoresBudget(pod: Pod): boolean {
  const phase = pod.status?.phase;
  return (
    phase === "Succeeded" || phase === "Failed" || phase === "Pending" || pod.metadata.deletionTimestamp !== undefined
  );
}

async function spendBudget(services: RegistryServices, target: Target, pod: Pod, dryRun: boolean): Promise<void> {
  const definition = services.resources.find("policy", "v1", "poddisruptionbudgets");
  if (definition === undefined) return;
  const cache = services.cache.resource(definition.storage.prefix);
  const budgets = cache
    .list(target.namespace)
    .map((entry) => entry.view.object as PodDisruptionBudget)
    .filter((budget) => selectorOf(budget.spec.selector).matches(pod.metadata.labels));
  const [budget] = budgets;
  if (budget === undefined) return;
  if (budgets.length > 1)
    throw internalError(
      "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    );
  await guaranteedUpdate(
    services,
    { ...target, definition, cache, name: budget.metadata.name },
    {
      dryRun,
      subresource: "status",
      make: (old) => spent(old as PodDisruptionBudget, pod, timestamp(services.now())),
      rules: {},
      admitted: true,
    },
  );
}

function spent(budget: PodDisruptionBudget, pod: Pod, now: string): Obj {
  const { status } = budget;
  if (status === undefined || (status.observedGeneration ?? 0) < (budget.metadata.generation ?? 0))
    throw refused(`The disruption budget ${budget.metadata.name} is still being processed by the server.`, 10);
  const { disruptionsAllowed = 0 } = status;
  if (disruptionsAllowed <= 0)
    throw refused(
      `The disruption budget ${budget.metadata.name} needs ${status.desiredHealthy} healthy pods and has ${status.currentHealthy} currently`,
      0,
    );
  return {
    ...budget,
    status: {
      ...status,
      disruptionsAllowed: disruptionsAllowed - 1,
      disruptedPods: { ...status.disruptedPods, [pod.metadata.name]: now },
    },
  } as unknown as Obj;
}

function refused(why: string, retryAfterSeconds: number): ApiError {
  return new ApiError(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [{ reason: "DisruptionBudget", message: why }],
    ...(retryAfterSeconds > 0 ? { retryAfterSeconds } : {}),
  });
}
