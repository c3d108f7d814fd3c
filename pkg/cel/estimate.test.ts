import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Schema } from "#pkg/api/schema/schema.ts";
import { CelEnvironment, celTypes, estimateCost, schemaType, STATIC_RULE_COST_LIMIT } from "./index.ts";

function estimate(schema: Schema, expression: string): number {
  const self = schemaType({ type: "object", properties: { f: schema } }) ?? celTypes.dyn;
  const compiled = new CelEnvironment({ variables: { self } }).compile(expression, { returns: celTypes.bool });
  assert.equal(compiled.error, undefined);
  return compiled.error === undefined ? estimateCost(compiled) : 0;
}

describe("estimateCost", () => {
  const text: Schema = { type: "string" };
  it("estimateCost is small when sizes are bounded", () => {
    const list: Schema = { type: "array", maxItems: 10, items: { type: "string", maxLength: 10 } };
    const cost = estimate(list, "self.f.all(x, self.f.exists(y, x == y))");
    assert.ok(cost > 300 && cost < 5000, String(cost));
    assert.ok(estimate({ type: "integer" }, "self.f > 1 && self.f < 5") < 20);
  });

  it("estimateCost is upstream's when rules are simple", () => {
    const integers: Schema = { type: "array", items: { type: "integer" } };
    assert.equal(estimate(integers, "self.f.all(x, true)"), 4_718_591 + 1);
    assert.equal(estimate({ ...integers, maxItems: 10 }, "self.f.all(x, true)"), 32 + 1);
    assert.equal(estimate(text, "self.f.contains('test')"), 314_574 + 1);
    assert.equal(estimate({ ...text, maxLength: 10 }, "self.f.contains('test')"), 5 + 1);
  });

  it("estimateCost is beyond the limit when loops are nested over lists without a bound", () => {
    const list: Schema = { type: "array", items: text };
    assert.ok(estimate(list, "self.f.all(x, self.f.exists(y, x == y))") > STATIC_RULE_COST_LIMIT);
    assert.ok(estimate({ type: "array", items: { type: "integer" } }, "self.f.all(x, x > 1)") < STATIC_RULE_COST_LIMIT);
    assert.ok(estimate(list, "self.f.all(x, x.matches('^[a-z]{1,100}$'))") > STATIC_RULE_COST_LIMIT);
  });
});

describe("schemaType", () => {
  it("schemaType reads values by their formats when evaluated", () => {
    const properties: Record<string, Schema> = {
      when: { type: "string", format: "date-time" },
      long: { type: "string", format: "duration" },
      raw: { type: "string", format: "byte" },
      any: { "x-kubernetes-int-or-string": true },
      ratio: { type: "number" },
      "a-b.c/d": { type: "integer" },
      namespace: text(),
      hidden: { "x-kubernetes-preserve-unknown-fields": true },
    };
    const self = schemaType({ type: "object", properties }, {}, { root: true }) ?? celTypes.dyn;
    const environment = new CelEnvironment({ variables: { self } });
    const types: Record<string, string> = {
      "self.when": "timestamp",
      "self.long": "duration",
      "self.raw": "bytes",
      "self.any": "dyn",
      "self.ratio": "double",
      "self.a__dash__b__dot__c__slash__d": "int",
      "self.__namespace__": "string",
      "self.metadata.name": "string",
    };
    for (const [expression, kind] of Object.entries(types)) {
      const compiled = environment.compile(expression);
      assert.equal(compiled.error ?? compiled.type.kind, kind, expression);
    }
    assert.match(environment.compile("self.hidden == 1").error ?? "", /undefined field 'hidden'/);
    assert.match(environment.compile("self.metadata.labels == {}").error ?? "", /undefined field 'labels'/);
  });
});

function text(): Schema {
  return { type: "string" };
}
