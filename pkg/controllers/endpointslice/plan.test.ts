import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Endpoint, EndpointSlice } from "#pkg/api/types/discovery-v1.ts";
import { planSlices } from "./plan.ts";

const PORTS = [{ name: "http", port: 80, protocol: "TCP" }];
const LABELS = { "kubernetes.io/service-name": "web" };
const endpoint = (ip: number, ready = true): Endpoint => ({
  addresses: [`10.0.0.${ip}`],
  conditions: { ready },
  targetRef: { uid: `pod-${ip}` },
});
const slice = (name: string, endpoints: Endpoint[], ports = PORTS): EndpointSlice => ({
  metadata: { name, uid: name, resourceVersion: "1", creationTimestamp: "", labels: LABELS },
  addressType: "IPv4",
  endpoints,
  ports,
});
const desired = (endpoints: Endpoint[]) => endpoints.map((e) => ({ ports: PORTS, endpoint: e }));

describe("planSlices", () => {
  it("writes nothing when nothing changed", () => {
    const plan = planSlices([slice("a", [endpoint(1)])], desired([endpoint(1)]), LABELS, 2);
    assert.deepEqual(plan, { create: [], update: [], remove: [] });
  });

  it("fills a slice that has room, else makes new ones of at most the limit", () => {
    const grown = planSlices([slice("a", [endpoint(1)])], desired([1, 2].map((n) => endpoint(n))), LABELS, 2);
    assert.deepEqual(
      grown.update.map((u) => u.endpoints.length),
      [2],
    );
    const full = slice("a", [endpoint(1), endpoint(2)]);
    const more = planSlices([full], desired([1, 2, 3, 4, 5].map((n) => endpoint(n))), LABELS, 2);
    assert.deepEqual([more.update.length, more.create.map((c) => c.endpoints.length)], [0, [2, 1]]);
  });

  it("rewrites changed endpoints in place and removes emptied slices", () => {
    const existing = [slice("a", [endpoint(1)]), slice("b", [endpoint(2)])];
    const plan = planSlices(existing, desired([endpoint(1, false)]), LABELS, 2);
    assert.deepEqual(
      plan.update.map((u) => u.slice.metadata.name),
      ["a"],
    );
    assert.deepEqual(
      plan.remove.map((s) => s.metadata.name),
      ["b"],
    );
  });

  it("keeps one empty slice for a service without endpoints", () => {
    assert.deepEqual(planSlices([], [], LABELS, 2).create, [{ ports: [], endpoints: [] }]);
    assert.deepEqual(planSlices([slice("a", [], [])], [], LABELS, 2), { create: [], update: [], remove: [] });
    const emptied = planSlices([slice("a", [endpoint(1)])], [], LABELS, 2);
    assert.deepEqual([emptied.remove.length, emptied.create.length], [1, 1]);
  });

  it("separates pods that serve a named port by different numbers", () => {
    const other = { ports: [{ name: "http", port: 81, protocol: "TCP" }], endpoint: endpoint(2) };
    const plan = planSlices([], [...desired([endpoint(1)]), other], LABELS, 2);
    assert.deepEqual(
      plan.create.map((c) => c.ports[0]?.port),
      [80, 81],
    );
  });
});
