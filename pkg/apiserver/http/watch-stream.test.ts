import assert from "node:assert/strict";
import { once } from "node:events";
import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { configmaps } from "#pkg/api/types/core-v1.ts";
import { createClient } from "#pkg/client/index.ts";
import { startTestServer } from "../testing.ts";
import type { ServedEvent } from "../types.ts";
import { listenForTest, ROOT, type TestListener } from "./testing.ts";
import { WatchCounter } from "./watch-counter.ts";
import { WatchStream } from "./watch-stream.ts";

const EVENT = {
  type: "ADDED",
  text: "",
  bytes: Buffer.from("event"),
  object: { metadata: {} },
} as unknown as ServedEvent;

describe("WatchStream", () => {
  it("cuts a reader that is too far behind, and goes on with one that is not", () => {
    const chunks: Uint8Array[] = [];
    const target = {
      writableLength: 0,
      destroyed: false,
      write: (chunk: Uint8Array) => chunks.push(chunk) > 0,
      end: () => undefined,
      once: () => undefined,
    };
    const counter = new WatchCounter("");
    const stream = new WatchStream(target, (event) => event.bytes, counter);
    assert.equal(stream.send(EVENT), true);
    target.writableLength = 20 << 20;
    assert.equal(stream.send(EVENT), true);
    target.writableLength = 300 << 20;
    assert.equal(stream.send(EVENT), false);
    assert.equal(counter.events, 2);
    assert.equal(counter.counts[0], 2);
  });

  it("does not let one that reads nothing hold up another over TLS", async (t) => {
    const test = await startTestServer(t);
    const at = await listenForTest(test);
    const [stuck, quick] = await Promise.all([watch(at), watch(at)]);
    stuck.stream.pause();
    let added = 0;
    const seen = new Promise<void>((resolve) => {
      createInterface({ input: quick.stream }).on("line", (line) => {
        assert.match(line.slice(0, 20), /^\{"type":"ADDED"/);
        if (++added === 40) resolve();
      });
    });
    const client = createClient(test.transport);
    const data = { text: "x".repeat(200_000) };
    for (let i = 0; i < 40; i++) await client.create(configmaps, { metadata: { namespace: "a", name: `c${i}` }, data });
    await seen;
    for (const { session } of [stuck, quick]) session.destroy();
  });
});

interface Watch {
  readonly session: ClientHttp2Session;
  readonly stream: ClientHttp2Stream;
}

async function watch(at: TestListener): Promise<Watch> {
  const session = await at.session(...ROOT);
  session.on("error", () => undefined);
  const stream = session.request({ ":path": "/api/v1/namespaces/a/configmaps?watch=1" });
  stream.on("error", () => undefined);
  await once(stream, "response");
  return { session, stream };
}
