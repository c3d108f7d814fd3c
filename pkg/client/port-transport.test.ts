import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MessageChannel } from "node:worker_threads";
import { until } from "#pkg/async/index.ts";
import { isNotFound, notFound } from "#pkg/errors/index.ts";
import type { PortClientMessage, PortServerMessage } from "./port-protocol.ts";
import { createPortTransport } from "./port-transport.ts";

function setup(answer: (message: PortClientMessage, send: (...messages: PortServerMessage[]) => void) => void) {
  const { port1, port2 } = new MessageChannel();
  const received: PortClientMessage[] = [];
  port2.on("message", (batch: readonly PortClientMessage[]) => {
    for (const message of batch) {
      received.push(message);
      answer(message, (...replies) => port2.postMessage(replies));
    }
  });
  return { transport: createPortTransport(port1), received, server: port2 };
}
const soon = { timeoutMs: 15_000, intervalMs: 1 };

describe("createPortTransport", () => {
  it("matches answers to requests, decodes JSON and throws Statuses", async () => {
    const { transport } = setup((message, send) => {
      if (message.type !== "request") return;
      const { id, path, query, body } = message;
      if (path === "/missing") {
        const text = JSON.stringify(notFound({ group: "", plural: "pods" }, "x").toStatus());
        send({ type: "response", id, status: 404, text, json: true });
      } else if (path === "/log") send({ type: "response", id, status: 200, text: "{", json: false });
      else send({ type: "response", id, status: 200, text: JSON.stringify({ query, body }), json: true });
    });
    const answers = await Promise.all([
      transport.request({ method: "POST", path: "/a", query: { x: "1 2" }, body: { y: 1 } }),
      transport.request({ method: "GET", path: "/log" }),
    ]);
    assert.deepEqual(answers, [{ query: "x=1+2", body: '{"y":1}' }, "{"]);
    await assert.rejects(transport.request({ method: "GET", path: "/missing" }), isNotFound);
    await transport.close();
  });

  it("acknowledges events, not each batch of them, and ends with the server's end", async () => {
    const { transport, received } = setup((message, send) => {
      if (message.type === "watch") {
        const text = JSON.stringify({ type: "ADDED", object: { metadata: { name: "x" } } });
        send({ type: "started", id: message.id });
        for (let i = 0; i < 4; i++) send({ type: "events", id: message.id, texts: Array<string>(100).fill(text) });
      }
      if (message.type === "ack") send({ type: "ended", id: message.id });
    });
    let count = 0;
    for await (const event of transport.watch({ method: "GET", path: "/w", query: { watch: true } })) {
      assert.equal(event.object.metadata.name, "x");
      count++;
    }
    assert.equal(count, 400);
    assert.deepEqual(received.slice(1), [{ type: "ack", id: 1, count: 300 }]);
    await transport.close();
  });

  it("lets watchers take in events before answers that came after them in the same message", async () => {
    const held: PortClientMessage[] = [];
    const { transport } = setup((message, send) => {
      if (message.type !== "watch" && message.type !== "request") return;
      if (held.push(message) < 3) return;
      const [watch, first, second] = held.map(({ id }) => id) as [number, number, number];
      const event = (name: string): string => JSON.stringify({ type: "ADDED", object: { metadata: { name } } });
      const answer = (id: number) => ({ type: "response", id, status: 200, text: "{}", json: true }) as const;
      send(
        { type: "started", id: watch },
        { type: "events", id: watch, texts: [event("a"), event("b")] },
        answer(first),
        { type: "events", id: watch, texts: [event("c")] },
        answer(second),
        { type: "ended", id: watch },
      );
    });
    const order: string[] = [];
    const watching = (async () => {
      for await (const { object } of transport.watch({ method: "GET", path: "/w" })) order.push(object.metadata.name);
      order.push("ended");
    })();
    const request = async (name: string): Promise<void> => {
      await transport.request({ method: "POST", path: "/p", body: {} });
      order.push(name);
    };
    await Promise.all([watching, request("first"), request("second")]);
    assert.deepEqual(order, ["a", "b", "first", "c", "second", "ended"]);
    await transport.close();
  });

  it("sends what is asked in one turn as one message, and large amounts in parts", async () => {
    const { port1, port2 } = new MessageChannel();
    const sizes: number[] = [];
    port2.on("message", (batch: readonly PortClientMessage[]) => {
      sizes.push(batch.length);
      port2.postMessage(batch.map(({ id }) => ({ type: "response", id, status: 200, text: "1", json: true })));
    });
    const transport = createPortTransport(port1);
    const ask = (): Promise<unknown> => transport.request({ method: "GET", path: "/a" });
    await Promise.all([ask(), Promise.resolve().then(ask), ask()]);
    assert.deepEqual(sizes, [3]);
    await Promise.all(Array.from({ length: 100 }, ask));
    assert.deepEqual(sizes, [3, 64, 36]);
    await transport.close();
  });

  it("tells the server of aborts", async () => {
    const { transport, received } = setup(() => undefined);
    const stop = new AbortController();
    const request = transport.request({ method: "GET", path: "/slow", signal: stop.signal });
    const watch = transport.watch({ method: "GET", path: "/w", signal: stop.signal })[Symbol.asyncIterator]();
    const next = watch.next();
    await until(() => received.length === 2, soon);
    stop.abort();
    await assert.rejects(request, { name: "AbortError" });
    await assert.rejects(next, { name: "AbortError" });
    await until(() => received.length === 4, soon);
    assert.deepEqual(
      received.slice(2).map((m) => m.type),
      ["abort", "abort"],
    );
    await transport.close();
  });

  it("rejects what is under way when the port closes", async () => {
    const { transport, server } = setup(() => undefined);
    const request = transport.request({ method: "GET", path: "/slow" });
    server.close();
    await assert.rejects(request, /port closed/);
  });
});
