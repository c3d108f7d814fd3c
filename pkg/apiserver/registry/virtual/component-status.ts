import type { Lease } from "#pkg/api/types/coordination-v1.ts";
import { ApiError } from "#pkg/errors/index.ts";
import { ObjectView } from "../../cache/index.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { Reply } from "../../types.ts";
import { selectionOf } from "../selection.ts";
import type { RegistryServices, Target } from "../services.ts";

const DEPRECATED = "v1 ComponentStatus is deprecated in v1.19+";

/** ComponentStatuses (deprecated upstream): the leaders by their leases, the store by being read. */
export async function listComponents(services: RegistryServices, target: Target): Promise<Reply> {
  target.context.warn(DEPRECATED);
  const { matches } = selectionOf(target);
  const views = components(services)
    .filter((each) => matches === undefined || matches(each))
    .map((each) => new ObjectView(undefined, each));
  return { kind: "list", definition: target.definition, metadata: { resourceVersion: "" }, views };
}

/** Upstream has no status of its own for a component that it does not know. @throws 500 */
export async function getComponent(services: RegistryServices, target: Target): Promise<Reply> {
  target.context.warn(DEPRECATED);
  const found = components(services).find((each) => each.metadata.name === target.name);
  if (found === undefined) throw new ApiError(500, "Unknown", `Component not found: ${target.name}`);
  return { kind: "view", status: 200, definition: target.definition, view: new ObjectView(undefined, found) };
}

function components(services: RegistryServices): KubeObject[] {
  return [
    component("controller-manager", leaderFailure(services, "kube-controller-manager")),
    component("etcd-0", undefined),
    component("scheduler", leaderFailure(services, "kube-scheduler")),
  ];
}

/** Why a leader-elected component is not healthy: nobody renewed its lease in time. */
function leaderFailure(services: RegistryServices, name: string): string | undefined {
  const lease = services.cache.get("coordination.k8s.io/leases", "kube-system", name) as Lease | undefined;
  const { renewTime, leaseDurationSeconds = 0 } = lease?.spec ?? {};
  if (renewTime === undefined) return `no leader holds the lease kube-system/${name}`;
  const late = Date.parse(renewTime) + leaseDurationSeconds * 1000 < services.now();
  return late ? `the lease kube-system/${name} was last renewed at ${renewTime}` : undefined;
}

function component(name: string, failure: string | undefined): KubeObject {
  const condition =
    failure === undefined
      ? { type: "Healthy", status: "True", message: "ok" }
      : { type: "Healthy", status: "False", message: "Unhealthy", error: failure };
  return {
    kind: "ComponentStatus",
    apiVersion: "v1",
    metadata: { name },
    conditions: [condition],
  } as unknown as KubeObject;
}
