import { selectorOf } from "#pkg/api/labels.ts";
import type { Pod } from "#pkg/api/types/core-v1.ts";
import type { DeleteOptions } from "#pkg/api/types/meta-v1.ts";
import type { PodDisruptionBudget } from "#pkg/api/types/policy-v1.ts";
import { ApiError, badRequest, forbidden, isConflict } from "#pkg/errors/index.ts";
import type { Reply } from "../../types.ts";
import { admitBody } from "../admission.ts";
import { checkPreconditions, deleteObject } from "../delete.ts";
import { type DeletePlan, validateDeleteOptions } from "../delete-options.ts";
import { guaranteedUpdate } from "../guaranteed-update.ts";
import { timestamp } from "../metadata.ts";
import { existing, type Obj, type RegistryServices, type Target } from "../services.ts";
import { readSubresource, SUCCESS } from "./body-of.ts";

const EVICTION = { kind: "Eviction", group: "policy", version: "v1", verbs: ["create"] };
const BUDGETS = { group: "", plural: "poddisruptionbudget" };
const CANNOT_EVICT = "Cannot evict pod as it would violate the pod's disruption budget.";
/** More evictions than this that the controller has not noticed stop further ones. */
const MAX_DISRUPTED_PODS = 2000;
const ATTEMPTS = 20;

/** POST pods/NAME/eviction: a delete that asks the pod's disruption budget first. @throws 429 when it is used up */
export async function evict(services: RegistryServices, target: Target): Promise<Reply> {
  const { object, options } = await readSubresource(services, target, EVICTION);
  if (object.metadata.name !== target.name) throw badRequest("name in URL does not match name in Eviction object");
  await admitBody(services, target, object, options.dryRun);
  const given = (object["deleteOptions"] ?? {}) as DeleteOptions;
  validateDeleteOptions(given, given.dryRun ?? []);
  const plan: DeletePlan = { ...given, dryRun: options.dryRun || (given.dryRun ?? []).length > 0 };
  const isBound = plan.preconditions?.resourceVersion !== undefined;
  for (let attempt = 1; ; attempt++) {
    const pod = existing(target).view.object as Pod;
    if (!ignoresBudget(pod)) {
      await evictGuarded(services, target, plan, pod);
      break;
    }
    try {
      // A pod that does not run yet must not become ready between the look at it and its end.
      await conditionAndDelete(services, target, isFinal(pod) || isBound ? plan : atRevision(plan, pod));
      break;
    } catch (err) {
      if (!isConflict(err) || isBound || attempt === ATTEMPTS) throw err;
    }
  }
  return { kind: "object", status: 201, object: SUCCESS };
}

const isFinal = (pod: Pod): boolean =>
  pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed" || pod.metadata.deletionTimestamp !== undefined;
/** Pods that serve nobody: finished, not started, or going already. */
const ignoresBudget = (pod: Pod): boolean => isFinal(pod) || pod.status?.phase === "Pending";
const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;
const atRevision = (plan: DeletePlan, pod: Pod): DeletePlan => ({
  ...plan,
  preconditions: { ...plan.preconditions, resourceVersion: pod.metadata.resourceVersion },
});

