import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { Worker } from "node:worker_threads";
import { renderYaml } from "./render-yaml.ts";
import { YamlCodec } from "./yaml-codec.ts";
import type { YamlThreadOptions } from "./yaml-thread.ts";

const WORKER = new URL("./yaml-worker.ts", import.meta.url);
const { signal: FOREVER } = new AbortController();

function codecFor(t: TestContext, options?: YamlThreadOptions): YamlCodec {
  const codec = new YamlCodec(options);
  t.after(async () => await codec.close());
  return codec;
}

/** About `characters` of a list of mappings. */
const listOf = (characters: number): string => "- {name: some, value: 12}\n".repeat(characters / 26);
const lengthOf = (value: unknown): number => (value as unknown[]).length;

/** What YAML has to write with care. */
const ITEMS = [
  { name: "plain", text: "one\ntwo\n", list: [1, -0.5, 1e21, true, null, "null", "yes", "12", ""] },
  { nested: [[], [[1, [2]], { a: {} }], {}], "key: odd": "#", "": "~", é: "日本\u2028 \ud83d\ude00" },
  { last: "ends with empty lines\n\n" },
  "scalar",
  null,
  [["list"], { of: ["lists"] }],
];
const HEAD = { kind: "List", apiVersion: "v1", metadata: { resourceVersion: "1", text: "line\n\n" } };

const rendered = async (answer: string | Promise<Uint8Array>): Promise<string> => Buffer.from(await answer).toString();

describe("YamlCodec", () => {
  it("parses small texts at once and large ones in a thread, with the same result", async (t) => {
    const codec = codecFor(t);
    assert.deepEqual(codec.parse("a: 1\na: 2\n"), {
      value: { a: 2 },
      duplicates: 'yaml: unmarshal errors:\n  line 2: key "a" already set in map',
    });
    const large = `${listOf(100_000)}- {a: 1, a: 2}\n`;
    const answer = codec.parse(large);
    assert.ok(answer instanceof Promise);
    const { value, duplicates } = await answer;
    assert.equal(lengthOf(value), Math.floor(100_000 / 26) + 1);
    assert.match(duplicates ?? "", /key "a" already set in map/);
    await assert.rejects(async () => await codec.parse(`${large}]`), /^Error: line \d+: /);
  });

  it("renders small values at once and large ones in a thread, to the same bytes as in one go", async (t) => {
    const codec = codecFor(t);
    const small = codec.render({ ...HEAD, items: ITEMS }, FOREVER);
    assert.equal(small, renderYaml({ ...HEAD, items: ITEMS }));
    for (const tail of ITEMS.slice(1, 4)) {
      const items = [...Array.from({ length: 1_200 }, () => ITEMS).flat(), tail];
      const whole = renderYaml({ ...HEAD, items });
      const texts = items.map((item) => JSON.stringify(item));
      const large = codec.renderList(HEAD, texts, FOREVER);
      assert.ok(large instanceof Promise);
      assert.equal(await rendered(large), whole);
      if (tail !== ITEMS[2]) continue;
      assert.match(whole, /\n\.\.\.\n$/);
      assert.equal(await rendered(codec.render({ ...HEAD, items }, FOREVER)), whole);
      assert.equal(
        await rendered(codec.render({ ...HEAD, rows: items }, FOREVER)),
        renderYaml({ ...HEAD, rows: items }),
      );
      assert.equal(
        await rendered(codec.render({ ...HEAD, spec: items }, FOREVER)),
        renderYaml({ ...HEAD, spec: items }),
      );
    }
    assert.equal(codec.renderList(HEAD, [], FOREVER), renderYaml({ ...HEAD, items: [] }));
  });

  it("leaves the thread of its caller free while much is read or written", async (t) => {
    const codec = codecFor(t);
    await codec.parse(listOf(20_000));
    const texts = Array.from({ length: 10_000 }, (_, i) => JSON.stringify({ name: `n-${i}`, text: "x y ".repeat(60) }));
    const before = performance.eventLoopUtilization();
    await Promise.all([codec.parse(listOf(3 << 20)), codec.renderList(HEAD, texts, FOREVER)]);
    const { active, idle } = performance.eventLoopUtilization(before);
    assert.ok(active < idle, `${active} ms busy of ${active + idle}`);
  });

  it("does what is small before the rest of what is large", async (t) => {
    const codec = codecFor(t);
    const done: string[] = [];
    const texts = Array.from({ length: 100 }, () => JSON.stringify({ text: "x".repeat(20_000) }));
    const list = rendered(codec.renderList(HEAD, texts, FOREVER)).then(() => done.push("list"));
    const body = (async () => await codec.parse(listOf(20_000)))().then(() => done.push("body"));
    await Promise.all([list, body]);
    assert.deepEqual(done, ["body", "list"]);
  });

  it("renders no more when nobody waits for it", async (t) => {
    const codec = codecFor(t);
    const caller = new AbortController();
    const texts = Array.from({ length: 1_000 }, () => JSON.stringify({ text: "x".repeat(20_000) }));
    const gone = rendered(codec.renderList(HEAD, texts, caller.signal));
    caller.abort(new Error("gone"));
    await assert.rejects(gone, /^Error: gone$/);
  });

  it("does the next request when it had to give one up", async (t) => {
    const busy = (): Worker => new Worker("for (;;);", { eval: true });
    const makers = [busy, busy, undefined];
    const codec = codecFor(t, { createWorker: () => makers.shift()?.() ?? new Worker(WORKER), timeoutMs: 1_000 });
    const first = assert.rejects(async () => await codec.parse(listOf(20_000)), /takes too long/);
    const second = assert.rejects(rendered(codec.render({ text: listOf(30_000) }, FOREVER)), {
      code: 500,
      message: "Internal error occurred: the answer cannot be rendered as YAML: it takes too long",
    });
    const third = codec.parse(listOf(40_000));
    await Promise.all([first, second]);
    assert.equal(lengthOf((await third).value), Math.floor(40_000 / 26));
  });

  it("gives up what takes more memory than there is", async (t) => {
    const createWorker = (): Worker => new Worker(WORKER, { resourceLimits: { maxOldGenerationSizeMb: 16 } });
    const codec = codecFor(t, { createWorker });
    await assert.rejects(async () => await codec.parse("- - - -\n".repeat(200_000)), /takes too much memory/);
    await assert.rejects(rendered(codec.render({ spec: Array(1_000_000).fill(0) }, FOREVER)), {
      code: 500,
      message: /takes too much memory/,
    });
    assert.equal(lengthOf((await codec.parse(listOf(20_000))).value), Math.floor(20_000 / 26));
  });

  it("answers all who wait when it is closed", async () => {
    const codec = new YamlCodec();
    const texts = Array.from({ length: 100 }, () => JSON.stringify({ text: "x".repeat(20_000) }));
    const waiting = [
      assert.rejects(rendered(codec.renderList(HEAD, texts, FOREVER)), /shutting down/),
      assert.rejects(async () => await codec.parse(listOf(3_000_000)), /shutting down/),
    ];
    await codec.close();
    await Promise.all(waiting);
    await assert.rejects(async () => await codec.parse(listOf(20_000)), /shutting down/);
  });
});
