import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { builtinSchemas } from "#pkg/api/schema/builtin-schemas.ts";
import type { Schema } from "#pkg/api/schema/schema.ts";
import { applyStrategicMergePatch } from "./strategic-merge-patch.ts";

const definitions = builtinSchemas();
const POD_SPEC = definitions["io.k8s.api.core.v1.PodSpec"] as Schema;
const patch = (target: object, change: object): unknown =>
  applyStrategicMergePatch(target, change, POD_SPEC, definitions);
const container = (name: string, image: string, more: object = {}): object => ({ name, image, ...more });

describe("applyStrategicMergePatch", () => {
  it("merges lists by key, and nested lists by theirs", () => {
    const target = { containers: [container("a", "1", { env: [{ name: "X", value: "1" }] }), container("b", "1")] };
    const change = { containers: [{ name: "a", env: [{ name: "Y", value: "2" }] }, container("c", "1")] };
    assert.deepEqual(patch(target, change), {
      containers: [
        container("a", "1", {
          env: [
            { name: "X", value: "1" },
            { name: "Y", value: "2" },
          ],
        }),
        container("b", "1"),
        container("c", "1"),
      ],
    });
    assert.equal(target.containers.length, 2);
  });

  it("deletes and replaces by directive", () => {
    const target = { containers: [container("a", "1"), container("b", "1")], nodeSelector: { a: "1", b: "2" } };
    assert.deepEqual(
      patch(target, { containers: [{ name: "a", $patch: "delete" }], nodeSelector: { $patch: "replace", c: "3" } }),
      { containers: [container("b", "1")], nodeSelector: { c: "3" } },
    );
    assert.deepEqual(patch(target, { containers: [{ $patch: "replace" }, container("z", "1")], nodeSelector: null }), {
      containers: [container("z", "1")],
    });
  });

  it("keeps only retained keys and follows the order given", () => {
    const volumes = [{ name: "v", emptyDir: {} }];
    assert.deepEqual(
      patch({ volumes }, { volumes: [{ name: "v", $retainKeys: ["name", "hostPath"], hostPath: { path: "/x" } }] }),
      { volumes: [{ name: "v", hostPath: { path: "/x" } }] },
    );
    assert.deepEqual(
      patch(
        { containers: [container("a", "1"), container("b", "1")] },
        {
          "$setElementOrder/containers": [{ name: "c" }, { name: "b" }, { name: "a" }],
          containers: [container("c", "1")],
        },
      ),
      { containers: [container("c", "1"), container("b", "1"), container("a", "1")] },
    );
  });

  it("replaces atomic lists and takes values from primitive lists", () => {
    assert.deepEqual(
      patch({ containers: [container("a", "1", { args: ["x"] })] }, { containers: [{ name: "a", args: ["y"] }] }),
      {
        containers: [container("a", "1", { args: ["y"] })],
      },
    );
    const META = definitions["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"] as Schema;
    assert.deepEqual(
      applyStrategicMergePatch(
        { finalizers: ["a", "b"] },
        { "$deleteFromPrimitiveList/finalizers": ["a"], finalizers: ["c"] },
        META,
        definitions,
      ),
      { finalizers: ["b", "c"] },
    );
  });

  it("refuses items without their key", () => {
    assert.throws(() => patch({}, { containers: [{ image: "1" }] }), /does not contain declared merge key: name/);
  });

  it("deletes before it merges, wherever the deletion stands", () => {
    const target = { containers: [container("a", "1"), container("b", "1")] };
    assert.deepEqual(patch(target, { containers: [container("a", "2"), { name: "a", $patch: "delete" }] }), {
      containers: [container("b", "1"), container("a", "2")],
    });
  });

  it("answers directives of the wrong form with upstream's words", () => {
    const messages = [
      { "$deleteFromPrimitiveList/tolerations": "x" },
      { "$setElementOrder/containers": "x" },
      { volumes: [{ name: "v", $retainKeys: "x" }] },
      { volumes: [{ name: "v", $retainKeys: ["name"], emptyDir: {} }] },
    ].map((change) => {
      try {
        patch({}, change);
        return "taken";
      } catch (err) {
        return (err as Error).message;
      }
    });
    assert.deepEqual(messages, [
      "invalid patch format of primitive list",
      "invalid patch format of setElementOrder list",
      "invalid patch format of retainKeys",
      "invalid patch format of retainKeys",
    ]);
  });

  it("merges long lists in time that grows with their length", () => {
    const list = Array.from({ length: 20_000 }, (_, i) => container(`c${i}`, "1"));
    const change = {
      containers: list.map((_, i) => container(`c${i}`, "2")),
      "$setElementOrder/containers": list.map((_, i) => ({ name: `c${i}` })).reverse(),
    };
    const { containers } = patch({ containers: list }, change) as { containers: object[] };
    assert.equal(containers.length, 20_000);
    assert.deepEqual(containers[0], container("c19999", "2"));
  });
});
