import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { JsonPath, JsonPathError } from "./json-path.ts";

const object = {
  spec: { a: { b: 1 }, "x.y": "dotted", list: [1, 2, 3], none: null },
  conditions: [
    { type: "Ready", status: "True", n: 1 },
    { type: "Other", status: "False", n: 5 },
  ],
};

describe("JsonPath", () => {
  const found: [string, unknown[]][] = [
    [".spec.a.b", [1]],
    ["$.spec.a.b", [1]],
    [".spec['a']['b']", [1]],
    [".spec.x\\.y", ["dotted"]],
    [".spec.list[0]", [1]],
    [".spec.list[-1]", [3]],
    [".spec.list[1:]", [2, 3]],
    [".spec.list[:-1]", [1, 2]],
    [".spec.list[::2]", [1, 3]],
    [".spec.list[*]", [1, 2, 3]],
    [".spec.list[0,2]", [1, 3]],
    [".spec.missing.more", []],
    [".spec.none.more", []],
    ['.conditions[?(@.type=="Ready")].status', ["True"]],
    [".conditions[?(@.n > 2)].type", ["Other"]],
    [".conditions[?(@.missing)].type", []],
    [".conditions[*].type", ["Ready", "Other"]],
    ["..b", [1]],
    [".spec.constructor", []],
  ];
  for (const [path, expected] of found)
    it(`find gives ${JSON.stringify(expected)} when the path is ${path}`, () =>
      assert.deepEqual(new JsonPath(path).find(object), expected));

  const wrong: [string, string][] = [
    [".a[", "unterminated array"],
    [".a[x]", "invalid array index x"],
    [".a[?(@.b==1]", "unterminated filter"],
    [".a[?(@.b==1) ]", "unclosed array expect ]"],
    ["'a", "unterminated quoted string"],
    ["%", "unrecognized character in action: U+0025 '%'"],
    ["....a", "invalid multiple recursive descent"],
    ["range .a", "unrecognized identifier range"],
  ];
  for (const [path, message] of wrong)
    it(`constructor says "${message}" when the path is ${path}`, () =>
      assert.throws(() => new JsonPath(path), { name: "JsonPathError", message }));

  it("find throws and first gives nothing when an index is out of bounds", () => {
    const path = new JsonPath(".spec.list[7]");
    assert.throws(() => path.find(object), new JsonPathError("array index out of bounds: index 7, length 3"));
    assert.equal(path.first(object), undefined);
  });

  it("find gives up where a path multiplies what there is", () => {
    let deep: unknown = {};
    for (let i = 0; i < 300; i++) deep = { a: deep };
    assert.equal(new JsonPath("..a").find(deep).length, 300);
    assert.throws(() => new JsonPath("..a..a..a..a").find(deep), /too many values/);
  });
});
