import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MessageChannel } from "node:worker_threads";
import { until } from "#pkg/async/index.ts";
import { isNotFound, notFound } from "#pkg/errors/index.ts";
import type { PortClientMessage, PortServerMessage } from "./port-protocol.ts";
import { createPortTransport } from "./port-transport.ts";

function setup(answer: (message: PortClientMessage, send: (message: PortServerMessage) => void) => void) {
  const { port1, port2 } = new MessageChannel();
  const received: PortClientMessage[] = [];
  port2.on("message", (message: PortClientMessage) => {
    received.push(message);
    answer(message, (reply) => port2.postMessage(reply));
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

  it("acknowledges batches of events, and ends with the server's end", async () => {
    const { transport, received } = setup((message, send) => {
      if (message.type === "watch") {
        const text = JSON.stringify({ type: "ADDED", object: { metadata: { name: "x" } } });
        send({ type: "started", id: message.id });
        send({ type: "events", id: message.id, texts: [text, text] });
      }
      if (message.type === "ack") send({ type: "ended", id: message.id });
    });
    let count = 0;
    for await (const event of transport.watch({ method: "GET", path: "/w", query: { watch: true } })) {
      assert.equal(event.object.metadata.name, "x");
      count++;
    }
    assert.equal(count, 2);
    assert.deepEqual(received[1], { type: "ack", id: 1, count: 2 });
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
