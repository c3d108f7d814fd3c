import assert from "node:assert/strict";
import { it } from "node:test";
import { FLEET_CRD, GATE_CRD, MONITOR_CRD, UNBOUNDED_CRD } from "./operator-crds.ts";
import { CRDS, type Loose, type Stage } from "./stage.ts";

const of = (kind: string, name: string, spec: Loose): Loose => ({
  apiVersion: "example.com/v1",
  kind,
  metadata: { name },
  spec,
});

/** Definitions as operators bring them, through kubectl. Takes them away. */
export function withOperators(stage: () => Stage): void {
  const monitors = "/apis/example.com/v1/namespaces/default/monitors";
  const gates = "/apis/example.com/v1/namespaces/default/gates";
  const fleets = "/apis/example.com/v1/fleets";

  it("takes large schemas, explains them, and refuses a rule that costs too much", async () => {
    for (const crd of [MONITOR_CRD, GATE_CRD, FLEET_CRD]) {
      assert.match(await stage().kubectl("apply --server-side -f -", crd), /serverside-applied/);
      assert.match(await stage().kubectl("apply --server-side -f -", crd), /serverside-applied/);
      await stage().established(crd.metadata.name);
    }
    const { code, body } = await stage().request("POST", CRDS, UNBOUNDED_CRD);
    assert.equal(code, 422);
    assert.match(body["message"], /estimated rule cost exceeds budget by factor of/);
    assert.match(body["message"], /maxItems/);
    const fields = await stage().kubectl("explain fleet.spec --recursive");
    assert.equal(fields.match(/livenessProbe/g)?.length, 6);
    assert.match(await stage().kubectl("explain monitor.spec.containers.env.valueFrom.secretKeyRef"), /key\t<string>/);
  });

  it("keeps what a template says, checks what the schema names, and merges lists by their keys", async () => {
    const container = {
      name: "main",
      image: "i",
      ports: [{ containerPort: 80 }],
      resources: { limits: { cpu: 1, memory: "1Gi" } },
    };
    const podTemplate = { spec: { anything: [{ goes: { here: 1.5 } }], containers: [{ name: "x", bogus: null }] } };
    const spec = { replicas: 3, containers: [container], podTemplate, maxUnavailable: "25%" };
    await stage().kubectl("apply --server-side -f -", of("Monitor", "m", spec));
    const stored = await stage().done("GET", `${monitors}/m`);
    assert.deepEqual(stored["spec"].podTemplate, podTemplate);
    assert.equal(stored["spec"].retention, "24h");
    assert.deepEqual(stored["spec"].containers[0].ports, [{ containerPort: 80, protocol: "TCP" }]);
    const other = of("Monitor", "m", { replicas: 3, containers: [{ name: "side", image: "j" }] });
    await stage().kubectl("apply --server-side --field-manager=other -f -", other);
    const merged = await stage().done("GET", `${monitors}/m`);
    assert.deepEqual(
      merged["spec"].containers.map((each: Loose) => each["name"]),
      ["main", "side"],
    );
    for (const [wrong, message] of [
      [{ maxUnavailable: 1.5 }, /spec\.maxUnavailable/],
      [{ retention: "soon" }, /spec\.retention.* in body should match/],
      [{ resources: { limits: { cpu: "much" } } }, /spec\.resources\.limits\.cpu.* in body should match/],
      [
        { containers: [{ name: "a", livenessProbe: { httpGet: { path: "/" } } }] },
        /livenessProbe\.httpGet\.port: Required value/,
      ],
      [{ containers: [{ name: "a" }, { name: "a" }] }, /spec\.containers\[1\]: Duplicate value/],
    ] as const) {
      const { code, body } = await stage().request("POST", monitors, of("Monitor", "w", { replicas: 1, ...wrong }));
      assert.equal(code, 422, JSON.stringify(body));
      assert.match(body["message"], message);
    }
    const conditions = [{ type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" }];
    await stage().merge(`${monitors}/m/status`, { status: { conditions } });
    await stage().kubectl("wait monitor/m --for=condition=Ready --timeout=5s");
  });

  it("holds objects to their rules, in updates too", async () => {
    const http = { name: "http", port: 80, protocol: "HTTP" };
    const gate = (listeners: Loose[], className = "c"): Loose => of("Gate", "g", { className, listeners });
    await stage().kubectl("apply -f -", gate([http, { name: "https", port: 443, protocol: "HTTPS", tls: {} }]));
    const { spec } = await stage().done("GET", `${gates}/g`);
    assert.deepEqual(spec.listeners[1].tls, { mode: "Terminate" });
    const refusal = (object: Loose): Promise<string> => stage().refusal("apply -f -", object);
    assert.match(await refusal(gate([http], "other")), /spec: Invalid value: .*: className is immutable/);
    assert.match(await refusal(gate([http, { ...http, name: "again" }])), /spec\.listeners: .*: Combination of port/);
    assert.match(await refusal(gate([{ ...http, tls: {} }])), /spec\.listeners: .*: tls must not be specified/);
    assert.match(await refusal(gate([])), /spec\.listeners.* should have at least 1 items/);
  });

  it("treats whole objects inside an object as objects", async () => {
    const template = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "x", junk: 1 },
      spec: { paused: true },
    };
    const path = `${fleets}?fieldValidation=Warn`;
    const made = await stage().done(
      "POST",
      path,
      of("Fleet", "f", { template, anything: [1, "a", { b: null }], nothing: null }),
    );
    assert.deepEqual(made["spec"].template, {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "x" },
      spec: { paused: true, replicas: 1 },
    });
    assert.deepEqual(made["spec"].anything, [1, "a", { b: null }]);
    assert.deepEqual([made["spec"].nothing, made["spec"].paused], [null, false]);
    const { code, body } = await stage().request("POST", fleets, of("Fleet", "w", { manifests: [{ spec: {} }] }));
    assert.equal(code, 422);
    assert.match(body["message"], /spec\.manifests\[0\]\.apiVersion: Required value: must not be empty/);
    await stage().kubectl(`patch fleet f --type=json -p '[{"op":"add","path":"/spec/anything/-","value":true}]'`);
    for (const { metadata } of [MONITOR_CRD, GATE_CRD, FLEET_CRD])
      await stage().kubectl(`delete crd ${metadata.name} --timeout=10s`);
  });
}
