// Every stable kind × verb × subresource × encoding on the real binary; docs/conformance.md is what was seen.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { builtinDefinitions } from "#pkg/api/schema/load.ts";
import { RawClient } from "../bad-input/raw-client.ts";
import { ControlPlane } from "../lab/index.ts";
import { allEncodings, type Encoding } from "./encodings.ts";
import { Exercise, isStream } from "./exercise.ts";
import { readSamples, type Sample, sampleOf } from "./samples.ts";
import { conformanceDocument, keyOf } from "./table.ts";

const DOCUMENT = new URL("../../docs/conformance.md", import.meta.url);

describe("every kind in every encoding", () => {
  const definitions = builtinDefinitions();
  const results = new Map<string, Map<string, string>>();
  let server: ControlPlane;
  let client: RawClient;
  let samples: ReadonlyMap<string, Sample>;
  let encodings: readonly Encoding[];

  before(async () => {
    // Controllers would change the objects while they are compared.
    server = await ControlPlane.start(["--disable-scheduler", "--disable-controller-manager"]);
    client = await RawClient.of(server, { keepAlive: true });
    samples = await readSamples();
    encodings = await allEncodings();
    const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } };
    const made = await client.post("/api/v1/namespaces/default/serviceaccounts", account);
    assert.equal(made.code, 201, made.text);
  });
  after(async () => {
    client.close();
    assert.equal(await server.stop(), 0);
  });

  for (const definition of definitions) {
    it(`${keyOf(definition)} in JSON, YAML and protobuf`, async () => {
      const seen = new Map<string, string>();
      results.set(keyOf(definition), seen);
      for (const encoding of encodings) {
        const exercise = new Exercise(client, definition, encoding, (what) =>
          seen.set(what, `${seen.get(what) ?? ""}${encoding.letter}`),
        );
        if (definition.kind === "Binding") await bindPod(exercise, encoding);
        else await exercise.run(definition.verbs.includes("create") ? sampleOf(samples, definition) : ({} as Sample));
      }
      const wanted = [
        ...definition.verbs.filter((verb) => verb !== "patch"),
        ...Object.entries(definition.subresources).flatMap(([name, { verbs }]) =>
          isStream(name) ? [] : verbs.map((verb) => `${name} ${verb}`),
        ),
      ];
      assert.deepEqual(
        wanted.filter((what) => !seen.has(what)),
        [],
        "every verb that discovery names was run",
      );
    });
  }

  /** A Binding needs a pod that has no node. */
  async function bindPod(exercise: Exercise, encoding: Encoding): Promise<void> {
    const pod = structuredClone(samples.get("v1/Pod")) as Sample;
    const name = `bound-${encoding.letter.toLowerCase()}`;
    pod.metadata["name"] = name;
    const made = await client.post("/api/v1/namespaces/default/pods", pod);
    assert.equal(made.code, 201, made.text);
    const target = { kind: "Node", name: "somewhere" };
    await exercise.run({ apiVersion: "v1", kind: "Binding", metadata: { name }, target });
  }

  it("docs/conformance.md says what was seen", async () => {
    const text = conformanceDocument(definitions, results);
    if (process.env["WRITE_CONFORMANCE"] === "1") await writeFile(DOCUMENT, text);
    assert.equal(await readFile(DOCUMENT, "utf8"), text, "run make conformance");
  });
});
