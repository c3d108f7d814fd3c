import assert from "node:assert/strict";
import { it } from "node:test";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import { isConflict } from "#pkg/errors/index.ts";
import { crdOf, establish, versionOf } from "../customresources/testing.ts";
import { startTestServer } from "../testing.ts";
import { startTestWebhook } from "../webhook/testing.ts";

type HostPort = KubeObject & { spec: { hostPort?: string; host?: string; port?: string } };
interface Review {
  readonly apiVersion: string;
  readonly kind: string;
  readonly request: { readonly uid: string; readonly desiredAPIVersion: string; readonly objects: readonly HostPort[] };
}

/** v1 says "host:port" in one field, v2 in two. */
function converted(object: HostPort, apiVersion: string): object {
  const { host = "", port = "", hostPort = "" } = object.spec;
  const [h = "", p = ""] = hostPort.split(":");
  const twice = object.apiVersion === apiVersion;
  if (twice) return object;
  return {
    ...object,
    apiVersion,
    spec: apiVersion.endsWith("/v2") ? { host: h, port: p } : { hostPort: `${host}:${port}` },
  };
}

it("owners in other versions are found through the conversion webhook", async (t) => {
  const webhook = await startTestWebhook(t, (review) => {
    const { apiVersion, kind, request } = review as unknown as Review;
    const convertedObjects = request.objects.map((each) => converted(each, request.desiredAPIVersion));
    return { apiVersion, kind, response: { uid: request.uid, result: { status: "Success" }, convertedObjects } };
  });
  const { transport } = await startTestServer(t);
  await establish(
    transport,
    crdOf("endpoints", "Endpoint", {
      versions: [versionOf("v1", { storage: true }), versionOf("v2")],
      conversion: {
        strategy: "Webhook",
        webhook: { clientConfig: webhook.clientConfig("/convert"), conversionReviewVersions: ["v1"] },
      },
    }),
  );
  const apply = async (version: string, fieldManager: string, spec: object): Promise<HostPort> =>
    (await transport.request({
      method: "PATCH",
      path: `/apis/stable.example.com/${version}/namespaces/default/endpoints/e`,
      contentType: "application/apply-patch+yaml",
      query: { fieldManager },
      body: { apiVersion: `stable.example.com/${version}`, kind: "Endpoint", metadata: { name: "e" }, spec },
    })) as HostPort;
  await apply("v1", "one", { hostPort: "a:1" });
  await assert.rejects(apply("v2", "two", { port: "2" }), (err) => {
    assert.ok(isConflict(err));
    assert.equal((err as Error).message, 'Apply failed with 1 conflict: conflict with "one": .spec.hostPort');
    return true;
  });
  const patched = (await transport.request({
    method: "PATCH",
    path: "/apis/stable.example.com/v2/namespaces/default/endpoints/e",
    contentType: "application/merge-patch+json",
    query: { fieldManager: "three" },
    body: { spec: { port: "3" } },
  })) as HostPort;
  assert.deepEqual(
    patched.metadata.managedFields?.map(({ manager, fieldsV1 }) => [manager, fieldsV1]),
    [["three", { "f:spec": { "f:port": {} } }]],
  );
});
