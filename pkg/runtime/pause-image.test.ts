import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { buildPauseImage } from "./pause-image.ts";

describe("buildPauseImage", () => {
  it("gives the same archive and name for the same program", async () => {
    const [a, b] = await Promise.all([buildPauseImage(Buffer.from("x")), buildPauseImage(Buffer.from("x"))]);
    assert.deepEqual(a, b);
    assert.match(a.name, /^minik\.internal\/pause:[0-9a-f]{12}$/);
    const other = await buildPauseImage(Buffer.from("y"));
    assert.notEqual(other.name, a.name);
  });
});
