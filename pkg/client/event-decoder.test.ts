import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EventDecoder } from "./event-decoder.ts";

const textOf = (revision: number | string, name: string): string =>
  JSON.stringify({
    type: "ADDED",
    object: { metadata: { resourceVersion: String(revision), name, labels: { a: "b" } } },
  });

describe("EventDecoder", () => {
  it("decodes what two ports are told once, and freezes it", () => {
    const decoder = new EventDecoder();
    const texts = Array.from({ length: 20 }, (_, i) => textOf(i, `n${i}`));
    const first = texts.map((text) => decoder.decode(text));
    const second = texts.map((text) => decoder.decode(text));
    for (const [i, event] of first.entries()) {
      assert.equal(event, second[i]);
      assert.deepEqual(event, JSON.parse(texts[i] as string));
      assert.ok(Object.isFrozen(event.object.metadata.labels));
    }
    assert.notEqual(decoder.decode(texts[0] as string), first[0]);
  });

  it("never takes one text for another of the same revision or place", () => {
    const decoder = new EventDecoder();
    const texts = [
      textOf(1, "a"),
      textOf(1, "b"),
      textOf(257, "a"),
      textOf("x", "c"),
      textOf(-1, "d"),
      '{"type":"ERROR"}',
    ];
    for (const text of [...texts, ...texts]) assert.deepEqual(decoder.decode(text), JSON.parse(text));
  });
});
