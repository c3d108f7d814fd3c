// Turns the published default roles and bindings (YAML lists) into rbac.json, this project's own compact table.
// Run by hand when the Kubernetes version moves: `node pkg/apiserver/bootstrap/generate-rbac.ts FACTS_DIR`.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import type { RbacTable, RuleRow, SubjectText } from "./rbac.ts";

type Json = Record<string, any>; // oxlint-disable-line no-explicit-any -- walks untyped facts

const facts = process.argv[2];
if (facts === undefined) throw new Error("usage: node pkg/apiserver/bootstrap/generate-rbac.ts FACTS_DIR");
const items = (file: string): Json[] => (load(readFileSync(join(facts, file), "utf8")) as Json).items as Json[];

const ruleOf = (rule: Json): RuleRow => {
  const row: RuleRow = {};
  const put = (key: keyof RuleRow, list: string[] | undefined): void => {
    if (list !== undefined) row[key] = list.join(" ");
  };
  put("verbs", rule.verbs);
  // "" is a group of its own; it is written as "core" in the table.
  put(
    "groups",
    rule.apiGroups?.map((g: string) => (g === "" ? "core" : g)),
  );
  put("resources", rule.resources);
  put("names", rule.resourceNames);
  put("urls", rule.nonResourceURLs);
  return row;
};
const subjectOf = (subject: Json): SubjectText =>
  `${subject.kind}:${subject.namespace === undefined ? "" : `${subject.namespace}/`}${subject.name}` as SubjectText;
const idOf = (meta: Json): string => (meta.namespace === undefined ? meta.name : `${meta.namespace}/${meta.name}`);

const aggregateLabel = "rbac.authorization.k8s.io/aggregate-to-";
const table: RbacTable = { roles: {}, bindings: {} };
for (const role of [
  ...items("cluster-roles.yaml"),
  ...items("controller-roles.yaml"),
  ...items("namespace-roles.yaml"),
]) {
  const into = Object.keys(role.metadata.labels ?? {}).filter((key) => key.startsWith(aggregateLabel));
  const from = role.aggregationRule?.clusterRoleSelectors?.flatMap((s: Json) => Object.keys(s.matchLabels));
  table.roles[idOf(role.metadata)] = {
    ...(into.length === 0 ? {} : { aggregatesTo: into.map((key) => key.slice(aggregateLabel.length)) }),
    ...(from === undefined ? {} : { aggregates: from.map((key: string) => key.slice(aggregateLabel.length)) }),
    rules: (role.rules ?? []).map(ruleOf),
  };
}
for (const binding of [
  ...items("cluster-role-bindings.yaml"),
  ...items("controller-role-bindings.yaml"),
  ...items("namespace-role-bindings.yaml"),
]) {
  table.bindings[idOf(binding.metadata)] = {
    role: `${binding.roleRef.kind}:${binding.roleRef.name}`,
    subjects: (binding.subjects ?? []).map(subjectOf),
  };
}
const lines = (rows: Record<string, unknown>): string =>
  Object.entries(rows)
    .map(([key, row]) => `${JSON.stringify(key)}:${JSON.stringify(row)}`)
    .join(",\n");
const text = `{"roles":{\n${lines(table.roles)}\n},"bindings":{\n${lines(table.bindings)}\n}}\n`;
writeFileSync(new URL("rbac.json", import.meta.url), text);
