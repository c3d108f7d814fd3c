// Mutated requests of every kind, verb and encoding: no 5xx, no crash, no hang, no growth; what is accepted reads back
// the same. FUZZ_SEED and FUZZ_SECONDS make a longer run, or the same one again.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, it } from "node:test";
import { builtinDefinitions } from "#pkg/api/schema/load.ts";
import { until } from "#pkg/async/index.ts";
import { RawClient } from "../bad-input/raw-client.ts";
import { readSamples, type Sample, sampleOf } from "../conformance/samples.ts";
import { ControlPlane } from "../lab/index.ts";
import { type FuzzedKind, Fuzzer } from "./fuzzer.ts";
import { GADGET, GADGET_CRD, GADGETS } from "./gadgets.ts";
import type { Counts } from "./session.ts";

const SEED = Number(process.env["FUZZ_SEED"] ?? 20_261_121);
const SECONDS = Number(process.env["FUZZ_SECONDS"] ?? 20);
const CLIENTS = 8;
/** What the server may have grown by, in MB, when everything is deleted again. */
const GROWTH_MB = 200;
const QUIET_MS = 30_000;
/** An accepted one may stand in the way of every other request: they go one after the other, and are removed at once. */
const ALONE = new Set(["admissionregistration.k8s.io", "apiregistration.k8s.io", "apiextensions.k8s.io"]);
/** The server itself writes to these. */
const WATCHED_OVER = new Set([...ALONE, "flowcontrol.apiserver.k8s.io"]);
/** The names of these are not free: all clients write to the same object. */
const FIXED_NAMES = new Set(["IPAddress", "CustomResourceDefinition", "APIService"]);

let server: ControlPlane;
let client: RawClient;
let samples: ReadonlyMap<string, Sample>;

before(async () => {
  server = await ControlPlane.start(["--disable-scheduler", "--disable-controller-manager"]);
  client = await RawClient.of(server, { keepAlive: true });
  samples = await readSamples();
  const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } };
  assert.equal((await client.post("/api/v1/namespaces/default/serviceaccounts", account)).code, 201);
  assert.equal((await client.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", GADGET_CRD)).code, 201);
  const isServed = async (): Promise<boolean> =>
    (await client.call("/apis/fuzz.example.com/v1/namespaces/default/gadgets")).code === 200;
  await until(isServed, { timeoutMs: 10_000, what: "gadgets are served" });
});
after(async () => {
  client.close();
  assert.equal(await server.stop(), 0);
});

it("mutated requests of every kind are answered, and change only what they say", async (t) => {
  const definitions = builtinDefinitions().filter(({ verbs, kind }) => verbs.includes("create") && kind !== "Binding");
  // Custom resources have a decoder, defaults and rules of their own: as many turns as a tenth of all.
  const gadgets = Array<FuzzedKind>(Math.ceil(definitions.length / 10)).fill(GADGETS);
  const together = [...definitions.filter(({ group }) => !ALONE.has(group)), ...gadgets];
  const alone = definitions.filter(({ group }) => ALONE.has(group));
  const total: Counts = { requests: 0, accepted: 0, readBack: 0, codes: {} };
  const problems = new Map<string, string>();
  const memoryBefore = await residentMb(server.pid);
  const end = Date.now() + SECONDS * 1000;
  let next = 0;
  const run = async (kinds: readonly FuzzedKind[], seed: number, until: number): Promise<void> => {
    const fuzzer = await Fuzzer.of(client, seed);
    for (let round = 0; Date.now() < until || round === 0; round++) {
      const kind = kinds[next++ % kinds.length] as FuzzedKind;
      const sample = kind === GADGETS ? GADGET : sampleOf(samples, kind);
      const isOwn = !WATCHED_OVER.has(kind.group) && !FIXED_NAMES.has(kind.kind);
      await fuzzer.round(kind, named(sample, seed), isOwn);
    }
    add(total, fuzzer.session.counts);
    for (const [what, detail] of fuzzer.session.problems) problems.set(what, detail);
  };
  const share = SECONDS * 1000 * (together.length / (definitions.length + gadgets.length));
  const clients = Array.from({ length: CLIENTS }, (_, i) => run(together, SEED + i, end - (SECONDS * 1000 - share)));
  await Promise.all(clients);
  await run(alone, SEED + CLIENTS, end);

  assert.ok(server.isRunning, server.log.slice(-2000));
  assert.equal((await client.call("/readyz")).text, "ok");
  t.diagnostic(`seed ${SEED}, ${SECONDS} s: ${JSON.stringify(total)}`);
  assert.ok(total.accepted > 0 && total.readBack > 0, "some of it is accepted");
  assert.equal(problems.size, 0, [...problems.values()].join("\n\n"));
  const grown = async (): Promise<number> => Math.round((await residentMb(server.pid)) - memoryBefore);
  const atOnce = await grown();
  // What was only in use while there was work goes back in quiet moments.
  await until(async () => (await grown()) < GROWTH_MB, { timeoutMs: QUIET_MS, what: `growth under ${GROWTH_MB} MB` });
  t.diagnostic(`grown by ${atOnce} MB, in quiet ${await grown()} MB`);
});

/** Each client has objects of its own, where the kind leaves the choice of a name. */
function named(sample: Sample, seed: number): Sample {
  const name = sample.metadata["name"] as string | undefined;
  return FIXED_NAMES.has(sample.kind) || name === undefined
    ? sample
    : { ...sample, metadata: { ...sample.metadata, name: `${name}-${seed}` } };
}

function add(total: Counts, counts: Counts): void {
  total.requests += counts.requests;
  total.accepted += counts.accepted;
  total.readBack += counts.readBack;
  for (const [code, n] of Object.entries(counts.codes)) total.codes[code] = (total.codes[code] ?? 0) + n;
}

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}
