// Turns the published facts about the Kubernetes API (OpenAPI definitions, aggregated discovery, protobuf descriptors)
// into this project's own tables: schema/tables/*.json, schema/resources.json, types/*.ts and proto/*.proto.
// Run by hand when the Kubernetes version moves: `node pkg/api/schema/generate.ts FACTS_DIR`, then format.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import protobuf from "protobufjs";
import { generateProtobufTable } from "../protobuf/generate-table.ts";

type Json = Record<string, any>; // oxlint-disable-line no-explicit-any -- walks untyped facts

const facts = process.argv[2];
if (facts === undefined) throw new Error("usage: node pkg/api/schema/generate.ts FACTS_DIR");
const read = (file: string): Json => JSON.parse(readFileSync(join(facts, file), "utf8")) as Json;
const definitions = read("openapi-definitions-1.36.json");
const discovery = read("discovery-1.36.json");
const root = new URL("../../../", import.meta.url).pathname;
const META = "io.k8s.apimachinery.pkg.apis.meta.v1.";

/** Definition name to the table and types file that holds it: "core-v1", "meta-v1", … */
function fileOf(name: string): string {
  const parts = name.split(".");
  const version = parts.at(-2) as string;
  if (name.startsWith("io.k8s.apimachinery.")) return "meta-v1";
  return `${parts.at(-3)}-${version}`;
}
const shortName = (name: string): string => name.split(".").at(-1) as string;
const refOf = (schema: Json): string | undefined => schema.$ref?.replace("#/definitions/", "");

// --- tables ---------------------------------------------------------------------------------------------------------
const tables: Record<string, Json> = {};
for (const [name, definition] of Object.entries(definitions)) {
  const copy = JSON.parse(JSON.stringify(definition).replaceAll("#/definitions/", "")) as Json;
  if (copy["x-kubernetes-group-version-kind"]?.length > 3) delete copy["x-kubernetes-group-version-kind"];
  (tables[fileOf(name)] ??= {})[name] = copy;
}
mkdirSync(join(root, "pkg/api/schema/tables"), { recursive: true });
for (const [file, table] of Object.entries(tables)) {
  const lines = Object.entries(table).map(([name, schema]) => `${JSON.stringify(name)}:${JSON.stringify(schema)}`);
  writeFileSync(join(root, `pkg/api/schema/tables/${file}.json`), `{\n${lines.join(",\n")}\n}\n`);
}

// --- resources ------------------------------------------------------------------------------------------------------
interface Row {
  group: string;
  version: string;
  kind: string;
  plural: string;
  singular: string;
  namespaced: boolean;
  shortNames: string[];
  categories: string[];
  verbs: string[];
  hash?: string;
  subresources: Record<string, { kind: string; group?: string; version?: string; verbs: string[] }>;
}
const rows: Row[] = [];
for (const r of discovery.core as Json[]) {
  const [plural, sub] = r.name.split("/");
  if (sub === undefined) {
    rows.push({
      group: "",
      version: "v1",
      kind: r.kind,
      plural,
      singular: r.singularName,
      namespaced: r.namespaced,
      shortNames: r.shortNames ?? [],
      categories: r.categories ?? [],
      verbs: r.verbs,
      hash: r.storageVersionHash,
      subresources: {},
    });
  } else {
    const row = rows.find((x) => x.plural === plural) as Row;
    row.subresources[sub] = {
      kind: r.kind,
      ...(r.group ? { group: r.group, version: r.version } : {}),
      verbs: r.verbs,
    };
  }
}
for (const g of discovery.groups as Json[])
  for (const v of g.versions)
    for (const r of v.resources as Json[]) {
      rows.push({
        group: g.group,
        version: v.version,
        kind: r.responseKind.kind,
        plural: r.resource,
        singular: r.singularResource,
        namespaced: r.scope === "Namespaced",
        shortNames: r.shortNames ?? [],
        categories: r.categories ?? [],
        verbs: r.verbs,
        subresources: Object.fromEntries(
          (r.subresources ?? []).map((s: Json) => [
            s.subresource,
            {
              kind: s.responseKind.kind,
              ...(s.responseKind.group ? { group: s.responseKind.group, version: s.responseKind.version } : {}),
              verbs: s.verbs,
            },
          ]),
        ),
      });
    }
const gvk = (d: Json): Json[] => (d["x-kubernetes-group-version-kind"] ?? []) as Json[];
const definitionOf = (row: Row): string =>
  Object.entries(definitions).find(
    ([, d]) =>
      gvk(d).length < 4 &&
      gvk(d).some((x) => x.group === row.group && x.version === row.version && x.kind === row.kind),
  )?.[0] as string;
