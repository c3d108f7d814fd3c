import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  difference,
  type FieldSet,
  hasPath,
  inOrder,
  intersection,
  isSameSet,
  leavesOf,
  setOfPath,
  union,
  unionOf,
} from "./field-set.ts";
import { printPath } from "./path-element.ts";

const LABELS = { "f:metadata": { "f:labels": { ".": {}, "f:a": {}, "f:b": {} } } };
const text = (set: FieldSet): string => JSON.stringify(set);

/** The set below a path of so many fields. */
function under(levels: number, set: FieldSet): FieldSet {
  return levels === 0 ? set : { "f:n": under(levels - 1, set) };
}

describe("field sets", () => {
  it("union holds the paths of both, and nodes of either", () => {
    assert.deepEqual(union({ "f:a": {} }, { "f:a": { "f:b": {} } }), { "f:a": { ".": {}, "f:b": {} } });
    assert.deepEqual(union({ "f:a": { "f:b": {} } }, { "f:a": {} }), { "f:a": { ".": {}, "f:b": {} } });
    assert.deepEqual(union({ "f:a": { "f:b": {} } }, { "f:a": { "f:c": {} }, "f:d": {} }), {
      "f:a": { "f:b": {}, "f:c": {} },
      "f:d": {},
    });
    assert.equal(union(LABELS, setOfPath(["f:metadata", "f:labels", "f:a"])), LABELS);
    assert.deepEqual(union({}, LABELS), LABELS);
  });

  it("difference takes single paths, not what is under them", () => {
    assert.deepEqual(difference(LABELS, setOfPath(["f:metadata", "f:labels"])), {
      "f:metadata": { "f:labels": { "f:a": {}, "f:b": {} } },
    });
    assert.deepEqual(difference(LABELS, { "f:metadata": { "f:labels": { "f:a": {}, "f:b": {} } } }), {
      "f:metadata": { "f:labels": {} },
    });
    assert.deepEqual(difference({ "f:a": {} }, { "f:a": { "f:b": {} } }), { "f:a": {} });
    assert.deepEqual(difference(LABELS, LABELS), {});
    assert.equal(difference(LABELS, { "f:spec": {} }), LABELS);
  });

  it("difference looks at each node once when what is lost lies deep", () => {
    // With two looks at each level this would take until the end of the world.
    assert.deepEqual(
      difference(under(500, { "f:x": {}, "f:y": {} }), under(500, { "f:x": {} })),
      under(500, { "f:y": {} }),
    );
    assert.deepEqual(
      difference({ "f:a": {}, ...under(1, { ".": {}, "f:x": {} }), "f:b": {}, "f:c": {} }, under(1, { "f:x": {} })),
      { "f:a": {}, ...under(1, {}), "f:b": {}, "f:c": {} },
    );
  });

  it("intersection holds the paths of both alone", () => {
    assert.deepEqual(intersection(LABELS, { "f:metadata": { "f:labels": { "f:a": {}, "f:z": {} } } }), {
      "f:metadata": { "f:labels": { "f:a": {} } },
    });
    assert.deepEqual(intersection(LABELS, setOfPath(["f:metadata", "f:labels"])), {
      "f:metadata": { "f:labels": {} },
    });
    assert.deepEqual(intersection(LABELS, { "f:spec": {} }), {});
  });

  it("isSameSet and hasPath look at paths, not at their order", () => {
    assert.ok(isSameSet({ "f:a": {}, "f:b": {} }, { "f:b": {}, "f:a": {} }));
    assert.ok(!isSameSet({ "f:a": {} }, { "f:a": { "f:b": {} } }));
    assert.ok(hasPath(LABELS, ["f:metadata", "f:labels"]));
    assert.ok(!hasPath(LABELS, ["f:metadata"]));
    assert.ok(!hasPath(LABELS, ["f:metadata", "f:labels", "f:none"]));
  });

  it("inOrder writes fields by name, keys and values by theirs", () => {
    const ports = { 'k:{"containerPort":443,"protocol":"TCP"}': {}, 'k:{"containerPort":80,"protocol":"TCP"}': {} };
    assert.equal(
      text(inOrder({ "f:b": {}, "f:a": ports, 'v:"x"': {}, "i:10": {}, "i:9": {} })),
      '{"f:a":{"k:{\\"containerPort\\":80,\\"protocol\\":\\"TCP\\"}":{},"k:{\\"containerPort\\":443,\\"protocol\\":\\"TCP\\"}":{}},"f:b":{},"v:\\"x\\"":{},"i:9":{},"i:10":{}}',
    );
    const many = Array.from({ length: 100 }, (_, i) => `k:{"port":${(i * 37) % 100}}`);
    assert.deepEqual(
      Object.keys(inOrder(Object.fromEntries(many.map((key) => [key, {}])))),
      Array.from({ length: 100 }, (_, i) => `k:{"port":${i}}`),
    );
    assert.equal(text(inOrder({ "f:b": {}, ".": {} })), '{".":{},"f:b":{}}');
  });

  it("unionOf holds the paths of all", () => {
    assert.deepEqual(unionOf([]), {});
    assert.deepEqual(unionOf([{ "f:a": {} }, { "f:b": {} }, { "f:a": { "f:c": {} } }]), {
      "f:a": { ".": {}, "f:c": {} },
      "f:b": {},
    });
  });

  it("leavesOf prints as conflicts do", () => {
    const set = {
      "f:spec": { "f:replicas": {}, "f:containers": { 'k:{"name":"a"}': { ".": {}, "f:image": {} } } },
      "f:metadata": { "f:finalizers": { 'v:"x/y"': {} } },
    };
    assert.deepEqual(leavesOf(set).map(printPath), [
      '.metadata.finalizers[="x/y"]',
      '.spec.containers[name="a"].image',
      ".spec.replicas",
    ]);
  });
});
