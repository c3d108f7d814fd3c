// What the statements ask of discovery: groups, versions and resources in each document, and the server's version.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { requestInfoOf } from "../request-info.ts";
import { ADMIN, startTestServer, type TestServer } from "../testing.ts";

const CRUD = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/** Group, version, and what the statements name of it. */
const NAMED: readonly (readonly [group: string, version: string, resources: readonly string[]])[] = [
  [
    "flowcontrol.apiserver.k8s.io",
    "v1",
    ["flowschemas", "flowschemas/status", "prioritylevelconfigurations", "prioritylevelconfigurations/status"],
  ],
  [
    "admissionregistration.k8s.io",
    "v1",
    [
      "validatingadmissionpolicies",
      "validatingadmissionpolicies/status",
      "validatingadmissionpolicybindings",
      "mutatingadmissionpolicies",
      "mutatingadmissionpolicybindings",
    ],
  ],
  ["apiextensions.k8s.io", "v1", ["customresourcedefinitions", "customresourcedefinitions/status"]],
];

interface Resource {
  readonly name: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}
interface Group {
  readonly name: string;
  readonly preferredVersion: { readonly groupVersion: string; readonly version: string };
  readonly versions: readonly { readonly groupVersion: string; readonly version: string }[];
}

async function read<T>({ server }: TestServer, path: string): Promise<T> {
  const query = new URLSearchParams();
  const reply = await server.pipeline.handle({
    info: requestInfoOf("GET", path, query),
    method: "GET",
    path,
    query,
    headers: { accept: "application/json" },
    user: ADMIN,
    signal: new AbortController().signal,
    body: async () => undefined,
    warn: () => {},
  });
  if (reply.kind === "object") return reply.object as T;
  assert.equal(reply.kind, "bytes");
  return JSON.parse(Buffer.from(reply.kind === "bytes" ? reply.body : "").toString()) as T;
}

describe("discovery", () => {
  let test: TestServer;
  before(async () => {
    test = await startTestServer();
  });
  after(() => test.close());

  for (const [name, version, resources] of NAMED)
    it(`names ${name}, its version and its resources in each document`, async () => {
      const groupVersion = `${name}/${version}`;
      const { groups } = await read<{ groups: readonly Group[] }>(test, "/apis");
      const listed = groups.find((each) => each.name === name);
      assert.ok(listed?.versions.some((each) => each.groupVersion === groupVersion));
      const alone = await read<Group>(test, `/apis/${name}`);
      assert.ok(alone.versions.some((each) => each.groupVersion === groupVersion && each.version === version));
      const list = await read<{ groupVersion: string; resources: readonly Resource[] }>(test, `/apis/${groupVersion}`);
      assert.equal(list.groupVersion, groupVersion);
      for (const wanted of resources) {
        const found = list.resources.find((each) => each.name === wanted);
        assert.ok(found, wanted);
        assert.deepEqual(found.verbs.toSorted(), wanted.includes("/") ? ["get", "patch", "update"] : CRUD, wanted);
      }
    });

  it("has a list with a valid resource for every group version that it names", async () => {
    const { groups } = await read<{ groups: readonly Group[] }>(test, "/apis");
    assert.ok(groups.length > 15);
    assert.deepEqual((await read<{ versions: readonly string[] }>(test, "/api")).versions, ["v1"]);
    const core = await read<{ groupVersion: string; resources: readonly Resource[] }>(test, "/api/v1");
    assert.equal(core.groupVersion, "v1");
    assert.ok(core.resources.some(({ name, kind }) => name === "pods" && kind === "Pod"));
    for (const { name, preferredVersion, versions } of groups) {
      assert.ok(versions.some(({ groupVersion }) => groupVersion === preferredVersion.groupVersion));
      for (const { groupVersion, version } of versions) {
        assert.equal(groupVersion, `${name}/${version}`);
        const list = await read<{ groupVersion: string; resources: readonly Resource[] }>(
          test,
          `/apis/${groupVersion}`,
        );
        assert.equal(list.groupVersion, groupVersion);
        assert.ok(list.resources.some((each) => each.name !== "" && each.kind !== "" && each.verbs.length > 0));
      }
    }
  });

  it("tells the server's version, major and minor as integers", async () => {
    const { major, minor } = await read<{ major: string; minor: string }>(test, "/version");
    assert.match(major, /^\d+$/);
    assert.match(minor, /^\d+$/);
  });
});
