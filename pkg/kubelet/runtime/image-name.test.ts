import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseImageName } from "./image-name.ts";
import { pullCredentials } from "./pull-credentials.ts";

describe("parseImageName", () => {
  it("adds the default tag, registry and library", () => {
    assert.deepEqual(parseImageName("nginx"), {
      full: "nginx:latest",
      registry: "docker.io",
      repository: "docker.io/library/nginx",
    });
  });

  it("keeps hosts, ports, tags and digests", () => {
    const digest = `sha256:${"a".repeat(64)}`;
    assert.equal(parseImageName("reg.example:5000/a/b:1")?.repository, "reg.example:5000/a/b");
    assert.equal(parseImageName(`a/b@${digest}`)?.full, `a/b@${digest}`);
    assert.equal(parseImageName("localhost/x")?.registry, "localhost");
  });

  it("refuses what is no name", () => {
    for (const bad of ["", "Upper", "a b", "a:", "a//b", ":1"]) assert.equal(parseImageName(bad), undefined, bad);
  });
});

describe("pullCredentials", () => {
  const secret = (auths: object) => ({
    metadata: { name: "s", uid: "1", creationTimestamp: "", resourceVersion: "1" },
    data: { ".dockerconfigjson": Buffer.from(JSON.stringify({ auths })).toString("base64") },
  });
  const auth = Buffer.from("user:p:w").toString("base64");

  it("finds the entries that match, the most specific first", () => {
    const found = pullCredentials("reg.example/team/app:1", [
      secret({
        "reg.example": { username: "a", password: "b" },
        "reg.example/team": { auth },
        "other.example": { auth },
      }),
    ]);
    assert.deepEqual(
      found.map(({ username, password }) => [username, password]),
      [
        ["user", "p:w"],
        ["a", "b"],
      ],
    );
  });

  it("knows Docker Hub by its old name, and wildcards per part of the host", () => {
    assert.equal(pullCredentials("nginx", [secret({ "https://index.docker.io/v1/": { auth } })]).length, 1);
    assert.equal(pullCredentials("a.reg.example/x", [secret({ "*.reg.example": { auth } })]).length, 1);
    assert.equal(pullCredentials("a.b.reg.example/x", [secret({ "*.reg.example": { auth } })]).length, 0);
  });
});
