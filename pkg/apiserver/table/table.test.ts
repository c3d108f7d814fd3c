import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KubeObject, ResourceDefinition, Strategy } from "#pkg/api/index.ts";
import { builtinDefinitions } from "#pkg/api/schema/load.ts";
import { toPartialObjectMetadataList } from "./partial-object-metadata.ts";
import { toTable, toTableEvent } from "./table.ts";

const now = Date.parse("2026-01-01T00:05:00Z");
const metadata = {
  name: "a",
  namespace: "n",
  uid: "u",
  resourceVersion: "7",
  creationTimestamp: "2026-01-01T00:00:00Z",
};
const object = { apiVersion: "v1", kind: "Thing", metadata, data: { x: "1" } } as KubeObject;
const plain: { strategy: Strategy } = { strategy: {} };
const withColumns: { strategy: Strategy } = {
  strategy: {
    columns: [
      { name: "Data", type: "integer", priority: 0, description: "d", value: (o) => Object.keys(o.data).length },
      { name: "Gone", type: "string", priority: 1, description: "g", value: (o) => o.gone },
    ],
  },
};

describe("toTable", () => {
  it("shows Name and Age where the kind has no columns, with the object's metadata", () => {
    const table = toTable(plain, [object], { now, listMetadata: { resourceVersion: "9" } });
    assert.deepEqual(
      table.columnDefinitions?.map((c) => [c.name, c.type, c.format]),
      [
        ["Name", "string", "name"],
        ["Age", "date", ""],
      ],
    );
    assert.deepEqual(table.rows, [
      {
        cells: ["a", "5m"],
        object: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata },
      },
    ]);
    assert.deepEqual(table.metadata, { resourceVersion: "9" });
    assert.equal(table.apiVersion, "meta.k8s.io/v1");
  });

  it("puts Name before a kind's own columns and null where there is no value", () => {
    const table = toTable(withColumns, [object], { now, listMetadata: {}, includeObject: "None" });
    assert.deepEqual(table.rows, [{ cells: ["a", 1, null], object: null }]);
  });

  it("carries whole objects when asked", () => {
    const table = toTable(plain, [object], { now, listMetadata: {}, includeObject: "Object", version: "v1beta1" });
    assert.equal(table.rows[0]?.object, object);
    assert.equal(table.apiVersion, "meta.k8s.io/v1beta1");
  });
});

describe("toTableEvent", () => {
  it("names columns in the first event only", () => {
    const event = { type: "ADDED", object };
    assert.equal(toTableEvent(plain, event, { now, first: true }).columnDefinitions?.length, 2);
    assert.equal(toTableEvent(plain, event, { now, first: false }).columnDefinitions, null);
    assert.deepEqual(toTableEvent(plain, event, { now, first: false }).metadata, { resourceVersion: "7" });
  });

  it("gives a bookmark no row", () => {
    assert.deepEqual(toTableEvent(plain, { type: "BOOKMARK", object }, { now, first: false }).rows, []);
  });
});

describe("toPartialObjectMetadataList", () => {
  it("keeps metadata alone", () => {
    const list = toPartialObjectMetadataList([object], { resourceVersion: "9" });
    assert.equal(list.kind, "PartialObjectMetadataList");
    assert.deepEqual(list.items, [{ kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata }]);
  });
});

describe("rows of pods", () => {
  it("say that a pod has completed, and how", async () => {
    const pods = builtinDefinitions().find((each) => each.plural === "pods") as ResourceDefinition;
    const conditionsOf = (phase: string) => {
      const pod = { kind: "Pod", apiVersion: "v1", metadata, spec: { containers: [] }, status: { phase } };
      return toTable(pods, [pod as unknown as KubeObject], { now, listMetadata: {} }).rows[0]?.conditions;
    };
    assert.equal(conditionsOf("Running"), undefined);
    assert.deepEqual(conditionsOf("Failed"), [
      { type: "Completed", status: "True", reason: "Failed", message: "The pod failed." },
    ]);
    assert.deepEqual(conditionsOf("Succeeded"), [
      {
        type: "Completed",
        status: "True",
        reason: "Succeeded",
        message: "The pod has completed successfully.",
      },
    ]);
  });
});
