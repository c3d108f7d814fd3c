import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseYamlText } from "./parse-yaml-text.ts";

const valueOf = (text: string): unknown => parseYamlText(text).value;
const BOMB = Array.from({ length: 10 }, (_, level) => {
  const items = Array(10).fill(level === 0 ? "x" : `*l${level - 1}`);
  return `l${level}: &l${level} [${items.join(",")}]\n`;
}).join("");

describe("parseYamlText", () => {
  it("makes JSON data when the text is YAML", () => {
    assert.deepEqual(valueOf("a: 1\nb: [true, null, 0x10, 1.5, no]\nc: |\n  text\n'd': \"é\"\n1: x\n"), {
      1: "x",
      a: 1,
      b: [true, null, 16, 1.5, "no"],
      c: "text\n",
      d: "é",
    });
    assert.equal(valueOf("# nothing\n"), null);
    assert.equal(valueOf("when: 2026-01-01\n") instanceof Object, true);
    assert.deepEqual(valueOf("when: 2026-01-01\n"), { when: "2026-01-01" });
  });

  it("reads the first of several documents", () => {
    assert.deepEqual(valueOf("a: 1\n---\nb: 2\n"), { a: 1 });
  });

  it("follows aliases and merge keys", () => {
    assert.deepEqual(valueOf("a: &a {x: 1, y: 2}\nb: *a\nc: {<<: *a, y: 3}\n"), {
      a: { x: 1, y: 2 },
      b: { x: 1, y: 2 },
      c: { x: 1, y: 3 },
    });
  });

  it("names each key that is there twice, the last value being taken", () => {
    const { value, duplicates } = parseYamlText("a: 1\nb:\n  - c: 1\n    'c': 2\na: 2\nd: {a: 1}\n");
    assert.deepEqual(value, { a: 2, b: [{ c: 2 }], d: { a: 1 } });
    assert.equal(
      duplicates,
      'yaml: unmarshal errors:\n  line 4: key "c" already set in map\n  line 5: key "a" already set in map',
    );
    assert.equal(parseYamlText("a: {x: 1}\nb: {x: 1}\n").duplicates, undefined);
  });

  it("has no prototype to pollute when a key is __proto__", () => {
    const value = valueOf("__proto__: {polluted: true}\n") as object;
    assert.deepEqual(Object.keys(value), ["__proto__"]);
    assert.equal("polluted" in value, false);
  });

  it("refuses aliases that stand for too much, or for themselves", () => {
    assert.throws(() => parseYamlText(BOMB), /document contains excessive aliasing/);
    assert.throws(() => parseYamlText("a: &a [*a]\n"), /anchor 'a' value contains itself/);
    assert.throws(() => parseYamlText("a: *b\n"), /unknown anchor 'b' referenced/);
  });

  it("names the line when something is wrong", () => {
    assert.throws(() => parseYamlText("a: 1\nb: [\n"), /^Error: line \d+: /);
    assert.throws(() => parseYamlText("- ".repeat(5_000)), /^Error: line 1: nesting exceeded/);
    assert.throws(() => parseYamlText(String.raw`a: "\ud800"`), /invalid Unicode character escape code/);
    assert.deepEqual(valueOf(String.raw`{a: "\\ud800", b: '\ud800'}`), { a: "\\ud800", b: "\\ud800" });
    assert.throws(() => parseYamlText("a: .inf\n"), /json: unsupported value: \.inf/);
    assert.throws(() => parseYamlText("? {a: 1}\n: 2\n"), /^Error: line 1: /);
  });
});
