import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { authorizedInfo, requestInfoOf } from "./request-info.ts";
import type { RequestInfo } from "./types.ts";

function of(method: string, url: string): RequestInfo {
  const [path = "", search = ""] = url.split("?");
  return requestInfoOf(method, path, new URLSearchParams(search));
}
function brief({
  isResource,
  verb,
  group,
  version,
  namespace,
  resource,
  name,
  subresource,
  rest,
}: RequestInfo): string {
  if (!isResource) return `path ${verb}`;
  return [verb, `${group}/${version}`, namespace, resource, name, subresource, rest].join(" ").trimEnd();
}

describe("requestInfoOf", () => {
  it("tells what a path and method mean", () => {
    const cases: [string, string][] = [
      ["GET /api", "path get"],
      ["GET /apis/apps/v1", "path get"],
      ["POST /healthz", "path post"],
      ["GET /api/v1/pods", "list /v1  pods"],
      ["GET /api/v1/pods?watch=1", "watch /v1  pods"],
      ["GET /api/v1/pods?watch=false", "list /v1  pods"],
      ["GET /api/v1/watch/namespaces/a/pods", "watch /v1 a pods"],
      ["GET /api/v1/namespaces/a/pods/p?watch=1", "get /v1 a pods p"],
      ["HEAD /api/v1/namespaces/a/pods/p", "get /v1 a pods p"],
      ["GET /api/v1/namespaces/a", "get /v1 a namespaces a"],
      ["PUT /api/v1/namespaces/a/finalize", "update /v1 a namespaces a finalize"],
      ["DELETE /apis/apps/v1/namespaces/a/deployments", "deletecollection apps/v1 a deployments"],
      ["DELETE /apis/apps/v1/namespaces/a/deployments/", "deletecollection apps/v1 a deployments"],
      ["PATCH /apis/apps/v1/namespaces/a/deployments/d/scale", "patch apps/v1 a deployments d scale"],
      ["GET /api/v1/namespaces/a/pods/p/proxy/x//y%2Fz/", "get /v1 a pods p proxy x//y%2Fz/"],
      ["GET /api/v1//pods", "path get"],
      ["GET //api/v1/pods", "path get"],
      ["GET /api/v1/namespaces//pods", "path get"],
      ["GET /api/v1/namespaces/a/configmaps/%61", "get /v1 a configmaps a"],
    ];
    for (const [request, expected] of cases) {
      const [method = "", url = ""] = request.split(" ");
      assert.equal(brief(of(method, url)), expected, request);
    }
    assert.throws(() => of("GET", "/api/v1/namespaces/%zz/pods"), { code: 400 });
  });
});

describe("authorizedInfo", () => {
  it("names the object that a field selector names alone", () => {
    const name = (url: string): string =>
      authorizedInfo(of("GET", url), new URLSearchParams(url.split("?")[1] ?? "")).name;
    assert.equal(name("/api/v1/pods?fieldSelector=metadata.name%3Dp"), "p");
    assert.equal(name("/api/v1/pods?fieldSelector=metadata.name%3D%3Dp&watch=1"), "p");
    assert.equal(name("/api/v1/pods?fieldSelector=metadata.name%21%3Dp"), "");
    assert.equal(name("/api/v1/pods?fieldSelector=metadata.name%3Dp,spec.nodeName%3Dn"), "p");
    assert.equal(name("/api/v1/pods"), "");
  });
});

it("requestInfoOf takes a GET of one object for a get, watched or not", () => {
  const verbOf = (path: string, query = ""): string => requestInfoOf("GET", path, new URLSearchParams(query)).verb;
  assert.equal(verbOf("/api/v1/namespaces/a/pods/b", "watch=1"), "get");
  assert.equal(verbOf("/api/v1/namespaces/a/pods/b/proxy", "watch=1"), "get");
  assert.equal(verbOf("/api/v1/namespaces/a/pods", "watch=1"), "watch");
  assert.equal(verbOf("/api/v1/watch/namespaces/a/pods/b"), "watch");
});
