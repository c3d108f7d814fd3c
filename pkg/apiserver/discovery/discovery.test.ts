import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ResourceDefinition } from "#pkg/api/index.ts";
import type { Reply, RequestContext } from "../types.ts";
import { createDiscovery } from "./discovery.ts";

type Json = Record<string, unknown>;

function definition(group: string, version: string, kind: string, more: Partial<ResourceDefinition> = {}) {
  const singular = kind.toLowerCase();
  return {
    group,
    version,
    kind,
    plural: `${singular}s`,
    singular,
    shortNames: [],
    categories: [],
    namespaced: true,
    verbs: ["get", "list", "watch"],
    subresources: {},
    storage: { prefix: `${singular}s`, apiVersion: group === "" ? version : `${group}/${version}` },
    strategy: {},
    ...more,
  } as unknown as ResourceDefinition;
}

const pod = definition("", "v1", "Pod", {
  shortNames: ["po"],
  subresources: {
    status: { kind: "Pod", verbs: ["get"] },
    eviction: { kind: "Eviction", group: "policy", version: "v1", verbs: ["create"] },
  },
});
const deployment = definition("apps", "v1", "Deployment");

function discoveryOf(definitions: () => readonly ResourceDefinition[]) {
  const discovery = createDiscovery({
    definitions,
    serverAddress: "10.0.0.1:6443",
    build: { gitVersion: "v1.36.2+minik1", gitCommit: "c", buildDate: "2026-01-01T00:00:00Z" },
    otherPaths: ["/healthz"],
    openIdKeys: { issuer: "https://i", jwksUri: "https://i/openid/v1/jwks", keys: [{ alg: "ES256" }] },
  });
  const reply = async (path: string, headers: Record<string, string> = {}, method = "GET") => {
    const handler = discovery.find(path);
    assert.ok(handler, `nothing at ${path}`);
    return (await handler({ method, headers } as unknown as RequestContext)) as Extract<Reply, { kind: "bytes" }>;
  };
  const json = async (path: string, headers: Record<string, string> = {}) =>
    JSON.parse(Buffer.from((await reply(path, headers)).body).toString()) as Json;
  return { discovery, reply, json };
}

const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

describe("createDiscovery", () => {
  const { discovery, reply, json } = discoveryOf(() => list);
  const list = [pod, deployment];

  it("lists core's resources with their subresources, sorted, and hashes as upstream's", async () => {
    assert.deepEqual(await json("/api/v1"), {
      kind: "APIResourceList",
      groupVersion: "v1",
      resources: [
        {
          name: "pods",
          singularName: "pod",
          namespaced: true,
          kind: "Pod",
          verbs: ["get", "list", "watch"],
          shortNames: ["po"],
          storageVersionHash: "xPOwRZ+Yhw8=",
        },
        {
          name: "pods/eviction",
          singularName: "",
          namespaced: true,
          group: "policy",
          version: "v1",
          kind: "Eviction",
          verbs: ["create"],
        },
        { name: "pods/status", singularName: "", namespaced: true, kind: "Pod", verbs: ["get"] },
      ],
    });
  });

  it("names groups with their preferred version", async () => {
    const apps = {
      name: "apps",
      versions: [{ groupVersion: "apps/v1", version: "v1" }],
      preferredVersion: { groupVersion: "apps/v1", version: "v1" },
    };
    assert.deepEqual(await json("/apis"), { kind: "APIGroupList", apiVersion: "v1", groups: [apps] });
    assert.deepEqual(await json("/apis/apps"), { kind: "APIGroup", apiVersion: "v1", ...apps });
  });

  it("answers the aggregated form when it is wanted more, in its version", async () => {
    const headers = { accept: AGGREGATED };
    const document = await json("/api", headers);
    assert.equal(document.apiVersion, "apidiscovery.k8s.io/v2");
    assert.match(String((await reply("/api", headers)).headers["content-type"]), /v=v2;as=APIGroupDiscoveryList/);
    assert.equal(
      (await json("/apis", { accept: AGGREGATED.replace("v2", "v2beta1") })).apiVersion,
      "apidiscovery.k8s.io/v2beta1",
    );
    assert.equal((await json("/apis", { accept: "application/json" })).kind, "APIGroupList");
  });

  it("answers 304 to a caller that has the document", async () => {
    const first = await reply("/apis");
    const again = await reply("/apis", { "if-none-match": first.headers.etag ?? "" });
    assert.equal(again.status, 304);
    assert.equal(again.body, "");
  });

  it("knows the groups of a changed list, and forgets those that went", async () => {
    let now: readonly ResourceDefinition[] = [pod];
    const changing = discoveryOf(() => now);
    assert.equal(changing.discovery.find("/apis/apps"), undefined);
    now = [pod, deployment];
    assert.equal((await changing.json("/apis/apps/v1")).groupVersion, "apps/v1");
    now = [pod];
    assert.equal(changing.discovery.find("/apis/apps/v1"), undefined);
  });

  it("serves version, paths and OpenID documents", async () => {
    const version = await json("/version");
    assert.deepEqual([version.major, version.minor, version.gitVersion], ["1", "36", "v1.36.2+minik1"]);
    assert.deepEqual((await json("/")).paths, [
      "/.well-known/openid-configuration",
      "/api",
      "/api/v1",
      "/apis",
      "/apis/apps",
      "/apis/apps/v1",
      "/healthz",
      "/openid/v1/jwks",
      "/version",
    ]);
    const openid = await json("/.well-known/openid-configuration");
    assert.deepEqual(openid.id_token_signing_alg_values_supported, ["ES256"]);
    assert.deepEqual((await json("/openid/v1/jwks")).keys, [{ alg: "ES256" }]);
  });

  it("finds nothing elsewhere and refuses writes", async () => {
    assert.equal(discovery.find("/apis/nope"), undefined);
    await assert.rejects(reply("/version", {}, "POST"), { code: 405 });
  });
});
