import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { apiServiceStrategy } from "./api-service.ts";

type Json = any; // oxlint-disable-line no-explicit-any -- objects of one test

const service = (name: string, spec: object, status: object = {}): Json => ({
  metadata: { name, creationTimestamp: "2026-01-01T00:00:00Z" },
  spec: { groupPriorityMinimum: 1000, versionPriority: 15, ...spec },
  status,
});
const findings = (object: Json): string[] =>
  (apiServiceStrategy.validate?.(object) ?? []).map(({ field, message }) => `${field}: ${message}`);

describe("apiServiceStrategy", () => {
  it("accepts core, local and remote ones, whose port is 443 unless told", () => {
    assert.deepEqual(findings(service("v1.", { version: "v1" })), []);
    const remote = service("v1.a.example.com", {
      group: "a.example.com",
      version: "v1",
      service: { namespace: "n", name: "s" },
    });
    apiServiceStrategy.defaults?.(remote);
    assert.equal(remote.spec.service.port, 443);
    assert.deepEqual(findings(remote), []);
  });

  it("refuses what upstream refuses, in its words", () => {
    assert.deepEqual(findings(service("v2.", { version: "v2", caBundle: "YWJj", insecureSkipTLSVerify: true })), [
      "spec.group: Required value: only v1 may have an empty group and it better be legacy kube",
      'spec.caBundle: Invalid value: "3 bytes": local APIServices may not have a caBundle',
      "spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify",
    ]);
    const spec = {
      group: "a.b",
      version: "v1",
      groupPriorityMinimum: 20_001,
      versionPriority: 0,
      caBundle: "YWJj",
      insecureSkipTLSVerify: true,
      service: { port: 0 },
    };
    assert.deepEqual(findings(service("v1.b", spec)), [
      'metadata.name: Invalid value: "v1.b": must be `spec.version+"."+spec.group`: "v1.a.b"',
      "spec.groupPriorityMinimum: Invalid value: 20001: must be positive and less than 20000",
      "spec.versionPriority: Invalid value: 0: must be positive and less than 1000",
      "spec.service.namespace: Required value",
      "spec.service.name: Required value",
      "spec.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive",
      "spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present",
    ]);
  });

  it("says of a new local one that it is available, of a remote one nothing", () => {
    const local = service("v1.", { version: "v1" });
    apiServiceStrategy.prepareForCreate?.(local);
    assert.equal(local.status.conditions[0].reason, "Local");
    const remote = service("v1.a", { service: { namespace: "n", name: "s" } }, { conditions: [{}] });
    apiServiceStrategy.prepareForCreate?.(remote);
    assert.deepEqual(remote.status, {});
  });

  it("shows who serves it and whether that answers", () => {
    const cells = (object: Json) => (apiServiceStrategy.columns ?? []).slice(1, 3).map(({ value }) => value(object, 0));
    const condition = (status: string, reason?: string) => ({ conditions: [{ type: "Available", status, reason }] });
    assert.deepEqual(cells(service("v1.", {}, condition("True", "Local"))), ["Local", "True"]);
    const spec = { service: { namespace: "n", name: "s" } };
    assert.deepEqual(cells(service("v1.a", spec, condition("False", "MissingEndpoints"))), [
      "n/s",
      "False (MissingEndpoints)",
    ]);
    assert.deepEqual(cells(service("v1.a", spec)), ["n/s", "Unknown"]);
  });

  it("refuses a status of Available that is none", () => {
    const object = service("v1.", {}, { conditions: [{ type: "Available", status: "Yes" }] });
    assert.deepEqual(
      apiServiceStrategy.validateStatusUpdate?.(object, object).map(({ field }) => field),
      ["status.conditions[0].status"],
    );
  });
});