writeFileSync(
  join(root, "pkg/api/schema/resources.json"),
  `[\n${rows.map((row) => JSON.stringify({ ...row, definition: definitionOf(row) })).join(",\n")}\n]\n`,
);

// --- types ----------------------------------------------------------------------------------------------------------
const special: Record<string, string> = {
  [`${META}Time`]: "string",
  [`${META}MicroTime`]: "string",
  [`${META}FieldsV1`]: "Readonly<Record<string, unknown>>",
  [`${META}Patch`]: "unknown",
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "number | string",
  "io.k8s.apimachinery.pkg.api.resource.Quantity": "string",
  "io.k8s.apimachinery.pkg.runtime.RawExtension": "unknown",
};
const resourceDefinitions = new Map(rows.filter((r) => definitionOf(r)).map((r) => [definitionOf(r), r]));
for (const [file, table] of Object.entries(tables)) {
  const imports = new Map<string, Set<string>>();
  const typeName = (ref: string): string => {
    if (special[ref] !== undefined) return special[ref];
    const from = fileOf(ref);
    if (from !== file)
      (imports.get(from) ?? (imports.set(from, new Set()).get(from) as Set<string>)).add(shortName(ref));
    return shortName(ref);
  };
  const typeOf = (schema: Json): string => {
    const ref = refOf({ $ref: schema.$ref });
    if (ref !== undefined) return typeName(ref);
    if (schema.type === "array") {
      const item = typeOf(schema.items);
      return /[ |]/.test(item) ? `readonly (${item})[]` : `readonly ${item}[]`;
    }
    if (schema.type === "object")
      return schema.additionalProperties
        ? `Readonly<Record<string, ${typeOf(schema.additionalProperties)}>>`
        : "Readonly<Record<string, unknown>>";
    if (schema.type === "integer" || schema.type === "number") return "number";
    if (schema.type === "boolean") return "boolean";
    if (schema.type === "string") return "string";
    return "unknown";
  };
  let body = "";
  for (const [name, schema] of Object.entries(table)) {
    if (special[name] !== undefined) continue;
    const kind = resourceDefinitions.get(name);
    if (schema.properties === undefined) {
      body += `export type ${shortName(name)} = ${typeOf(schema)};\n\n`;
      continue;
    }
    body += `export interface ${shortName(name)} {\n`;
    for (const [field, value] of Object.entries(schema.properties as Json)) {
      const set =
        (schema.required ?? []).includes(field) ||
        (kind !== undefined && (field === "metadata" || field === "spec")) ||
        (name === `${META}ObjectMeta` && ["name", "uid", "resourceVersion", "creationTimestamp"].includes(field)) ||
        (name.endsWith("List") && field === "metadata");
      let type = typeOf(value as Json);
      if (type === "ObjectMeta" && kind === undefined) type = "Partial<ObjectMeta>";
      body += `  readonly ${/^[a-zA-Z]\w*$/.test(field) ? field : JSON.stringify(field)}${set ? "" : "?"}: ${type};\n`;
    }
    body += "}\n\n";
  }
  for (const [name, row] of resourceDefinitions) {
    if (fileOf(name) !== file) continue;
    for (const same of rows.filter((r) => definitionOf(r) === name)) {
      body += `export const ${same.plural}: ResourceRef<${shortName(name)}> = ${JSON.stringify({ group: row.group, version: row.version, kind: row.kind, plural: same.plural, namespaced: row.namespaced })};\n`;
    }
  }
  let head =
    "// Generated by pkg/api/schema/generate.ts from the published Kubernetes v1.36 API tables. Do not edit.\n";
  if (body.includes("ResourceRef<")) head += `import type { ResourceRef } from "../resource-ref.ts";\n`;
  for (const [from, names] of [...imports].sort(([a], [b]) => (a < b ? -1 : 1)))
    head += `import type { ${[...names].sort().join(", ")} } from "./${from}.ts";\n`;
  writeFileSync(join(root, `pkg/api/types/${file}.ts`), `${head}\n${body}`);
}

