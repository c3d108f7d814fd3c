import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Lease } from "#pkg/api/types/coordination-v1.ts";
import type { Endpoints } from "#pkg/api/types/core-v1.ts";
import type { Transport } from "#pkg/client/types.ts";
import { type ApiError, isConflict } from "#pkg/errors/index.ts";
import { startTestServer } from "../testing.ts";

const LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases";

const put = async (transport: Transport, metadata: object, holderIdentity: string): Promise<Lease> =>
  (await transport.request({
    method: "PUT",
    path: `${LEASES}/a`,
    body: { metadata, spec: { holderIdentity } },
  })) as Lease;

describe("update of what is not there", () => {
  it("refuses to make another of the object that the caller means", async (t) => {
    const { transport } = await startTestServer(t);
    await assert.rejects(put(transport, { name: "a", uid: "u", resourceVersion: "7" }, "me"), (err: ApiError) => {
      assert.ok(isConflict(err));
      assert.match(err.message, /Precondition failed: UID in precondition: u, UID in object meta: $/);
      return true;
    });
  });

  it("creates it, whatever revision it had", async (t) => {
    const { transport } = await startTestServer(t);
    const created = await put(transport, { name: "a", resourceVersion: "7" }, "me");
    assert.equal(created.spec?.holderIdentity, "me");
  });

  it("updates it where somebody else created it meanwhile", async (t) => {
    const { transport } = await startTestServer(t);
    const path = "/api/v1/namespaces/default/endpoints/a";
    const write = (holder: string): Promise<unknown> =>
      transport.request({ method: "PUT", path, body: { metadata: { name: "a", labels: { holder } } } });
    const answers = (await Promise.all(["one", "two", "three"].map(write))) as Endpoints[];
    assert.deepEqual(
      answers.map(({ metadata }) => metadata.labels?.["holder"]),
      ["one", "two", "three"],
    );
    assert.equal(new Set(answers.map(({ metadata }) => metadata.uid)).size, 1);
  });
});