async function evictGuarded(services: RegistryServices, target: Target, plan: DeletePlan, pod: Pod): Promise<void> {
  const budgets = budgetsOf(services, target, pod);
  if (budgets.length > 1)
    throw new ApiError(
      500,
      "Unknown",
      "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    );
  const [budget] = budgets;
  if (budget === undefined) return conditionAndDelete(services, target, plan);
  if (!mayGoFree(pod, budget)) {
    await spendBudget(services, target, budget.metadata.name, pod, plan.dryRun);
    return conditionAndDelete(services, target, plan);
  }
  try {
    await conditionAndDelete(services, target, atRevision(plan, pod));
  } catch (err) {
    // It changed and may be ready by now: whoever asks again is answered by what it is then.
    if (isConflict(err) && plan.preconditions?.resourceVersion === undefined) throw stillProcessed(budget);
    throw err;
  }
}

/** A pod that is not ready counts for nothing in its budget: it goes where the rest is well, or whenever asked to. */
function mayGoFree(pod: Pod, { spec, status }: PodDisruptionBudget): boolean {
  if (isReady(pod)) return false;
  if (spec.unhealthyPodEvictionPolicy === "AlwaysAllow") return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return currentHealthy >= desiredHealthy && desiredHealthy > 0;
}

function budgetsOf(services: RegistryServices, target: Target, pod: Pod): PodDisruptionBudget[] {
  const definition = services.resources.find("policy", "v1", "poddisruptionbudgets");
  if (definition === undefined) return [];
  return services.cache
    .resource(definition.storage.prefix)
    .list(target.namespace)
    .map((entry) => entry.view.object as PodDisruptionBudget)
    .filter(({ spec }) => selectorOf(spec.selector).matches(pod.metadata.labels));
}

async function spendBudget(
  services: RegistryServices,
  target: Target,
  name: string,
  pod: Pod,
  dryRun: boolean,
): Promise<void> {
  const definition = services.resources.find("policy", "v1", "poddisruptionbudgets");
  if (definition === undefined) return;
  const cache = services.cache.resource(definition.storage.prefix);
  await guaranteedUpdate(
    services,
    { ...target, definition, cache, name },
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
  const { name } = budget.metadata;
  const { status } = budget;
  if (status === undefined || (status.observedGeneration ?? 0) < (budget.metadata.generation ?? 0))
    throw stillProcessed(budget);
  const { disruptionsAllowed = 0, disruptedPods = {} } = status;
  if (disruptionsAllowed < 0) throw forbidden(BUDGETS, name, "pdb disruptions allowed is negative");
  if (Object.keys(disruptedPods).length > MAX_DISRUPTED_PODS)
    throw forbidden(BUDGETS, name, "DisruptedPods map too big - too many evictions not confirmed by PDB controller");
  if (disruptionsAllowed === 0)
    throw refused(
      `The disruption budget ${name} needs ${status.desiredHealthy} healthy pods and has ${status.currentHealthy} currently`,
      0,
    );
  const left = disruptionsAllowed - 1;
  return {
    ...budget,
    status: {
      ...status,
      disruptionsAllowed: left,
      disruptedPods: { ...disruptedPods, [pod.metadata.name]: now },
      ...(left > 0 ? {} : { conditions: usedUp(budget, now) }),
    },
  } as unknown as Obj;
}

/** The budget's condition once the last disruption is spent, which its controller would say a moment later. */
function usedUp(budget: PodDisruptionBudget, now: string): object[] {
  const type = "DisruptionAllowed";
  const conditions = budget.status?.conditions ?? [];
  const before = conditions.find((each) => each.type === type);
  const lastTransitionTime = before?.status === "False" ? before.lastTransitionTime : now;
  const { observedGeneration = 0 } = budget.status ?? {};
  const condition = {
    type,
    status: "False",
    observedGeneration,
    lastTransitionTime,
    reason: "InsufficientPods",
    message: "",
  };
  return [...conditions.filter((each) => each.type !== type), condition];
}

/** Says in the pod's status why it goes, then deletes it. */
async function conditionAndDelete(services: RegistryServices, target: Target, plan: DeletePlan): Promise<void> {
  if (plan.dryRun) {
    await deleteObject(services, target, plan, true);
    return;
  }
  const marked = await guaranteedUpdate(services, target, {
    dryRun: false,
    subresource: "status",
    make: (old) => {
      checkPreconditions(target, plan, old);
      return withCondition(old as Pod, timestamp(services.now()));
    },
    rules: {},
    admitted: true,
  });
  const { resourceVersion } = plan.preconditions ?? {};
  const preconditions =
    resourceVersion === undefined
      ? plan.preconditions
      : { ...plan.preconditions, resourceVersion: String(marked.revision) };
  await deleteObject(services, target, { ...plan, ...(preconditions === undefined ? {} : { preconditions }) }, true);
}

function withCondition(pod: Pod, now: string): Obj {
  const type = "DisruptionTarget";
  const conditions = pod.status?.conditions ?? [];
  const before = conditions.find((each) => each.type === type);
  const condition = {
    type,
    status: "True",
    lastTransitionTime: before?.status === "True" ? before.lastTransitionTime : now,
    reason: "EvictionByEvictionAPI",
    message: "Eviction API: evicting",
  };
  const others = conditions.filter((each) => each.type !== type);
  return { ...pod, status: { ...pod.status, conditions: [...others, condition] } } as unknown as Obj;
}

const stillProcessed = ({ metadata: { name } }: PodDisruptionBudget): ApiError =>
  refused(`The disruption budget ${name} is still being processed by the server.`, 10);

function refused(why: string, retryAfterSeconds: number): ApiError {
  return new ApiError(429, "TooManyRequests", CANNOT_EVICT, {
    causes: [{ reason: "DisruptionBudget", message: why }],
    ...(retryAfterSeconds > 0 ? { retryAfterSeconds } : {}),
  });
}
