import assert from "node:assert/strict";
import { test } from "node:test";
import type { ResourceDefinition } from "#pkg/api/definition.ts";
import { builtinDefinitions } from "#pkg/api/schema/load.ts";
import { DefinitionTable } from "./resource-table.ts";
import { compareVersions } from "./version-order.ts";

function custom(group: string, version: string, plural = "widgets"): ResourceDefinition {
  const [base] = builtinDefinitions() as [ResourceDefinition];
  return { ...base, group, version, plural, definitions: {}, schema: {}, decode: (value) => value };
}

test("DefinitionTable.set replaces what an owner defined and tells the listeners", () => {
  const table = new DefinitionTable(builtinDefinitions());
  const before = table.all();
  let told = 0;
  const stop = table.onChange(() => told++);
  table.set("widgets.acme.com", [custom("acme.com", "v1"), custom("acme.com", "v2")]);
  const { generation } = table;
  assert.ok(table.find("acme.com", "v1", "widgets"));
  assert.notEqual(table.all(), before);
  assert.equal(table.all(), table.all());
  const again = custom("acme.com", "v2");
  table.set("widgets.acme.com", [again]);
  assert.equal(table.find("acme.com", "v1", "widgets"), undefined);
  assert.equal(table.find("acme.com", "v2", "widgets"), again);
  assert.ok(table.generation > generation);
  table.remove("widgets.acme.com");
  table.remove("widgets.acme.com");
  assert.equal(table.find("acme.com", "v2", "widgets"), undefined);
  assert.deepEqual(table.all(), before);
  assert.equal(told, 3);
  stop();
});

test("DefinitionTable.set never hides a built-in resource", () => {
  const table = new DefinitionTable(builtinDefinitions());
  const pods = table.find("", "v1", "pods");
  table.set("pods.", [custom("", "v1", "pods")]);
  assert.equal(table.find("", "v1", "pods"), pods);
  table.remove("pods.");
  assert.equal(table.find("", "v1", "pods"), pods);
});

test("DefinitionTable.all orders custom resources by group, preferred version and name when owners come in any order", () => {
  const table = new DefinitionTable([]);
  table.set("b", [custom("b.io", "v1beta1"), custom("b.io", "v1")]);
  table.set("a", [custom("a.io", "v1", "z"), custom("a.io", "v1", "y")]);
  assert.deepEqual(
    table.all().map(({ group, version, plural }) => `${group}/${version}/${plural}`),
    ["a.io/v1/y", "a.io/v1/z", "b.io/v1/widgets", "b.io/v1beta1/widgets"],
  );
});

test("compareVersions puts stable versions first when versions are of all stages", () => {
  const wanted = ["v10", "v2", "v1", "v11beta2", "v10beta3", "v3beta1", "v12alpha1", "v11alpha2", "foo1", "foo10"];
  assert.deepEqual(wanted.toReversed().sort(compareVersions), wanted);
});
