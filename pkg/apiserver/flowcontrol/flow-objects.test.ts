// The statements of the conformance suite "API priority and fairness should support FlowSchema API operations" and
// "… PriorityLevelConfiguration API operations", for both kinds the same.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Transport } from "#pkg/client/types.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { startTestServer } from "../testing.ts";

const GROUP = "flowcontrol.apiserver.k8s.io";
const limited = { nominalConcurrencyShares: 2, limitResponse: { type: "Reject" } };
const priorityLevelConfiguration = { name: "global-default" };
const KINDS = [
  { kind: "FlowSchema", plural: "flowschemas", spec: { matchingPrecedence: 9999, priorityLevelConfiguration } },
  { kind: "PriorityLevelConfiguration", plural: "prioritylevelconfigurations", spec: { type: "Limited", limited } },
];
type Loose = Record<string, any>; // oxlint-disable-line no-explicit-any -- objects of two kinds

describe("flow control objects", () => {
  for (const { kind, plural, spec } of KINDS)
    it(`are found in discovery, created, read, watched, changed and deleted when they are of kind ${kind}`, async (t) => {
      const { transport } = await startTestServer(t);
      const path = `/apis/${GROUP}/v1/${plural}`;
      const labelled = "labelSelector=e2e%3Dyes";
      const ask = async (method: string, at: string, body?: object, contentType?: string): Promise<Loose> => {
        const [to = "", search = ""] = at.split("?");
        const query = Object.fromEntries(new URLSearchParams(search));
        const type = contentType === undefined ? {} : { contentType: contentType as "application/merge-patch+json" };
        return (await transport.request({ method: method as "GET", path: to, query, body, ...type })) as Loose;
      };
      const groups = (await ask("GET", "/apis"))["groups"] as Loose[];
      const group = groups.find(({ name }) => name === GROUP);
      assert.ok(group?.["versions"].some(({ version }: Loose) => version === "v1"));
      const resources = (await ask("GET", `/apis/${GROUP}/v1`))["resources"] as Loose[];
      for (const name of [plural, `${plural}/status`]) assert.ok(resources.some((each) => each["name"] === name));

      const stop = new AbortController();
      const seen = watchNames(transport, path, stop.signal);
      for (const name of ["a", "b", "c"]) await ask("POST", path, { metadata: { name, labels: { e2e: "yes" } }, spec });
      assert.equal((await ask("GET", `${path}/a`))["metadata"].generation, 1);
      assert.equal((await ask("GET", `${path}?${labelled}`))["items"].length, 3);
      const merge = "application/merge-patch+json";
      const patched = await ask("PATCH", `${path}/a`, { metadata: { annotations: { patched: "true" } } }, merge);
      assert.equal(patched["metadata"].annotations.patched, "true");
      // Unconditionally: the server writes conditions at the same time.
      const unconditional = ({ metadata, ...rest }: Loose, annotations?: object): object => ({
        ...rest,
        metadata: { ...metadata, resourceVersion: undefined, ...(annotations && { annotations }) },
      });
      const next = unconditional(patched, { updated: "true" });
      assert.equal((await ask("PUT", `${path}/a`, next))["metadata"].annotations.updated, "true");
      const condition = (type: string): object => ({
        status: { conditions: [{ type, status: "True", reason: "E2E" }] },
      });
      await ask("PATCH", `${path}/a/status`, condition("Patched"), merge);
      const before = await ask("GET", `${path}/a/status`);
      assert.ok(before["status"].conditions.some(({ type }: Loose) => type === "Patched"));
      await ask("PUT", `${path}/a/status`, { ...unconditional(before), ...condition("Updated") });
      const updated = await ask("GET", `${path}/a`);
      assert.ok(updated["status"].conditions.some(({ type }: Loose) => type === "Updated"));
      await ask("DELETE", `${path}/a`);
      await assert.rejects(ask("GET", `${path}/a`), isNotFound);
      await ask("DELETE", `${path}?${labelled}`);
      assert.deepEqual((await ask("GET", `${path}?${labelled}`))["items"], []);
      assert.deepEqual((await seen).toSorted(), [
        "ADDED a",
        "ADDED b",
        "ADDED c",
        "DELETED a",
        "DELETED b",
        "DELETED c",
        "MODIFIED a",
      ]);
      stop.abort();
    });
});

/** What a watch tells until the last object is gone, each once. */
async function watchNames(transport: Transport, path: string, signal: AbortSignal): Promise<string[]> {
  const seen = new Set<string>();
  for await (const { type, object } of transport.watch({ method: "GET", path, query: { watch: "true" }, signal })) {
    seen.add(`${type} ${object.metadata.name}`);
    if (type === "DELETED" && object.metadata.name === "c") break;
  }
  return [...seen].filter((each) => !/MODIFIED [bc]/.test(each));
}
