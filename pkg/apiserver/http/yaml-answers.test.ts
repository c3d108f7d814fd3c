import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import { load } from "js-yaml";
import { startTestServer, type TestServer } from "../testing.ts";
import { type Answer, call, listenForTest, ROOT } from "./testing.ts";

const PATH = "/api/v1/namespaces/default/configmaps";
const COUNT = 150;
const YAML = { accept: "application/yaml" };
const TABLE = { accept: "application/yaml;as=Table;g=meta.k8s.io;v=v1" };

/** Objects whose list is many times too large to be rendered at once. */
async function fill({ transport }: TestServer): Promise<void> {
  const data = { text: "some words and a line\n".repeat(600), number: "12" };
  const create = (i: number): Promise<unknown> =>
    transport.request({
      method: "POST",
      path: PATH,
      body: { kind: "ConfigMap", apiVersion: "v1", metadata: { name: `c-${i}` }, data },
    });
  await Promise.all(Array.from({ length: COUNT }, (_, i) => create(i)));
}

describe("answers in YAML", () => {
  it("say what JSON says, and let others be answered while they are rendered", async (t) => {
    const test = await startTestServer(t);
    await fill(test);
    const on = await (await listenForTest(test)).session(...ROOT);
    const done: string[] = [];
    const noted = async (name: string, answer: Promise<Answer>): Promise<Answer> => {
      const found = await answer;
      done.push(name);
      return found;
    };
    const [list, get] = await Promise.all([
      noted("list", call(on, PATH, { headers: YAML })),
      noted("get", call(on, `${PATH}/c-1`, { headers: YAML })),
    ]);
    assert.deepEqual(done, ["get", "list"]);
    assert.equal(list.headers["content-type"], "application/yaml");
    assert.deepEqual(load(get.text), (await call(on, `${PATH}/c-1`)).json);
    assert.deepEqual(load(list.text), (await call(on, PATH)).json);
    const table = await call(on, PATH, { headers: TABLE });
    assert.equal((load(table.text) as { rows: unknown[] }).rows.length, COUNT);
    const packed = await call(on, PATH, { headers: { ...YAML, "accept-encoding": "gzip" } });
    assert.equal(packed.headers["content-encoding"], "gzip");
  });

  it("are 500 where they cannot be rendered, and the server goes on", async (t) => {
    const createWorker = (): Worker => new Worker("for (;;);", { eval: true });
    const test = await startTestServer(t, { yaml: { createWorker, timeoutMs: 50 } });
    await fill(test);
    const on = await (await listenForTest(test)).session(...ROOT);
    const list = await call(on, PATH, { headers: YAML });
    assert.equal(list.status, 500);
    const { kind, reason, message } = load(list.text) as Record<string, string>;
    assert.deepEqual([kind, reason], ["Status", "InternalError"]);
    assert.match(message ?? "", /the answer cannot be rendered as YAML: it takes too long/);
    assert.equal((await call(on, `${PATH}/c-1`, { headers: YAML })).status, 200);
  });
});
