import assert from "node:assert/strict";
import { appendFile, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { until } from "#pkg/async/index.ts";
import { type LogOptions, readContainerLog } from "./read-container-log.ts";

const record = (second: number, text: string, stream = "stdout", tag = "F"): string =>
  `2026-01-01T00:00:0${second}.123456789Z ${stream} ${tag} ${text}\n`;

describe("readContainerLog", async () => {
  const dir = await mkdtemp(join(tmpdir(), "minik-logs-"));
  after(() => rm(dir, { recursive: true, force: true }));
  const path = join(dir, "0.log");
  const text = [
    record(1, "one"),
    record(2, "err", "stderr"),
    record(3, "long ", "stdout", "P"),
    record(4, "line"),
    "torn record\n",
    record(5, ""),
  ].join("");
  await writeFile(path, text);
  const live = new AbortController().signal;
  const read = async (options: Partial<LogOptions> = {}, file = path): Promise<string> => {
    let got = "";
    const source = { isRunning: async () => false, signal: live };
    for await (const chunk of readContainerLog(file, { follow: false, timestamps: false, ...options }, source)) {
      got += chunk.toString();
    }
    return got;
  };

  it("gives what was written, with split lines joined", async () => {
    assert.equal(await read(), "one\nerr\nlong line\n\n");
  });
  it("puts the time before each whole line", async () => {
    assert.match(
      await read({ timestamps: true, tailLines: 4 }),
      /^2026-01-01T00:00:03\.123456789Z long line\n2026.*05.* \n$/,
    );
  });
  it("takes one stream, a tail, what is new enough, and so many bytes", async () => {
    assert.equal(await read({ stream: "stderr" }), "err\n");
    assert.equal(await read({ tailLines: 1 }), "\n");
    assert.equal(await read({ tailLines: 0 }), "");
    assert.equal(await read({ tailLines: 100 }), "one\nerr\nlong line\n\n");
    assert.equal(await read({ sinceMs: Date.parse("2026-01-01T00:00:05Z") }), "\n");
    assert.equal(await read({ limitBytes: 6 }), "one\ner");
  });
  it("gives nothing of a file that is not there", async () => {
    assert.equal(await read({}, join(dir, "none.log")), "");
  });
  it("finds a tail over many blocks", async () => {
    const big = join(dir, "big.log");
    await writeFile(big, Array.from({ length: 5000 }, (_, i) => record(1, `line ${i} ${"x".repeat(50)}`)).join(""));
    const got = await read({ tailLines: 3000 }, big);
    assert.equal(got.split("\n").length, 3001);
    assert.match(got, /^line 2000 /);
  });

  it("follows over a rotation and ends with the container", async () => {
    const file = join(dir, "follow.log");
    await writeFile(file, record(1, "a"));
    let isRunning = true;
    let got = "";
    const options = { follow: true, timestamps: false };
    const reading = (async () => {
      for await (const chunk of readContainerLog(file, options, { isRunning: async () => isRunning, signal: live })) {
        got += chunk.toString();
      }
    })();
    const seen = (wanted: string) => until(() => got === wanted, { timeoutMs: 15_000, intervalMs: 2, what: wanted });
    await seen("a\n");
    await appendFile(file, record(2, "b"));
    await seen("a\nb\n");
    await rename(file, `${file}.20260101-000000`);
    await writeFile(file, record(3, "c"));
    await seen("a\nb\nc\n");
    isRunning = false;
    await appendFile(file, record(4, "d"));
    await reading;
    assert.equal(got, "a\nb\nc\nd\n");
  });

  it("stops following when the signal aborts", async () => {
    const stop = new AbortController();
    const source = { isRunning: async () => true, signal: stop.signal };
    const reading = (async () => {
      for await (const _ of readContainerLog(path, { follow: true, timestamps: false }, source)) stop.abort();
    })();
    await reading;
  });
});
