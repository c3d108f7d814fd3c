import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { namespaces } from "#pkg/api/types/core-v1.ts";
import { clusterrolebindings, clusterroles, type PolicyRule, rolebindings, roles } from "#pkg/api/types/rbac-v1.ts";
import { type Client, createClient } from "#pkg/client/index.ts";
import type { ApiError } from "#pkg/errors/index.ts";
import { startTestServer, type TestServer } from "../testing.ts";

const GROUP = "rbac.authorization.k8s.io";
const rule = (verbs: string[], resources: string[], apiGroup = ""): PolicyRule => ({
  verbs,
  apiGroups: [apiGroup],
  resources,
});
const bound = (name: string, role: string) => ({
  metadata: { name },
  roleRef: { apiGroup: GROUP, kind: "ClusterRole", name: role },
  subjects: [{ apiGroup: GROUP, kind: "User", name }],
});

describe("RbacEscalation", () => {
  let test: TestServer;
  let admin: Client;
  const as = (name: string): Client => createClient(test.server.transport({ name, groups: ["system:authenticated"] }));
  before(async () => {
    test = await startTestServer();
    admin = createClient(test.transport);
    await admin.create(namespaces, { metadata: { name: "a" }, spec: {} });
    const manage = rule(["create", "update", "patch", "get"], ["roles", "clusterroles", "rolebindings"], GROUP);
    const held = [manage, rule(["get", "list"], ["pods"])];
    await admin.create(clusterroles, { metadata: { name: "manager" }, rules: held });
    await admin.create(clusterroles, { metadata: { name: "admin" }, rules: [rule(["*"], ["*"], "*")] });
    const trusted = [...held, rule(["escalate"], ["roles"], GROUP), rule(["bind"], ["clusterroles"], GROUP)];
    await admin.create(clusterroles, { metadata: { name: "trusted" }, rules: trusted });
    for (const name of ["manager", "trusted"]) await admin.create(clusterrolebindings, bound(name, name));
  });
  after(() => test.close());

  it("lets roles be written with what their author holds, and no more", async () => {
    const manager = as("manager");
    const role = { metadata: { name: "r", namespace: "a" }, rules: [rule(["get"], ["pods"])] };
    const made = await manager.create(roles, role);
    const more = { ...made, rules: [rule(["get", "delete", "create"], ["pods", "secrets"])] };
    await assert.rejects(manager.update(roles, more), (err: ApiError) => {
      assert.equal(err.code, 403);
      assert.equal(
        err.message,
        `roles.rbac.authorization.k8s.io "r" is forbidden: user "manager" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n` +
          `{APIGroups:[""], Resources:["pods"], Verbs:["delete" "create"]}\n` +
          `{APIGroups:[""], Resources:["secrets"], Verbs:["get" "delete" "create"]}`,
      );
      assert.deepEqual(err.details, { name: "r", group: GROUP, kind: "roles" });
      return true;
    });
    await as("trusted").update(roles, more);
  });

  it("wants a cluster administrator for aggregation rules", async () => {
    const role = {
      metadata: { name: "agg" },
      rules: [],
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: "b" } }] },
    };
    await assert.rejects(as("manager").create(clusterroles, role), {
      code: 403,
      message: /must have cluster-admin privileges to use the aggregationRule$/,
    });
    await admin.create(clusterroles, role);
  });

  it("lets bindings be written to roles that their author holds, or may bind", async () => {
    const binding = (name: string, role: string) => ({
      ...bound(name, role),
      metadata: { name, namespace: "a" },
    });
    await as("manager").create(rolebindings, binding("own", "manager"));
    await assert.rejects(as("manager").create(rolebindings, binding("x", "admin")), {
      code: 403,
      message: /\{APIGroups:\["\*"\], Resources:\["\*"\], Verbs:\["\*"\]\}$/,
    });
    await assert.rejects(as("manager").create(rolebindings, binding("x", "none")), {
      code: 404,
      message: 'clusterroles.rbac.authorization.k8s.io "none" not found',
    });
    const made = await as("trusted").create(rolebindings, binding("x", "admin"));
    await assert.rejects(admin.update(rolebindings, { ...made, roleRef: { ...made.roleRef, name: "manager" } }), {
      code: 422,
      message: /roleRef: Invalid value: .*: cannot change roleRef/,
    });
  });

  it("does not multiply rules without end", async () => {
    const many = Array.from({ length: 100 }, (_, i) => `r${i}`);
    const huge = {
      metadata: { name: "h", namespace: "a" },
      rules: [rule(many, many), { ...rule(many, many), resourceNames: many }],
    };
    await assert.rejects(as("manager").create(roles, huge), { code: 403, message: /more than 100000 permissions/ });
  });

  it("says by which binding somebody is allowed, and which role is missing where nobody is", async () => {
    await admin.create(clusterrolebindings, bound("lost", "gone"));
    const review = (user: string, resource: string) =>
      admin.raw({
        method: "POST",
        path: "/apis/authorization.k8s.io/v1/subjectaccessreviews",
        body: {
          apiVersion: "authorization.k8s.io/v1",
          kind: "SubjectAccessReview",
          spec: { user, resourceAttributes: { verb: "get", resource } },
        },
      }) as Promise<{ status: unknown }>;
    assert.deepEqual((await review("manager", "pods")).status, {
      allowed: true,
      reason: 'RBAC: allowed by ClusterRoleBinding "manager" of ClusterRole "manager" to User "manager"',
    });
    assert.deepEqual((await review("lost", "pods")).status, {
      allowed: false,
      reason: 'RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found',
    });
  });
});
