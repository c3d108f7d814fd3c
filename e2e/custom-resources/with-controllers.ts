import assert from "node:assert/strict";
import { it } from "node:test";
import { CRDS, type Loose, type Stage } from "./stage.ts";
import { WIDGET_CRD, widget } from "./widgets.ts";

const RBAC = "/apis/rbac.authorization.k8s.io/v1";

/** Custom resources as the controllers and the authorizer see them. Leaves the definition of widgets, and none of them. */
export function withControllers(stage: () => Stage): void {
  const done = async (method: string, path: string, body?: unknown): Promise<Loose> =>
    await stage().done(method, path, body);
  const space = async (name: string): Promise<void> =>
    void (await done("POST", "/api/v1/namespaces", { metadata: { name } }));
  const widgets = (namespace: string, name = ""): string =>
    `/apis/example.com/v1/namespaces/${namespace}/widgets${name === "" ? "" : `/${name}`}`;
  const maps = (namespace: string, name = ""): string =>
    `/api/v1/namespaces/${namespace}/configmaps${name === "" ? "" : `/${name}`}`;
  const ownedBy = ({ apiVersion, kind, metadata: { name, uid } }: Loose, blockOwnerDeletion = true): Loose => ({
    ownerReferences: [{ apiVersion, kind, name, uid, blockOwnerDeletion }],
  });

  it("collects dependents of custom resources, and custom resources that are dependents", async () => {
    await stage().define(WIDGET_CRD);
    await space("owners");
    const owner = await done("POST", widgets("owners"), widget("owner"));
    const middle = await done("POST", maps("owners"), { metadata: { name: "middle", ...ownedBy(owner) } });
    await done(
      "POST",
      widgets("owners"),
      widget("leaf", {}, ownedBy({ ...middle, apiVersion: "v1", kind: "ConfigMap" })),
    );
    const orphaned = await done("POST", widgets("owners"), widget("orphaner"));
    await done("POST", maps("owners"), { metadata: { name: "orphan", ...ownedBy(orphaned) } });
    await done("DELETE", `${widgets("owners", "owner")}?propagationPolicy=Foreground`);
    await done("DELETE", `${widgets("owners", "orphaner")}?propagationPolicy=Orphan`);
    for (const path of [widgets("owners", "owner"), maps("owners", "middle"), widgets("owners", "leaf")])
      await stage().eventually(`${path} collected`, () => stage().isGone(path));
    await stage().eventually("the orphaner gone", () => stage().isGone(widgets("owners", "orphaner")));
    const { metadata } = await done("GET", maps("owners", "orphan"));
    assert.equal("ownerReferences" in metadata, false);
    // Of an owner that never was.
    const lost = ownedBy({ apiVersion: "example.com/v1", kind: "Widget", metadata: { name: "no", uid: "no-such" } });
    await done("POST", widgets("owners"), widget("lost", {}, lost));
    await stage().eventually("the lost widget gone", () => stage().isGone(widgets("owners", "lost")));
  });

  it("empties a namespace of them when it goes, and says what holds it", async () => {
    await space("doomed");
    await done("POST", widgets("doomed"), widget("plain"));
    await done("POST", widgets("doomed"), widget("held", {}, { finalizers: ["example.com/held"] }));
    await done("DELETE", "/api/v1/namespaces/doomed");
    await stage().eventually("what remains is named", async () => {
      const { status } = await done("GET", "/api/v1/namespaces/doomed");
      const said = (type: string): string =>
        status.conditions?.find((each: Loose) => each["type"] === type && each["status"] === "True")?.message ?? "";
      return (
        said("NamespaceContentRemaining").includes("widgets.example.com has 1 resource instances") &&
        said("NamespaceFinalizersRemaining").includes("example.com/held in 1 resource instances")
      );
    });
    assert.equal(await stage().isGone(widgets("doomed", "plain")), true);
    const { code, body } = await stage().request("POST", widgets("doomed"), widget("late"));
    assert.deepEqual([code, body["details"].causes[0].reason], [403, "NamespaceTerminating"]);
    await stage().merge(widgets("doomed", "held"), { metadata: { finalizers: null } });
    await stage().eventually("the namespace gone", () => stage().isGone("/api/v1/namespaces/doomed"));
  });

  it("counts them against a quota", async () => {
    await space("counted");
    const quotas = "/api/v1/namespaces/counted/resourcequotas";
    await done("POST", quotas, { metadata: { name: "q" }, spec: { hard: { "count/widgets.example.com": "2" } } });
    const used = async (): Promise<string | undefined> =>
      (await done("GET", `${quotas}/q`))["status"].used?.["count/widgets.example.com"];
    await stage().eventually("the quota counted", async () => (await used()) === "0");
    for (const name of ["one", "two"]) await done("POST", widgets("counted"), widget(name));
    const { code, body } = await stage().request("POST", widgets("counted"), widget("three"));
    assert.equal(code, 403);
    assert.match(
      body["message"],
      /exceeded quota: q, requested: count\/widgets.example.com=1, used: count\/widgets.example.com=2, limited: count\/widgets.example.com=2/,
    );
    await done("DELETE", widgets("counted", "one"));
    await stage().eventually("the quota counted the end of one", async () => (await used()) === "1");
    await done("POST", widgets("counted"), widget("three"));
    await done("DELETE", "/api/v1/namespaces/counted");
  });

  it("lets those who have a role at them, also one that is aggregated", async () => {
    await space("guarded");
    await done("POST", widgets("guarded"), widget("one"));
    await done("POST", `${RBAC}/namespaces/guarded/rolebindings`, {
      metadata: { name: "edit" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "edit" },
      subjects: [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: "ann" }],
    });
    const asAnn = async (method: string, path: string, body?: unknown): Promise<number> =>
      (await stage().request(method, path, body, { "impersonate-user": "ann" })).code;
    assert.equal(await asAnn("GET", widgets("guarded")), 403);
    await done("POST", `${RBAC}/clusterroles`, {
      metadata: { name: "widget-editor", labels: { "rbac.authorization.k8s.io/aggregate-to-edit": "true" } },
      rules: [{ apiGroups: ["example.com"], resources: ["widgets"], verbs: ["get", "list", "watch", "create"] }],
    });
    await stage().eventually("ann may list", async () => (await asAnn("GET", widgets("guarded"))) === 200);
    assert.equal(await asAnn("POST", widgets("guarded"), widget("two")), 201);
    assert.equal(await asAnn("DELETE", widgets("guarded", "two")), 403);
    assert.equal(await asAnn("PUT", `${widgets("guarded", "two")}/status`, widget("two")), 403);
    assert.equal(await asAnn("GET", widgets("default")), 403);
    assert.match(await stage().kubectl("auth can-i create widgets.example.com -n guarded --as ann"), /^yes/);
    assert.match(
      await stage().refusal("auth can-i delete widgets.example.com -n guarded --as ann").catch(String),
      /no|^$/,
    );
    await done("DELETE", `${RBAC}/clusterroles/widget-editor`);
    await stage().eventually("ann may not list", async () => (await asAnn("GET", widgets("guarded"))) === 403);
    for (const name of ["guarded", "owners"]) await done("DELETE", `/api/v1/namespaces/${name}`);
    await stage().eventually("no widget anywhere", async () => {
      const { items } = await done("GET", "/apis/example.com/v1/widgets");
      return items.length === 0;
    });
    assert.equal((await stage().get(`${CRDS}/widgets.example.com`)).code, 200);
  });
}
