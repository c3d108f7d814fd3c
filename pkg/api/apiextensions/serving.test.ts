// Custom resources through a real API server: what a client is answered, and what lies in the store afterwards.
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { CRDS, crdOf, establish, versionOf } from "#pkg/apiserver/customresources/testing.ts";
import { startTestServer } from "#pkg/apiserver/testing.ts";
import type { Transport } from "#pkg/client/types.ts";
import { ApiError } from "#pkg/errors/index.ts";

type Loose = Record<string, any>; // oxlint-disable-line no-explicit-any -- objects of every kind
const CRONTABS = "/apis/stable.example.com/v1/namespaces/default/crontabs";

const schema = {
  openAPIV3Schema: {
    type: "object",
    properties: {
      spec: {
        type: "object",
        properties: {
          replicas: { type: "integer", minimum: 0 },
          image: { type: "string", default: "nginx", pattern: "^[a-z]+$" },
        },
        "x-kubernetes-validations": [{ rule: "!has(self.replicas) || self.replicas != 13", message: "13 is unlucky" }],
      },
      status: { type: "object", properties: { replicas: { type: "integer" }, phase: { type: "string" } } },
    },
  },
};
const subresources = {
  status: {},
  scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" },
};
const cronTab = (spec: Loose, more: Loose = {}): Loose => ({
  apiVersion: "stable.example.com/v1",
  kind: "CronTab",
  metadata: { name: "a" },
  spec,
  ...more,
});

async function start(t: TestContext, version: Loose = {}): Promise<Transport> {
  const { transport } = await startTestServer(t);
  const versions = [versionOf("v1", { storage: true, schema: schema as never, subresources, ...version })];
  await establish(transport, crdOf("crontabs", "CronTab", { versions }));
  return transport;
}
const send = async (transport: Transport, method: string, path: string, body?: Loose, query = {}): Promise<Loose> => {
  const request = { method: method as "GET", path, query, ...(body === undefined ? {} : { body }) };
  // What the server answers in the same process is frozen.
  return structuredClone(await transport.request(request)) as Loose;
};

const refusal = async (call: Promise<unknown>): Promise<{ code: number; message: string }> => {
  try {
    await call;
  } catch (err) {
    if (err instanceof ApiError) return { code: err.code, message: err.message };
    throw err;
  }
  throw new Error("not refused");
};

describe("custom resources", () => {
  it("are pruned, defaulted, checked and scaled when clients write them", async (t) => {
    const transport = await start(t);
    const made = await send(transport, "POST", CRONTABS, cronTab({ replicas: 1, more: 1 }, { status: { phase: "x" } }));
    assert.deepEqual(made["spec"], { replicas: 1, image: "nginx" });
    assert.equal(made["status"], undefined);
    assert.deepEqual(
      await refusal(send(transport, "POST", CRONTABS, cronTab({ more: 1 }), { fieldValidation: "Strict" })),
      {
        code: 400,
        message:
          'CronTab in version "v1" cannot be handled as a CronTab: strict decoding error: unknown field "spec.more"',
      },
    );
    const wrong = cronTab({ replicas: -1, image: "A" }, { metadata: { name: "b" } });
    assert.deepEqual(await refusal(send(transport, "POST", CRONTABS, wrong)), {
      code: 422,
      message:
        'CronTab.stable.example.com "b" is invalid: [spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0, spec.image: Invalid value: "A": spec.image in body should match \'^[a-z]+$\', .spec.replicas: Invalid value: -1: should be a non-negative integer]',
    });
    const unlucky = 'CronTab.stable.example.com "a" is invalid: spec: Invalid value: "object": 13 is unlucky';
    const scale = { apiVersion: "autoscaling/v1", kind: "Scale", metadata: { name: "a" }, spec: { replicas: 13 } };
    assert.equal((await refusal(send(transport, "PUT", `${CRONTABS}/a/scale`, scale))).message, unlucky);
    await send(transport, "PUT", `${CRONTABS}/a/scale`, { ...scale, spec: { replicas: 3 } });
    const scaled = await send(transport, "GET", `${CRONTABS}/a`);
    assert.deepEqual([scaled["spec"].replicas, scaled["metadata"].generation], [3, 2]);
    const status = { ...scaled, status: { replicas: "x" } };
    assert.deepEqual(await refusal(send(transport, "PUT", `${CRONTABS}/a/status`, status)), {
      code: 422,
      message:
        'CronTab.stable.example.com "a" is invalid: [status.replicas: Invalid value: "string": replicas in body must be of type integer: "string", .status.replicas: Invalid value: 0: .status.replicas accessor error: x is of the type string, expected int64, <nil>: Invalid value: "null": some validation rules were not checked because the object was invalid; correct the existing errors to complete validation]',
    });
    const { resourceVersion: _resourceVersion, ...metadata } = scaled["metadata"];
    assert.equal((await refusal(send(transport, "PUT", `${CRONTABS}/a`, { ...scaled, metadata }))).code, 422);
  });

  it("get new defaults when the schema has them, though they were stored before", async (t) => {
    const transport = await start(t);
    await send(transport, "POST", CRONTABS, cronTab({ replicas: 1 }));
    const crd = await send(transport, "GET", `${CRDS}/crontabs.stable.example.com`);
    const { properties } = crd["spec"].versions[0].schema.openAPIV3Schema.properties.spec;
    properties.mode = { type: "string", default: "fast" };
    delete properties.image;
    await send(transport, "PUT", `${CRDS}/crontabs.stable.example.com`, crd);
    assert.deepEqual((await send(transport, "GET", `${CRONTABS}/a`))["spec"], { replicas: 1, mode: "fast" });
    assert.deepEqual((await send(transport, "GET", CRONTABS))["items"][0].spec, { replicas: 1, mode: "fast" });
  });

  it("are not served when their definition is refused", async (t) => {
    const { transport } = await startTestServer(t);
    const versions = [
      versionOf("v1", { storage: true, schema: { openAPIV3Schema: { type: "object", properties: { spec: {} } } } }),
    ];
    assert.deepEqual(await refusal(send(transport, "POST", CRDS, crdOf("crontabs", "CronTab", { versions }))), {
      code: 422,
      message:
        'CustomResourceDefinition.apiextensions.k8s.io "crontabs.stable.example.com" is invalid: spec.validation.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields',
    });
  });

  it("cannot reach JavaScript's own objects when a scale path tries to", async (t) => {
    const scale = { specReplicasPath: ".spec.__proto__.replicas", statusReplicasPath: ".status.replicas" };
    const open = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
    const transport = await start(t, { schema: open, subresources: { scale } });
    await send(transport, "POST", CRONTABS, cronTab(JSON.parse('{"__proto__":{"replicas":1}}') as Loose));
    const body = { apiVersion: "autoscaling/v1", kind: "Scale", metadata: { name: "a" }, spec: { replicas: 3 } };
    await send(transport, "PUT", `${CRONTABS}/a/scale`, body);
    assert.equal(({} as Loose)["replicas"], undefined);
    assert.equal((await send(transport, "GET", `${CRONTABS}/a/scale`))["spec"].replicas, 3);
  });
});
