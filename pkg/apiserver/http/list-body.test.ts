import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { listBody } from "./list-body.ts";

describe("listBody", () => {
  const join = (texts: string[]): string => Buffer.from(listBody('{"items":[', texts, "]}\n")).toString("utf8");

  it("puts commas between the texts", () => {
    assert.equal(join([]), '{"items":[]}\n');
    assert.equal(join(["1"]), '{"items":[1]}\n');
    assert.equal(join(["1", "22", "333"]), '{"items":[1,22,333]}\n');
  });

  it("makes room for characters of several bytes", () => {
    const texts = Array.from({ length: 50 }, (_, i) => JSON.stringify(`${i} äöü 木 🜁`.repeat(i)));
    assert.equal(join(texts), `{"items":[${texts.join(",")}]}\n`);
  });
});
