import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";
import type { ResourceDefinition } from "#pkg/api/definition.ts";
import { apiVersionOf } from "#pkg/api/resource-ref.ts";

const KINDS = fileURLToPath(new URL("../../examples/kinds/", import.meta.url));

export type Sample = { apiVersion: string; kind: string; metadata: Record<string, unknown> } & Record<string, unknown>;

/** One object of every kind that can be stored, as examples/kinds has them, by "apiVersion/kind". */
export async function readSamples(): Promise<ReadonlyMap<string, Sample>> {
  const samples = new Map<string, Sample>();
  for (const file of (await readdir(KINDS)).toSorted()) {
    for (const document of parseAllDocuments(await readFile(`${KINDS}${file}`, "utf8"))) {
      const object = document.toJS() as Sample;
      samples.set(`${object.apiVersion}/${object.kind}`, object);
    }
  }
  return samples;
}

const access = { resourceAttributes: { verb: "get", resource: "pods", namespace: "default" } };
const metadata = {};
/** Bodies of the kinds that are asked and never stored. */
const REQUESTS: Readonly<Record<string, Record<string, unknown>>> = {
  TokenReview: { spec: { token: "nobody's" } },
  SelfSubjectReview: {},
  SubjectAccessReview: { spec: { user: "somebody", ...access } },
  LocalSubjectAccessReview: { spec: { user: "somebody", ...access } },
  SelfSubjectAccessReview: { spec: access },
  SelfSubjectRulesReview: { spec: { namespace: "default" } },
};

/** The object to POST for a kind. @throws when there is none: a kind was added without an example */
export function sampleOf(
  samples: ReadonlyMap<string, Sample>,
  definition: Pick<ResourceDefinition, "group" | "version" | "kind">,
): Sample {
  const apiVersion = apiVersionOf(definition);
  const found = samples.get(`${apiVersion}/${definition.kind}`);
  if (found !== undefined) return structuredClone(found);
  const body = REQUESTS[definition.kind];
  if (body === undefined) throw new Error(`examples/kinds has no ${apiVersion} ${definition.kind}`);
  return { apiVersion, kind: definition.kind, metadata, ...body };
}
