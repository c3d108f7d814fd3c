import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, before, describe, it } from "node:test";
import type { NewObject } from "#pkg/api/resource-ref.ts";
import type { TokenRequest } from "#pkg/api/types/authentication-v1.ts";
import { type Pod, pods, secrets, serviceaccounts } from "#pkg/api/types/core-v1.ts";
import { type Client, createClient } from "#pkg/client/index.ts";
import { startTestServer, type TestServer } from "../../testing.ts";

describe("serviceaccounts/token", () => {
  let test: TestServer;
  let client: Client;
  const at = { namespace: "d", name: "robot" };
  before(async () => {
    const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const serviceAccounts = { ...keys, keyId: "k", issuer: "https://i", audiences: ["https://a"] };
    test = await startTestServer(undefined, { serviceAccounts });
    client = createClient(test.transport);
    await client.create(serviceaccounts, { metadata: at });
    await client.create(secrets, { metadata: { namespace: "d", name: "there" } });
    const pod = { metadata: { namespace: "d", name: "p" }, spec: { containers: [{ name: "c", image: "i" }] } };
    await client.create(pods, pod as NewObject<Pod>);
  });
  after(() => test.close());
  const ask = (spec: object, metadata: object = {}): Promise<TokenRequest> =>
    client.createSub(serviceaccounts, at, "token", { metadata, spec });

  it("answers a token for the server's own audiences", async () => {
    const { spec, status, metadata } = await ask({ expirationSeconds: 600 });
    assert.deepEqual([spec?.audiences, spec?.expirationSeconds, metadata?.name], [["https://a"], 600, "robot"]);
    assert.equal(status?.token?.split(".").length, 3);
  });

  const refused: [string, object, object, RegExp][] = [
    ["a short life", { expirationSeconds: 599 }, {}, /may not specify a duration less than 10 minutes/],
    ["a long life", { expirationSeconds: 2 ** 32 + 1 }, {}, /may not specify a duration larger than 2\^32 seconds/],
    [
      "another name",
      {},
      { name: "other" },
      /metadata.name: Invalid value: "other": must match the service account name if specified/,
    ],
    [
      "a kind that nothing is bound to",
      { boundObjectRef: { apiVersion: "v1", kind: "ConfigMap", name: "m" } },
      {},
      /cannot bind token to object of type \/v1, Kind=ConfigMap/,
    ],
    [
      "a pod of another account",
      { boundObjectRef: { apiVersion: "v1", kind: "Pod", name: "p" } },
      {},
      /cannot bind token for serviceaccount "robot" to pod running with different serviceaccount name/,
    ],
    [
      "an object of another uid",
      { boundObjectRef: { apiVersion: "v1", kind: "Secret", name: "there", uid: "x" } },
      {},
      /Operation cannot be fulfilled on Secret "there": the UID in the bound object reference \(x\) does not match the UID in record/,
    ],
    [
      "an object that is gone",
      { boundObjectRef: { apiVersion: "v1", kind: "Secret", name: "s" } },
      {},
      /secrets "s" not found/,
    ],
  ];
  for (const [what, spec, metadata, expected] of refused)
    it(`refuses ${what}`, async () => {
      await assert.rejects(ask(spec, metadata), expected);
    });
});
