/**
 * The FlowSchemas and PriorityLevelConfigurations of a new cluster, with every default filled in (Kubernetes v1.36). The
 * mandatory ones must be as they are here; the suggested ones are an administrator's to change.
 */
import type {
  FlowSchemaSpec,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  PriorityLevelConfigurationSpec,
  ResourcePolicyRule,
  Subject,
} from "../types/flowcontrol-v1.ts";

type Named<T> = Readonly<Record<string, T>>;

const ALL = ["*"];
const EVERY_RESOURCE: ResourcePolicyRule = {
  verbs: ALL,
  apiGroups: ALL,
  resources: ALL,
  clusterScope: true,
  namespaces: ALL,
};
const EVERY_PATH: NonResourcePolicyRule = { verbs: ALL, nonResourceURLs: ALL };
const LEADER_ELECTION: readonly ResourcePolicyRule[] = [
  {
    verbs: ["get", "create", "update"],
    apiGroups: ["coordination.k8s.io"],
    resources: ["leases"],
    namespaces: ALL,
  },
];
const EVERYBODY = groups("system:unauthenticated", "system:authenticated");
const CONTROLLER_MANAGER = users("system:kube-controller-manager");
const SCHEDULER = users("system:kube-scheduler");

export const EXEMPT = "exempt";
export const CATCH_ALL = "catch-all";

export const MANDATORY_LEVELS: Named<PriorityLevelConfigurationSpec> = {
  [EXEMPT]: { type: "Exempt", exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  [CATCH_ALL]: {
    type: "Limited",
    limited: { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: "Reject" } },
  },
};

export const SUGGESTED_LEVELS: Named<PriorityLevelConfigurationSpec> = {
  system: queued(30, 33, 64, 6),
  "node-high": queued(40, 25, 64, 6),
  "leader-election": queued(10, 0, 16, 4),
  "workload-high": queued(40, 50, 128, 6),
  "workload-low": queued(100, 90, 128, 6),
  "global-default": queued(20, 50, 128, 6),
};

export const MANDATORY_SCHEMAS: Named<FlowSchemaSpec> = {
  [EXEMPT]: schema(EXEMPT, 1, undefined, everythingOf(groups("system:masters"))),
  [CATCH_ALL]: schema(CATCH_ALL, 10_000, "ByUser", everythingOf(EVERYBODY)),
};

export const SUGGESTED_SCHEMAS: Named<FlowSchemaSpec> = {
  "system-nodes": schema("system", 500, "ByUser", everythingOf(groups("system:nodes"))),
  "system-node-high": schema("node-high", 400, "ByUser", {
    subjects: groups("system:nodes"),
    resourceRules: [
      { verbs: ALL, apiGroups: [""], resources: ["nodes", "nodes/status"], clusterScope: true, namespaces: ALL },
      { verbs: ALL, apiGroups: ["coordination.k8s.io"], resources: ["leases"], namespaces: ALL },
    ],
  }),
  probes: schema(EXEMPT, 2, undefined, {
    subjects: EVERYBODY,
    nonResourceRules: [{ verbs: ["get"], nonResourceURLs: ["/healthz", "/readyz", "/livez"] }],
  }),
  "system-leader-election": schema("leader-election", 100, "ByUser", {
    subjects: [...CONTROLLER_MANAGER, ...SCHEDULER, ...systemAccounts("*")],
    resourceRules: LEADER_ELECTION,
  }),
  "workload-leader-election": schema("leader-election", 200, "ByUser", {
    subjects: systemAccounts("*"),
    resourceRules: LEADER_ELECTION,
  }),
  "endpoint-controller": schema("workload-high", 150, "ByUser", {
    subjects: [...CONTROLLER_MANAGER, ...systemAccounts("endpoint-controller", "endpointslicemirroring-controller")],
    resourceRules: [{ verbs: ["get", "create", "update"], apiGroups: [""], resources: ["endpoints"], namespaces: ALL }],
  }),
  "kube-controller-manager": schema("workload-high", 800, "ByNamespace", everythingOf(CONTROLLER_MANAGER)),
  "kube-scheduler": schema("workload-high", 800, "ByNamespace", everythingOf(SCHEDULER)),
  "kube-system-service-accounts": schema("workload-high", 900, "ByNamespace", everythingOf(systemAccounts("*"))),
  "service-accounts": schema("workload-low", 9_000, "ByUser", everythingOf(groups("system:serviceaccounts"))),
  "global-default": schema("global-default", 9_900, "ByUser", everythingOf(EVERYBODY)),
};

function queued(
  nominalConcurrencyShares: number,
  lendablePercent: number,
  queues: number,
  handSize: number,
): PriorityLevelConfigurationSpec {
  const limitResponse = { type: "Queue", queuing: { queues, handSize, queueLengthLimit: 50 } };
  return { type: "Limited", limited: { nominalConcurrencyShares, lendablePercent, limitResponse } };
}

function schema(
  level: string,
  matchingPrecedence: number,
  flows: "ByUser" | "ByNamespace" | undefined,
  rule: PolicyRulesWithSubjects,
): FlowSchemaSpec {
  return {
    priorityLevelConfiguration: { name: level },
    matchingPrecedence,
    ...(flows === undefined ? {} : { distinguisherMethod: { type: flows } }),
    rules: [rule],
  };
}

function everythingOf(subjects: readonly Subject[]): PolicyRulesWithSubjects {
  return { subjects, resourceRules: [EVERY_RESOURCE], nonResourceRules: [EVERY_PATH] };
}

function groups(...names: readonly string[]): Subject[] {
  return names.map((name) => ({ kind: "Group", group: { name } }));
}

function users(...names: readonly string[]): Subject[] {
  return names.map((name) => ({ kind: "User", user: { name } }));
}

function systemAccounts(...names: readonly string[]): Subject[] {
  return names.map((name) => ({ kind: "ServiceAccount", serviceAccount: { namespace: "kube-system", name } }));
}