// --- protobuf -------------------------------------------------------------------------------------------------------
/** Prints a protobufjs JSON descriptor as .proto text, one package. */
function printProto(descriptor: Json, syntax: string): string {
  let pkg: string[] = [];
  let node = descriptor;
  while (
    Object.keys(node.nested ?? {}).length === 1 &&
    node.nested[Object.keys(node.nested)[0] as string].nested !== undefined &&
    node.nested[Object.keys(node.nested)[0] as string].fields === undefined
  ) {
    const only = Object.keys(node.nested)[0] as string;
    pkg = [...pkg, only];
    node = node.nested[only];
  }
  const lines = [`syntax = "${syntax}";`, `package ${pkg.join(".")};`, ""];
  const print = (name: string, d: Json, indent: string): void => {
    if (d.values) {
      lines.push(`${indent}enum ${name} {`);
      for (const [k, v] of Object.entries(d.values)) lines.push(`${indent}  ${k} = ${String(v)};`);
      lines.push(`${indent}}`);
    } else if (d.methods) {
      lines.push(`${indent}service ${name} {`);
      for (const [k, m] of Object.entries(d.methods as Json))
        lines.push(
          `${indent}  rpc ${k}(${m.requestStream ? "stream " : ""}${m.requestType}) returns (${m.responseStream ? "stream " : ""}${m.responseType});`,
        );
      lines.push(`${indent}}`);
    } else if (d.fields) {
      lines.push(`${indent}message ${name} {`);
      const oneofOf = (f: string): string | undefined =>
        Object.entries((d.oneofs ?? {}) as Json).find(([k, o]) => !k.startsWith("_") && o.oneof.includes(f))?.[0];
      const fieldLine = (k: string, f: Json, inOneof: boolean): string =>
        f.keyType !== undefined
          ? `map<${f.keyType}, ${f.type}> ${k} = ${f.id};`
          : `${f.rule === "repeated" ? "repeated " : syntax === "proto2" && !inOneof ? "optional " : ""}${f.type} ${k} = ${f.id};`;
      for (const [k, f] of Object.entries(d.fields as Json))
        if (oneofOf(k) === undefined) lines.push(`${indent}  ${fieldLine(k, f, false)}`);
      for (const [k, o] of Object.entries((d.oneofs ?? {}) as Json))
        if (!k.startsWith("_")) {
          lines.push(`${indent}  oneof ${k} {`);
          for (const f of o.oneof) lines.push(`${indent}    ${fieldLine(f, d.fields[f], true)}`);
          lines.push(`${indent}  }`);
        }
      for (const [k, n] of Object.entries((d.nested ?? {}) as Json)) print(k, n, `${indent}  `);
      lines.push(`${indent}}`);
    } else for (const [k, n] of Object.entries((d.nested ?? {}) as Json)) print(k, n, indent);
  };
  for (const [k, n] of Object.entries((node.nested ?? {}) as Json)) print(k, n, "");
  return `${lines.join("\n")}\n`;
}
mkdirSync(join(root, "proto"), { recursive: true });
for (const file of ["cri-v1"]) {
  const text = printProto(read(`proto/${file}.json`), "proto3");
  protobuf.parse(text);
  writeFileSync(join(root, `proto/${file}.proto`), text);
}

// --- CRI types ------------------------------------------------------------------------------------------------------
/** TypeScript of a protobuf descriptor: one interface a message, enums as the union of their names. */
function printMessageTypes(descriptor: Json): string {
  const scalars: Record<string, string> = { string: "string", bool: "boolean", bytes: "Uint8Array" };
  const blocks: string[] = [];
  const camel = (name: string): string => name.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase());
  const walk = (node: Json, path: string): void => {
    const known = new Set(Object.keys(node.nested ?? {}));
    if (node.values)
      blocks.push(
        `export type ${path} = ${Object.keys(node.values)
          .map((v) => JSON.stringify(v))
          .join(" | ")};`,
      );
    else if (node.fields) {
      const lines = Object.entries(node.fields as Json).map(([field, f]: [string, Json]) => {
        const base =
          scalars[f.type] ??
          (/^(u?int|s?fixed|sint|float|double)/.test(f.type)
            ? "number"
            : known.has(f.type)
              ? `${path}${f.type}`
              : (f.type as string).split(".").at(-1));
        const type = f.keyType
          ? `Readonly<Record<string, ${base}>>`
          : f.rule === "repeated"
            ? `readonly ${base}[]`
            : base;
        return `  readonly ${camel(field)}?: ${type};`;
      });
      blocks.push(
        lines.length === 0
          ? `export type ${path} = Readonly<Record<string, never>>;`
          : `export interface ${path} {\n${lines.join("\n")}\n}`,
      );
      for (const [k, n] of Object.entries((node.nested ?? {}) as Json)) walk(n, `${path}${k}`);
    } else if (!node.methods) for (const [k, n] of Object.entries((node.nested ?? {}) as Json)) walk(n, k);
  };
  walk(descriptor, "");
  return `// Generated by pkg/api/schema/generate.ts from the CRI v1 descriptor. Do not edit.\n// int64 are numbers; enums are their names; field names are camelCase.\n\n${blocks.join("\n\n")}\n`;
}
writeFileSync(join(root, "pkg/cri/types.ts"), printMessageTypes(read("proto/cri-v1.json")));

// --- protobuf field numbers of API objects --------------------------------------------------------------------------
generateProtobufTable(facts, root);
