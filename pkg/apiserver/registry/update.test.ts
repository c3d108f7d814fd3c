import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Lease } from "#pkg/api/types/coordination-v1.ts";
import type { ConfigMap, Endpoints } from "#pkg/api/types/core-v1.ts";
import type { Transport } from "#pkg/client/types.ts";
import { type ApiError, isConflict, isNotFound } from "#pkg/errors/index.ts";
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

  it("says so of kinds that a PUT does not create, and of their status", async (t) => {
    const { transport } = await startTestServer(t);
    for (const path of ["/api/v1/namespaces/default/pods/a", "/api/v1/namespaces/default/pods/a/status"]) {
      const body = { metadata: { name: "a", uid: "u" } };
      await assert.rejects(transport.request({ method: "PUT", path, body }), (err: ApiError) => {
        assert.ok(isConflict(err));
        assert.equal(
          err.message,
          'Operation cannot be fulfilled on pods "a": StorageError: invalid object, Code: 4, Key: /registry/pods/default/a, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: u, UID in object meta: ',
        );
        return true;
      });
      const nameless = transport.request({ method: "PUT", path, body: { metadata: { name: "a" } } });
      await assert.rejects(nameless, isNotFound);
    }
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

describe("update of another object of the name", () => {
  it("is a conflict as PUT, and no change of the uid as a patch", async (t) => {
    const { transport } = await startTestServer(t);
    const path = "/api/v1/namespaces/default/configmaps/a";
    const body = { metadata: { name: "a", uid: "u" } };
    const { metadata } = (await transport.request({
      method: "POST",
      path: "/api/v1/namespaces/default/configmaps",
      body: { metadata: { name: "a" } },
    })) as ConfigMap;
    await assert.rejects(transport.request({ method: "PUT", path, body }), (err: ApiError) => {
      assert.ok(isConflict(err));
      assert.match(
        err.message,
        new RegExp(`: StorageError: .*/default/a, .*: u, UID in object meta: ${metadata.uid}$`),
      );
      return true;
    });
    for (const contentType of ["application/merge-patch+json", "application/apply-patch+yaml"] as const) {
      const patch = { apiVersion: "v1", kind: "ConfigMap", ...body };
      const query = { fieldManager: "m" };
      await assert.rejects(
        transport.request({ method: "PATCH", path, query, body: patch, contentType }),
        (err: ApiError) => {
          assert.equal(err.code, 422);
          assert.deepEqual(err.details?.causes, [
            {
              reason: "FieldValueInvalid",
              message: 'Invalid value: "u": field is immutable',
              field: "metadata.uid",
            },
          ]);
          return true;
        },
      );
      const late = { ...patch, metadata: { ...patch.metadata, resourceVersion: "999999" } };
      await assert.rejects(transport.request({ method: "PATCH", path, query, body: late, contentType }), isConflict);
    }
  });
});
