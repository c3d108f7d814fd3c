// Turns the protobuf descriptors of the published facts into table.json: the fields of every API type under their JSON
// names. Run by pkg/api/schema/generate.ts. The form is told in message-table.ts.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { POINTER_MESSAGES, POINTER_SCALARS, SHOWN_ZEROS, VALUE_MESSAGES } from "./go-pointers.ts";

type Json = Record<string, any>; // oxlint-disable-line no-explicit-any -- walks untyped facts

const SCALARS: Readonly<Record<string, string>> = {
  string: "string",
  bytes: "bytes",
  int32: "int",
  int64: "int",
  bool: "bool",
  double: "double",
};
/** Messages whose one field is JSON text. */
const JSON_TEXT = /\.(FieldsV1|RawExtension|apiextensions\.v1\.JSON)$/;
/** Messages that have another form in JSON: their own field names are kept. */
const SPECIAL = /\.(Quantity|Time|MicroTime|IntOrString|JSONSchemaPropsOr\w+|ExtraValue|Verbs)$/;
const META = "io.k8s.apimachinery.pkg.apis.meta.v1";

export function generateProtobufTable(facts: string, root: string): void {
  const read = (file: string): Json => JSON.parse(readFileSync(join(facts, file), "utf8")) as Json;
  const definitions = read("openapi-definitions-1.36.json");
  const messages = messagesOf(read("proto/kubernetes-1.36.json"));
  const groups: Record<string, string> = { "meta.k8s.io/v1": META };
  const roots: string[] = [];
  for (const [name, definition] of Object.entries(definitions)) {
    const kinds = (definition["x-kubernetes-group-version-kind"] ?? []) as Json[];
    if (!messages.has(name) || kinds.length === 0) continue;
    roots.push(name);
    const [{ group, version }] = kinds as [Json];
    if (!name.startsWith(META))
      groups[group === "" ? version : `${group}/${version}`] = name.slice(0, name.lastIndexOf("."));
  }
  for (const kind of ["PartialObjectMetadata", "PartialObjectMetadataList"]) roots.push(`${META}.${kind}`);

  const lines: string[] = [];
  const seen = new Set<string>();
  const print = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    const fields = messages.get(name);
    if (fields === undefined) throw new Error(`No message ${name}`);
    const texts: string[] = [];
    for (const [field, f] of fieldsByNumber(fields)) {
      const { label, target } = fieldText(name, field, f, definitions, messages);
      texts.push(label);
      if (target !== undefined) print(target);
    }
    lines.push(`${JSON.stringify(name)}:${JSON.stringify(texts.join(","))}`);
  };
  for (const name of roots) print(name);
  const groupLines = Object.entries(groups).map(([group, name]) => `${JSON.stringify(group)}:${JSON.stringify(name)}`);
  writeFileSync(
    join(root, "pkg/api/protobuf/table.json"),
    `{"groups":{\n${groupLines.toSorted().join(",\n")}\n},\n"messages":{\n${lines.toSorted().join(",\n")}\n}}\n`,
  );
  const stray = Object.keys({ ...POINTER_SCALARS, ...POINTER_MESSAGES, ...VALUE_MESSAGES, ...SHOWN_ZEROS }).filter(
    (short) => ![...seen].some((name) => name.endsWith(`.${short}`)),
  );
  if (stray.length > 0) throw new Error(`Unknown messages in go-pointers.ts: ${stray.join(", ")}`);
}

/** Messages by definition name. */
function messagesOf(descriptor: Json): Map<string, Json> {
  const messages = new Map<string, Json>();
  const walk = (node: Json, path: string): void => {
    for (const [name, child] of Object.entries((node["nested"] ?? {}) as Json)) {
      const full = path === "" ? name : `${path}.${name}`;
      if (child.fields !== undefined) messages.set(definitionName(full), child.fields as Json);
      walk(child as Json, full);
    }
  };
  walk(descriptor, "");
  return messages;
}

const definitionName = (message: string): string =>
  message
    .replace(/^\.?k8s\.io\./, "io.k8s.")
    .replace("apiextensions_apiserver", "apiextensions-apiserver")
    .replace("kube_aggregator", "kube-aggregator");

const fieldsByNumber = (fields: Json): [string, Json][] =>
  (Object.entries(fields) as [string, Json][]).toSorted(([, a], [, b]) => a["id"] - b["id"]);

function fieldText(
  message: string,
  field: string,
  f: Json,
  definitions: Json,
  messages: Map<string, Json>,
): { label: string; target: string | undefined } {
  const scope = message.slice(0, message.lastIndexOf("."));
  const type = f["type"] as string;
  const full = definitionName(type);
  const scalar = JSON_TEXT.test(message) ? "json" : SCALARS[type];
  const target = scalar !== undefined ? undefined : messages.has(full) ? full : `${scope}.${type}`;
  const name = jsonName(message, field, target, definitions);
  const kind = f["keyType"] !== undefined ? "{}" : f["rule"] === "repeated" ? "[]" : "";
  const shown = scalar ?? (target === `${scope}.${type}` ? type : full);
  const presence = kind === "" ? presenceOf(message, name, scalar, definitions) : "";
  return { label: `${String(f["id"])} ${name} ${kind}${shown}${presence}`, target };
}

/** "" for embedded structs: their fields are the outer type's own in JSON. */
function jsonName(message: string, field: string, target: string | undefined, definitions: Json): string {
  const properties = definitions[message]?.properties as Json | undefined;
  if (SPECIAL.test(message) || JSON_TEXT.test(message)) return field;
  if (properties === undefined || Object.hasOwn(properties, field)) return field;
  if (Object.hasOwn(properties, `$${field}`)) return `$${field}`;
  if (field.startsWith("xKubernetes")) return field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const sameButCase = Object.keys(properties).find((each) => each.toLowerCase() === field.toLowerCase());
  if (sameButCase !== undefined) return sameButCase;
  if (target !== undefined) return "";
  throw new Error(`No JSON name for ${message}.${field}`);
}

/** "?" a pointer, "!" no pointer and shown in JSON when zero, "" no pointer and left out when zero. */
function presenceOf(message: string, name: string, scalar: string | undefined, definitions: Json): string {
  const lists = (table: Readonly<Record<string, string>>): boolean => {
    const short = message.split(".").slice(-3).join(".");
    return (table[short]?.split(" ") ?? []).includes(name);
  };
  const required = ((definitions[message]?.required ?? []) as string[]).includes(name);
  if (scalar === "bytes" || scalar === "json") return "?";
  if (scalar !== undefined) return lists(POINTER_SCALARS) ? "?" : required || lists(SHOWN_ZEROS) ? "!" : "";
  if (lists(POINTER_MESSAGES)) return "?";
  const isValue = name === "" || /^(metadata|spec|status)$/.test(name) || required || lists(VALUE_MESSAGES);
  return isValue ? "" : "?";
}
