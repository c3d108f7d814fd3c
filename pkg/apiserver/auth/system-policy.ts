/**
 * What the cluster's own identities may do. Upstream keeps these as ClusterRoles and bindings that it creates at start;
 * here they hold without objects, so that a component works before anything is stored.
 */
import type { PolicyRule } from "#pkg/api/types/rbac-v1.ts";
import type { Authorizer, UserInfo } from "../types.ts";
import { ruleAllows } from "./policy-rule.ts";

interface Policy {
  readonly appliesTo: (user: UserInfo) => boolean;
  readonly rules: readonly PolicyRule[];
}

const READ = ["get", "list", "watch"];
const WRITE = ["create", "update", "patch", "delete"];
const inGroup = (group: string) => (user: UserInfo) => user.groups.includes(group);
const named = (name: string) => (user: UserInfo) => user.name === name;
const rule = (verbs: readonly string[], apiGroup: string, ...resources: string[]): PolicyRule => ({
  verbs,
  apiGroups: [apiGroup],
  resources,
});
const paths = (...nonResourceURLs: string[]): PolicyRule => ({ verbs: ["get"], nonResourceURLs });

/** Single checks below them are for system:monitoring. */
const HEALTH_AND_VERSION = ["/healthz", "/livez", "/readyz", "/version", "/version/"];
const DISCOVERY = ["/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*"];
const EVENTS = [rule([...READ, ...WRITE], "", "events"), rule([...READ, ...WRITE], "events.k8s.io", "events")];
const REVIEWS = [
  rule(["create"], "authentication.k8s.io", "tokenreviews"),
  rule(["create"], "authorization.k8s.io", "subjectaccessreviews"),
];

const POLICIES: readonly Policy[] = [
  // system:public-info-viewer
  { appliesTo: () => true, rules: [paths(...HEALTH_AND_VERSION)] },
  // system:service-account-issuer-discovery
  {
    appliesTo: inGroup("system:serviceaccounts"),
    rules: [paths("/.well-known/openid-configuration", "/.well-known/openid-configuration/", "/openid/v1/jwks")],
  },
  // system:discovery, system:basic-user
  {
    appliesTo: inGroup("system:authenticated"),
    rules: [
      paths(...HEALTH_AND_VERSION, ...DISCOVERY),
      rule(["create"], "authorization.k8s.io", "selfsubjectaccessreviews", "selfsubjectrulesreviews"),
      rule(["create"], "authentication.k8s.io", "selfsubjectreviews"),
    ],
  },
  // The API server's own client, which asks kubelets on callers' behalf.
  { appliesTo: named("system:apiserver"), rules: [rule(["*"], "*", "*"), { verbs: ["*"], nonResourceURLs: ["*"] }] },
  // The garbage collector and the namespace controller delete every kind there is.
  {
    appliesTo: named("system:kube-controller-manager"),
    rules: [rule(["*"], "*", "*"), { verbs: ["*"], nonResourceURLs: ["*"] }],
  },
  {
    appliesTo: named("system:kube-scheduler"),
    rules: [
      rule([...READ, "delete"], "", "pods"),
      rule(["create"], "", "bindings", "pods/binding"),
      rule(["patch", "update"], "", "pods/status"),
      rule(READ, "", "nodes", "namespaces", "services", "replicationcontrollers", "persistentvolumes"),
      rule([...READ, "patch", "update"], "", "persistentvolumeclaims"),
      rule(READ, "apps", "replicasets", "statefulsets"),
      rule(READ, "policy", "poddisruptionbudgets"),
      rule(READ, "storage.k8s.io", "*"),
      rule([...READ, "patch", "update"], "resource.k8s.io", "*"),
      rule(READ, "scheduling.k8s.io", "priorityclasses"),
      rule([...READ, ...WRITE], "coordination.k8s.io", "leases"),
      ...EVENTS,
      ...REVIEWS,
    ],
  },
  {
    appliesTo: inGroup("system:nodes"),
    rules: [
      rule(
        READ,
        "",
        "services",
        "endpoints",
        "configmaps",
        "secrets",
        "persistentvolumes",
        "persistentvolumeclaims",
        "namespaces",
      ),
      rule([...READ, "create", "update", "patch", "delete"], "", "nodes"),
      rule(["patch", "update", "get"], "", "nodes/status"),
      rule([...READ, "create", "delete"], "", "pods"),
      rule(["get", "patch", "update"], "", "pods/status"),
      rule(["create"], "", "pods/eviction"),
      rule(["get"], "", "serviceaccounts"),
      rule(["create"], "", "serviceaccounts/token"),
      rule(["get", "patch", "update"], "", "persistentvolumeclaims/status"),
      rule([...READ, ...WRITE], "coordination.k8s.io", "leases"),
      rule(READ, "discovery.k8s.io", "endpointslices"),
      rule(READ, "networking.k8s.io", "*"),
      rule(READ, "node.k8s.io", "runtimeclasses"),
      rule([...READ, ...WRITE], "storage.k8s.io", "csinodes"),
      rule(READ, "storage.k8s.io", "csidrivers", "volumeattachments", "storageclasses"),
      rule([...READ, ...WRITE], "resource.k8s.io", "resourceslices"),
      rule(READ, "resource.k8s.io", "resourceclaims"),
      rule(["create", ...READ], "certificates.k8s.io", "certificatesigningrequests"),
      ...EVENTS,
      ...REVIEWS,
    ],
  },
  {
    appliesTo: named("system:kube-proxy"),
    rules: [
      rule(READ, "", "services", "endpoints", "nodes"),
      rule(READ, "discovery.k8s.io", "endpointslices"),
      rule(READ, "networking.k8s.io", "servicecidrs"),
      ...EVENTS,
    ],
  },
];

/** Allows what the fixed policies say and has no opinion on anything else. */
export const systemPolicyAuthorizer: Authorizer = {
  authorize: (user, info) => {
    const allowed = POLICIES.some(
      (policy) => policy.appliesTo(user) && policy.rules.some((each) => ruleAllows(each, info)),
    );
    return { decision: allowed ? "allow" : "no-opinion", reason: "" };
  },
  rulesFor: async (user) => {
    const rules = POLICIES.filter((policy) => policy.appliesTo(user)).flatMap((policy) => policy.rules);
    return {
      resourceRules: rules.filter((each) => each.resources !== undefined),
      nonResourceRules: rules
        .filter((each) => each.nonResourceURLs !== undefined)
        .map(({ verbs, nonResourceURLs = [] }) => ({ verbs, nonResourceURLs })),
      incomplete: false,
    };
  },
};
