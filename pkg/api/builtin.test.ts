import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { builtinStorage, builtinStrategies } from "./builtin.ts";
import type { Strategy } from "./definition.ts";
import { builtinDefinitions } from "./schema/load.ts";
import type { Definitions, Schema } from "./schema/schema.ts";
import rows from "./schema/resources.json" with { type: "json" };

const bare = () => ({
  metadata: { name: "a.b", uid: "1", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" },
});

/** Every hook of a kind, in the order of a create, an update and a list. */
function runAll(strategy: Strategy, made: () => object): void {
  const object = made() as ReturnType<typeof bare>;
  strategy.defaults?.(object);
  strategy.prepareForCreate?.(object);
  strategy.validate?.(object);
  strategy.warnings?.(object, undefined);
  const next = structuredClone(object);
  strategy.defaults?.(next);
  strategy.prepareForUpdate?.(next, object);
  strategy.validateUpdate?.(next, object);
  strategy.prepareForStatusUpdate?.(next, object);
  strategy.validateStatusUpdate?.(next, object);
  strategy.gracePeriodSeconds?.(object, undefined);
  strategy.scale?.selector(object);
  for (const select of Object.values(strategy.selectableFields ?? {})) assert.equal(typeof select(object), "string");
  for (const column of strategy.columns ?? []) column.value(object, Date.now());
}

const QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity";

/** An object with every struct, list and map the schema knows down to `depth`, none of them with any scalar in it. */
function hollow(schema: Schema, definitions: Definitions, depth: number): unknown {
  if (schema.$ref === QUANTITY) return "1";
  if (schema.$ref !== undefined) return hollow(definitions[schema.$ref] ?? {}, definitions, depth);
  if (schema.type === "array") {
    const item = depth <= 0 ? undefined : hollow(schema.items ?? {}, definitions, depth - 1);
    return item === undefined ? [] : [item];
  }
  if (schema.type !== "object" && schema.properties === undefined) return undefined;
  if (typeof schema.additionalProperties === "object") {
    const value = depth <= 0 ? undefined : hollow(schema.additionalProperties, definitions, depth - 1);
    return value === undefined ? {} : { a: value };
  }
  if (depth <= 0) return {};
  const entries = Object.entries(schema.properties ?? {})
    .map(([name, property]) => [name, hollow(property, definitions, depth - 1)] as const)
    .filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries);
}

describe("builtinStrategies", () => {
  before(async () => {
    for (const strategy of Object.values(builtinStrategies)) await strategy.ready?.();
  });
  for (const definition of builtinDefinitions()) {
    if (Object.keys(definition.strategy).length === 0) continue;
    it(`take structs without scalars at any depth: ${definition.version} ${definition.kind}`, () => {
      for (let depth = 1; depth <= 9; depth++) {
        const make = () => ({ ...(hollow(definition.schema, definition.definitions, depth) as object), ...bare() });
        runAll(definition.strategy, make);
      }
    });
  }
  it("name resources that exist, and all that are stored", () => {
    const known = new Set(rows.map((row) => `${row.group}/${row.plural}`));
    assert.deepEqual(
      Object.keys(builtinStrategies).filter((key) => !known.has(key)),
      [],
    );
    const stored = rows.filter((row) => row.verbs.includes("list")).map((row) => `${row.group}/${row.plural}`);
    assert.deepEqual(
      stored.filter((key) => builtinStrategies[key] === undefined),
      [],
    );
  });
  for (const [key, strategy] of Object.entries(builtinStrategies)) {
    it(`take an object without any field: ${key}`, () => {
      runAll(strategy, bare);
      runAll(strategy, () => ({ ...bare(), spec: {}, status: {} }));
    });
    it(`give ${key} columns that begin with, or at least have, a name`, () => {
      assert.ok(strategy.columns?.some((column) => column.name === "Name"));
    });
    it(`default ${key} the same twice`, () => {
      const once = { ...bare() };
      strategy.defaults?.(once);
      const twice = structuredClone(once);
      strategy.defaults?.(twice);
      assert.deepEqual(twice, once);
    });
  }
});

describe("builtinStorage", () => {
  it("keeps what autoscaling/v1 cannot say", () => {
    const { fromStorage, toStorage } = builtinStorage["autoscaling/v1/horizontalpodautoscalers"] ?? {};
    const cpu = {
      type: "Resource",
      resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 70 } },
    };
    const pods = {
      type: "Pods",
      pods: { metric: { name: "rps" }, target: { type: "AverageValue", averageValue: "10" } },
    };
    const stored = {
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      ...bare(),
      spec: {
        scaleTargetRef: { kind: "Deployment", name: "d" },
        minReplicas: 1,
        maxReplicas: 5,
        metrics: [pods, cpu],
        behavior: { scaleUp: { selectPolicy: "Max" } },
      },
      status: { currentReplicas: 1, desiredReplicas: 2, conditions: [{ type: "AbleToScale", status: "True" }] },
    };
    const served = fromStorage?.(stored);
    assert.deepEqual((served as unknown as typeof stored).spec, {
      scaleTargetRef: { kind: "Deployment", name: "d" },
      minReplicas: 1,
      maxReplicas: 5,
      targetCPUUtilizationPercentage: 70,
    });
    assert.deepEqual(toStorage?.(served ?? stored), stored);
  });

  it("turns events.k8s.io Events into core ones and back", () => {
    const { fromStorage, toStorage } = builtinStorage["events.k8s.io/v1/events"] ?? {};
    const event = {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      ...bare(),
      eventTime: "2026-01-01T00:00:00.000000Z",
      note: "n",
      regarding: { kind: "Pod", name: "p" },
      reportingController: "example.com/c",
      reportingInstance: "i",
    };
    const stored = toStorage?.(event);
    const { message, involvedObject, reportingComponent } = stored as unknown as Record<string, unknown>;
    assert.deepEqual([message, involvedObject, reportingComponent], ["n", { kind: "Pod", name: "p" }, "example.com/c"]);
    assert.deepEqual(fromStorage?.(stored ?? event), event);
  });
});
