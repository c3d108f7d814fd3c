import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { Worker } from "node:worker_threads";
import { YamlParser, type YamlParserOptions } from "./yaml-parser.ts";

function parserFor(t: TestContext, options?: YamlParserOptions): YamlParser {
  const parser = new YamlParser(options);
  t.after(async () => await parser.close());
  return parser;
}

/** About `characters` of a list of mappings. */
const listOf = (characters: number): string => "- {name: some, value: 12}\n".repeat(characters / 26);

describe("YamlParser", () => {
  it("parses small texts at once and large ones in a thread, with the same result", async (t) => {
    const parser = parserFor(t);
    assert.deepEqual(parser.parse("a: 1\na: 2\n"), {
      value: { a: 2 },
      duplicates: 'yaml: unmarshal errors:\n  line 2: key "a" already set in map',
    });
    const large = `${listOf(100_000)}- {a: 1, a: 2}\n`;
    const answer = parser.parse(large);
    assert.ok(answer instanceof Promise);
    const { value, duplicates } = await answer;
    assert.equal((value as unknown[]).length, Math.floor(100_000 / 26) + 1);
    assert.match(duplicates ?? "", /key "a" already set in map/);
    await assert.rejects(async () => await parser.parse(`${large}]`), /^Error: line \d+: /);
  });

  it("leaves the thread of its caller free while a text of the largest size is read", async (t) => {
    const parser = parserFor(t);
    await parser.parse(listOf(20_000));
    const before = performance.eventLoopUtilization();
    await parser.parse(listOf(3 << 20));
    const { active, idle } = performance.eventLoopUtilization(before);
    assert.ok(active < idle, `${active} ms busy of ${active + idle}`);
  });

  it("reads the next text when it had to give one up", async (t) => {
    const busy = (): Worker => new Worker("for (;;);", { eval: true });
    const makers = [busy, undefined];
    const parser = parserFor(t, {
      createWorker: () => makers.shift()?.() ?? new Worker(new URL("./yaml-worker.ts", import.meta.url)),
      timeoutMs: 2_000,
    });
    const first = assert.rejects(async () => await parser.parse(listOf(20_000)), /takes too long/);
    const second = parser.parse(listOf(30_000));
    await first;
    assert.equal(((await second).value as unknown[]).length, Math.floor(30_000 / 26));
  });

  it("gives a text up when it takes more memory than there is", async (t) => {
    const createWorker = (): Worker =>
      new Worker(new URL("./yaml-worker.ts", import.meta.url), { resourceLimits: { maxOldGenerationSizeMb: 16 } });
    const parser = parserFor(t, { createWorker });
    await assert.rejects(async () => await parser.parse("- - - -\n".repeat(200_000)), /takes too much memory/);
    assert.equal(((await parser.parse(listOf(20_000))).value as unknown[]).length, Math.floor(20_000 / 26));
  });
});
