import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { type BodyReader, MAX_BODY_BYTES, readWholeBody } from "./body.ts";

describe("readWholeBody", () => {
  it("resolves to the bytes of all chunks", async () => {
    const stream = new PassThrough();
    const body = readWholeBody(stream, undefined);
    stream.write("a");
    stream.end("b");
    assert.equal(Buffer.from(await body).toString(), "ab");
  });

  it("is empty when the stream had ended before anybody asked", async () => {
    const stream = new PassThrough();
    stream.end();
    await stream.resume().toArray();
    assert.equal((await readWholeBody(stream, undefined)).length, 0);
  });

  it("refuses what is too large, by its length or when it has come", async () => {
    const tooLarge = { code: 413, reason: "RequestEntityTooLarge" };
    await assert.rejects(readWholeBody(new PassThrough(), String(MAX_BODY_BYTES + 1)), tooLarge);
    const stream = new PassThrough();
    const body = readWholeBody(stream, undefined);
    stream.end(Buffer.alloc(MAX_BODY_BYTES + 1));
    await assert.rejects(body, tooLarge);
  });

  it("rejects when the client goes away, or takes too long", async () => {
    const gone = new PassThrough();
    const body = readWholeBody(gone, "9");
    gone.destroy();
    await assert.rejects(body, /went away/);
    const reader: BodyReader = { onTimeout: undefined };
    const late = readWholeBody(new PassThrough(), "9", reader);
    reader.onTimeout?.();
    await assert.rejects(late, /did not come in time/);
  });
});
