import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "#pkg/async/index.ts";
import type { Lease } from "#pkg/api/types/coordination-v1.ts";
import { conflict, MODIFIED, notFound } from "#pkg/errors/index.ts";
import { createLogger } from "#pkg/log/index.ts";
import { createClient } from "./client.ts";
import { LeaderElection } from "./leader-election.ts";
import { ScriptedTransport } from "./testing.ts";

/** A server with one Lease and compare-and-swap. */
class LeaseServer {
  lease: Lease | undefined;
  broken = false;
  #version = 0;

  readonly client = createClient(
    new ScriptedTransport((request) => {
      if (this.broken) throw new Error("connection refused");
      const leases = { group: "coordination.k8s.io", plural: "leases" };
      if (request.method === "GET") {
        if (this.lease === undefined) throw notFound(leases, "l");
        return this.lease;
      }
      const sent = request.body as Lease;
      if (request.method === "PUT" && sent.metadata.resourceVersion !== this.lease?.metadata.resourceVersion) {
        throw conflict(leases, "l", MODIFIED);
      }
      this.lease = { ...sent, metadata: { ...sent.metadata, resourceVersion: String(++this.#version) } };
      return this.lease;
    }),
  );

  candidate(identity: string) {
    const stop = new AbortController();
    const state = { leading: false, terms: 0 };
    const election = new LeaderElection({
      client: this.client,
      log: createLogger("silent"),
      namespace: "kube-system",
      name: "l",
      identity,
      timing: { leaseDurationMs: 200, renewDeadlineMs: 60, retryPeriodMs: 10 },
      onStartedLeading: async (signal) => {
        state.leading = true;
        state.terms++;
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
        state.leading = false;
      },
    });
    const running = election.start(stop.signal);
    const end = async (): Promise<void> => {
      stop.abort();
      await running;
    };
    return { state, election, end };
  }
}
const soon = { timeoutMs: 15_000, intervalMs: 2 };

describe("LeaderElection", () => {
  it("has one leader, who hands over on stop and counts the transition", async () => {
    const server = new LeaseServer();
    const a = server.candidate("a");
    await until(() => a.state.leading, soon);
    const b = server.candidate("b");
    const renewed = server.lease?.metadata.resourceVersion;
    await until(() => server.lease?.metadata.resourceVersion !== renewed, soon);
    assert.equal(b.state.leading, false);
    assert.equal(server.lease?.spec.holderIdentity, "a");
    assert.match(server.lease?.spec.renewTime ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    await a.end();
    assert.equal(a.state.leading, false);
    await until(() => b.state.leading, soon);
    assert.equal(server.lease?.spec.leaseTransitions, 1);
    await b.end();
    assert.equal(server.lease?.spec.holderIdentity, "");
  });

  it("takes a lease only after seeing it unchanged for its duration", async () => {
    const server = new LeaseServer();
    server.lease = {
      metadata: { name: "l", namespace: "kube-system", resourceVersion: "dead", uid: "u", creationTimestamp: "" },
      // An old renewTime from a foreign clock says nothing.
      spec: { holderIdentity: "gone", leaseDurationSeconds: 0.2, renewTime: "2001-01-01T00:00:00.000000Z" },
    };
    const startedAt = performance.now();
    const a = server.candidate("a");
    await until(() => a.state.leading, soon);
    assert.ok(performance.now() - startedAt >= 195);
    await a.end();
  });

  it("stops the work when the lease cannot be renewed in time, and competes again", async () => {
    const server = new LeaseServer();
    const a = server.candidate("a");
    await until(() => a.state.leading, soon);
    server.broken = true;
    await until(() => !a.state.leading, soon);
    server.broken = false;
    await until(() => a.state.terms === 2, soon);
    await a.end();
  });

  it("stops at once when another holds the lease", async () => {
    const server = new LeaseServer();
    const a = server.candidate("a");
    await until(() => a.state.leading, soon);
    const { lease } = server;
    assert.ok(lease !== undefined);
    server.lease = {
      metadata: { ...lease.metadata, resourceVersion: "stolen" },
      spec: { ...lease.spec, holderIdentity: "b", leaseDurationSeconds: 60 },
    };
    await until(() => !a.state.leading, { timeoutMs: 50, intervalMs: 1 });
    await a.end();
    assert.equal(server.lease.spec.holderIdentity, "b");
  });
});
