import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import { MessageChannel } from "node:worker_threads";
import { servePort } from "#pkg/apiserver/index.ts";
import { ADMIN, startTestServer, type TestServer } from "#pkg/apiserver/testing.ts";
import { until } from "#pkg/async/index.ts";
import { leases } from "#pkg/api/types/coordination-v1.ts";
import { type ConfigMap, configmaps, events, namespaces } from "#pkg/api/types/core-v1.ts";
import { isConflict, isNotFound } from "#pkg/errors/index.ts";
import { createLogger } from "#pkg/log/index.ts";
import { createAuthority, issueCertificate } from "#pkg/pki/index.ts";
import {
  type Client,
  createClient,
  createHttpsTransport,
  createPortTransport,
  EventRecorder,
  InformerFactory,
  LeaderElection,
  referenceTo,
  retryOnConflict,
  type Transport,
} from "./index.ts";

const soon = { timeoutMs: 15_000, intervalMs: 2 };
const log = createLogger("silent");

describe("the client on a real API server", () => {
  let server: TestServer;
  let https: () => Transport;
  before(async () => {
    server = await startTestServer();
    const authority = await createAuthority("test");
    const serving = await issueCertificate(authority, { commonName: "s", ipAddresses: ["127.0.0.1"], usage: "server" });
    const admin = await issueCertificate(authority, {
      commonName: "admin",
      organizations: ["system:masters"],
      usage: "client",
    });
    const listener = await server.server.listen({
      host: "127.0.0.1",
      port: 0,
      tls: { ...serving, clientAuthorities: authority.cert },
    });
    https = () => createHttpsTransport({ server: `https://127.0.0.1:${listener.port}`, ca: authority.cert, ...admin });
    const client = createClient(server.transport);
    for (const name of ["default", "kube-system"]) {
      await client.create(namespaces, { metadata: { name }, spec: {} }).catch(() => undefined);
    }
  });
  after(() => server.close());

  const port = (): Transport => {
    const { port1, port2 } = new MessageChannel();
    servePort(server.server, port1, ADMIN);
    return createPortTransport(port2);
  };
  const connect = (t: TestContext, transport: Transport): Client => {
    t.after(() => transport.close());
    return createClient(transport);
  };

  for (const [name, open] of [
    ["in process", () => server.server.transport(ADMIN)],
    ["over a port", () => port()],
    ["over HTTPS", () => https()],
  ] as const) {
    it(`keeps an informer up to date ${name}`, async (t) => {
      const client = connect(t, open());
      const namespace = "default";
      const labels = { via: name.replaceAll(" ", "-").toLowerCase() };
      const factory = new InformerFactory({ client, log });
      const informer = factory.informer(configmaps, { namespace, labelSelector: `via=${labels.via}` });
      const told: string[] = [];
      informer.addHandler({
        add: ({ data }) => told.push(`add ${data?.["n"]}`),
        update: ({ data }, before) => told.push(`update ${before.data?.["n"]} to ${data?.["n"]}`),
        delete: ({ metadata }) => told.push(`delete ${metadata.name}`),
      });
      const stop = new AbortController();
      const running = factory.start(stop.signal);
      await informer.synced(stop.signal);
      const at = { namespace, name: `c-${labels.via}` };
      const made = await client.create(configmaps, { metadata: { ...at, labels }, data: { n: "1" } });
      const two = await client.update(configmaps, { ...made, data: { n: "2" } });
      await assert.rejects(client.update(configmaps, { ...made, data: { n: "3" } }), isConflict);
      await client.patch(configmaps, at, "application/merge-patch+json", { data: { n: "4" } });
      assert.equal((await client.list(configmaps, { namespace, labelSelector: `via=${labels.via}` })).items.length, 1);
      assert.notEqual(two.metadata.resourceVersion, made.metadata.resourceVersion);
      await client.delete(configmaps, at);
      await assert.rejects(client.get(configmaps, at), isNotFound);
      await until(() => told.length === 4, soon);
      assert.deepEqual(told, ["add 1", "update 1 to 2", "update 2 to 4", `delete ${at.name}`]);
      assert.equal(informer.lister.size, 0);
      stop.abort();
      await running;
    });
  }

  it("retryOnConflict wins against other writers in the end", async (t) => {
    const clients = [connect(t, port()), connect(t, https()), createClient(server.transport)];
    const at = { namespace: "default", name: "counter" };
    await clients[0]?.create(configmaps, { metadata: at, data: { n: "0" } });
    await Promise.all(
      clients.map((client) =>
        retryOnConflict(async () => {
          const found: ConfigMap = await client.get(configmaps, at);
          return client.update(configmaps, { ...found, data: { n: String(Number(found.data?.["n"]) + 1) } });
        }),
      ),
    );
    assert.equal((await createClient(server.transport).get(configmaps, at)).data?.["n"], "3");
  });

  it("LeaderElection hands over when a leader dies without a word, and Events tell of it", async (t) => {
    const client = createClient(server.transport);
    const recorder = new EventRecorder({ client, log, component: "test" });
    const candidate = (identity: string, transport: Transport) => {
      const stop = new AbortController();
      const state = { leading: false };
      const election = new LeaderElection({
        client: createClient(transport),
        log,
        recorder,
        namespace: "kube-system",
        name: "test",
        identity,
        timing: { leaseDurationMs: 1000, renewDeadlineMs: 300, retryPeriodMs: 50 },
        onStartedLeading: async (signal) => {
          state.leading = true;
          await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
          state.leading = false;
        },
      });
      const running = election.start(stop.signal);
      t.after(async () => {
        stop.abort();
        await running;
      });
      return state;
    };
    const dying = port();
    const a = candidate("a", dying);
    await until(() => a.leading, soon);
    const b = candidate("b", server.server.transport(ADMIN));
    // Its connection is gone: it can neither renew nor release.
    await dying.close();
    await until(() => b.leading, soon);
    assert.equal(a.leading, false);
    const lease = await client.get(leases, { namespace: "kube-system", name: "test" });
    assert.equal(lease.spec.holderIdentity, "b");
    assert.equal(lease.spec.leaseTransitions, 1);
    await recorder.close();
    const told = await client.list(events, { namespace: "kube-system" });
    const messages = new Set(told.items.map(({ message }) => message));
    assert.deepEqual(messages, new Set(["a became leader", "a stopped leading", "b became leader"]));
  });

  it("EventRecorder counts a repeated event on the one that is there", async () => {
    const client = createClient(server.transport);
    const recorder = new EventRecorder({ client, log, component: "test" });
    const about = referenceTo(configmaps, { metadata: { namespace: "default", name: "x", uid: "u" } });
    const list = async () => {
      const all = await client.list(events, { namespace: "default" });
      return all.items.filter((event) => event.involvedObject.name === "x");
    };
    recorder.event(about, "Normal", "Seen", "again");
    await until(async () => (await list()).length === 1, soon);
    recorder.event(about, "Normal", "Seen", "again");
    await recorder.close();
    const [event, ...others] = await list();
    assert.equal(others.length, 0);
    assert.equal(event?.count, 2);
  });
});
