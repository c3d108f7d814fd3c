import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Event } from "#pkg/api/types/core-v1.ts";
import { createLogger } from "#pkg/log/index.ts";
import { createClient } from "./client.ts";
import { EventCorrelator } from "./event-correlator.ts";
import { EventRecorder } from "./event-recorder.ts";
import { ScriptedTransport } from "./testing.ts";

const pod = { kind: "Pod", apiVersion: "v1", namespace: "a", name: "p", uid: "u" };

describe("EventRecorder", () => {
  it("creates an Event once and counts repetitions on it", async () => {
    const transport = new ScriptedTransport((request) => request.body);
    const client = createClient(transport);
    const recorder = new EventRecorder({ client, log: createLogger("silent"), component: "test", host: "n" });
    recorder.event(pod, "Warning", "BackOff", "again");
    for (let i = 0; i < 9; i++) recorder.event(pod, "Warning", "BackOff", "again");
    await recorder.close();
    assert.deepEqual(
      transport.requests.map((r) => r.method),
      ["POST", "PATCH"],
    );
    const [event, patch] = transport.requests.map((request) => request.body as Event);
    assert.ok(event !== undefined);
    assert.deepEqual(event.involvedObject, pod);
    assert.deepEqual(event.source, { component: "test", host: "n" });
    assert.match(event.metadata.name, /^p\.[0-9a-f]{15,16}$/);
    assert.equal(patch?.count, 10);
    assert.equal(transport.requests[1]?.path, `/api/v1/namespaces/a/events/${event.metadata.name}`);
  });

  it("never waits for an API server that does not answer", async () => {
    const transport = new ScriptedTransport(() => Promise.reject(new Error("connection refused")));
    const client = createClient(transport);
    const recorder = new EventRecorder({ client, log: createLogger("silent"), component: "test" });
    for (let i = 0; i < 10_100; i++) recorder.event({ ...pod, name: `p${i}` }, "Normal", "R", "m");
    await recorder.close(10);
    assert.equal(transport.requests.length, 8);
  });
});

describe("EventCorrelator", () => {
  const event = (message: string) => ({ regarding: pod, type: "Normal" as const, reason: "R", message });

  it("combines events that differ only in their message from the tenth on", () => {
    const correlator = new EventCorrelator();
    for (let i = 0; i < 9; i++) assert.equal(correlator.correlate(event(`m${i}`), 0)?.message, `m${i}`);
    assert.equal(correlator.correlate(event("m9"), 0)?.message, "(combined from similar events): m9");
    assert.equal(correlator.correlate(event("m10"), 0)?.count, 2);
  });

  it("lets 25 events of an object through, then one in five minutes", () => {
    const correlator = new EventCorrelator();
    for (let i = 0; i < 25; i++) assert.ok(correlator.correlate(event("m"), 0));
    assert.equal(correlator.correlate(event("m"), 1000), undefined);
    assert.ok(correlator.correlate(event("m"), 301_000));
  });
});
