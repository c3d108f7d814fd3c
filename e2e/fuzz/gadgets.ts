import type { Sample } from "../conformance/samples.ts";
import type { FuzzedKind } from "./fuzzer.ts";

const text = { type: "string" };
const integer = { type: "integer" };
const spec = {
  type: "object",
  properties: {
    replicas: { ...integer, minimum: 0, default: 1 },
    color: { ...text, enum: ["red", "green"] },
    note: { ...text, maxLength: 20, pattern: "^[a-z ]*$", nullable: true },
    when: { ...text, format: "date-time" },
    size: { "x-kubernetes-int-or-string": true },
    tags: { type: "array", items: text, maxItems: 20, "x-kubernetes-list-type": "set" },
    parts: {
      type: "array",
      maxItems: 20,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      items: { type: "object", required: ["name"], properties: { name: text, count: { ...integer, default: 1 } } },
    },
    limits: { type: "object", additionalProperties: integer },
    anything: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    template: {
      type: "object",
      "x-kubernetes-embedded-resource": true,
      "x-kubernetes-preserve-unknown-fields": true,
    },
  },
  "x-kubernetes-validations": [
    { rule: "!has(self.tags) || self.tags.all(t, t.size() < 300)", message: "tags are short" },
    { rule: "!has(oldSelf.color) || has(self.color)", message: "a color stays" },
  ],
};

/** A kind with all that a schema can ask for. */
export const GADGET_CRD = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "gadgets.fuzz.example.com" },
  spec: {
    group: "fuzz.example.com",
    scope: "Namespaced",
    names: { plural: "gadgets", singular: "gadget", kind: "Gadget", listKind: "GadgetList" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" },
        },
        additionalPrinterColumns: [{ name: "Color", type: "string", jsonPath: ".spec.color" }],
        selectableFields: [{ jsonPath: ".spec.color" }],
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { spec, status: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
          },
        },
      },
    ],
  },
};

export const GADGETS: FuzzedKind = {
  group: "fuzz.example.com",
  version: "v1",
  kind: "Gadget",
  plural: "gadgets",
  namespaced: true,
  verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
  subresources: { status: { kind: "Gadget", verbs: [] }, scale: { kind: "Scale", verbs: [] } },
};

export const GADGET: Sample = {
  apiVersion: "fuzz.example.com/v1",
  kind: "Gadget",
  metadata: { name: "gadget", labels: { a: "b" } },
  spec: {
    replicas: 2,
    color: "red",
    note: "some text",
    when: "2026-01-01T00:00:00Z",
    size: "10%",
    tags: ["a", "b"],
    parts: [{ name: "one", count: 1 }, { name: "two" }],
    limits: { cpu: 1 },
    anything: { goes: [1, { here: null }] },
    template: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "inner" }, data: { a: "b" } },
  },
  status: { replicas: 1 },
};
