import type { ResourceDefinition } from "#pkg/api/definition.ts";
import { apiVersionOf } from "#pkg/api/resource-ref.ts";
import { isStream } from "./exercise.ts";

/** What was seen to work: "apiVersion/plural" → "create" → encodings in which it did. */
export type Results = ReadonlyMap<string, ReadonlyMap<string, string>>;

const VERBS = [
  "create",
  "get",
  "list",
  "watch",
  "update",
  "patch json",
  "patch merge",
  "patch strategic",
  "patch apply",
  "delete",
  "deletecollection",
];
const SUBRESOURCE_VERBS = ["create", "get", "update", "patch"];

/** The document: which verb of which kind was seen to work in which encoding. */
export function conformanceDocument(definitions: readonly ResourceDefinition[], results: Results): string {
  return `# Conformance

Every stable kind, verb and subresource in every encoding, as the scenario \`e2e/conformance\` saw it work on the real binary:
**J** JSON, **Y** YAML, **P** Kubernetes protobuf. The scenario fails when this page says anything else;
\`make conformance\` writes it anew. A dash is a verb that upstream does not have either; YAML cannot be watched (406), as upstream.

## Kinds

${kinds(definitions, results)}

## Subresources

${subresources(definitions, results)}

\`attach exec log portforward proxy\` carry streams and need a node: \`e2e/first-deployment\` and \`e2e/clients\` run them.
`;
}

function kinds(definitions: readonly ResourceDefinition[], results: Results): string {
  const rows = definitions.map((definition) => {
    const seen = results.get(keyOf(definition));
    return [apiVersionOf(definition), definition.kind, ...VERBS.map((verb) => seen?.get(verb) ?? "-")];
  });
  return markdown(["Version", "Kind", ...VERBS], rows);
}

function subresources(definitions: readonly ResourceDefinition[], results: Results): string {
  const rows = definitions.flatMap((definition) =>
    Object.keys(definition.subresources)
      .filter((name) => !isStream(name))
      .map((name) => {
        const seen = results.get(keyOf(definition));
        const cells = SUBRESOURCE_VERBS.map((verb) => seen?.get(`${name} ${verb}`) ?? "-");
        return [apiVersionOf(definition), `${definition.plural}/${name}`, ...cells];
      }),
  );
  return markdown(["Version", "Subresource", ...SUBRESOURCE_VERBS], rows);
}

export const keyOf = (definition: ResourceDefinition): string => `${apiVersionOf(definition)}/${definition.plural}`;

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
