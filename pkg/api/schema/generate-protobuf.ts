// Turns the protobuf descriptors of the published facts into protobuf.json: for every API type its fields by number, under
// their JSON names. Run by generate.ts.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

type Json = Record<string, any>; // oxlint-disable-line no-explicit-any -- walks untyped facts

/** Fields whose JSON name is not the protobuf name in another case. */
const RENAMED: Readonly<Record<string, string>> = {
  "JSONSchemaProps.schema": "$schema",
  "JSONSchemaProps.ref": "$ref",
};
const KEBAB = /^xKubernetes/;

export function generateProtobufTable(facts: string, root: string): void {
  const read = (file: string): Json => JSON.parse(readFileSync(join(facts, file), "utf8")) as Json;
  const definitions = read("openapi-definitions-1.36.json");
  const messages = new Map<string, Json>();
  const walk = (node: Json, path: string): void => {
    for (const [name, child] of Object.entries((node["nested"] ?? {}) as Json)) {
      const full = path === "" ? name : `${path}.${name}`;
      if (child.fields !== undefined) messages.set(full, child as Json);
      walk(child as Json, full);
    }
  };
  walk(read("proto/kubernetes-1.36.json"), "");
  const definitionName = (message: string): string =>
    message
      .replace(/^k8s\.io\./, "io.k8s.")
      .replace("apiextensions_apiserver", "apiextensions-apiserver")
      .replace("kube_aggregator", "kube-aggregator");

  const typeOf = (type: string, within: string): string => {
    if (type.startsWith(".")) return definitionName(type.slice(1));
    const scope = within.slice(0, within.lastIndexOf("."));
    return messages.has(`${scope}.${type}`) ? definitionName(`${scope}.${type}`) : type;
  };
  const jsonName = (message: string, field: string, type: string): string => {
    const properties = definitions[definitionName(message)]?.properties as Json | undefined;
    if (properties === undefined || Object.hasOwn(properties, field)) return field;
    const short = `${message.split(".").at(-1)}.${field}`;
    if (RENAMED[short] !== undefined) return RENAMED[short];
    if (KEBAB.test(field)) return field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const sameButCase = Object.keys(properties).find((each) => each.toLowerCase() === field.toLowerCase());
    if (sameButCase !== undefined) return sameButCase;
    // Embedded structs: their fields are the outer type's own in JSON.
    if (type.includes(".")) return "";
    throw new Error(`No JSON name for ${message}.${field}`);
  };
  const lines: string[] = [];
  for (const [message, { fields }] of messages) {
    const special = SPECIAL.test(message);
    const table: Record<string, [string, string]> = {};
    for (const [field, f] of Object.entries(fields as Json)) {
      const type = typeOf(f.type as string, message);
      const kind = f.keyType !== undefined ? "{}" : f.rule === "repeated" ? "[]" : "";
      table[String(f.id)] = [special ? field : jsonName(message, field, type), kind + type];
    }
    lines.push(`${JSON.stringify(definitionName(message))}:${JSON.stringify(table)}`);
  }
  writeFileSync(join(root, "pkg/api/schema/tables/protobuf.json"), `{\n${lines.join(",\n")}\n}\n`);
}

/** Messages that the decoder turns into something else than an object of their fields. */
const SPECIAL =
  /\.(Quantity|QuantityValue|Time|MicroTime|FieldsV1|RawExtension|IntOrString|JSON|JSONSchemaPropsOr\w+|ExtraValue|Verbs)$/;
