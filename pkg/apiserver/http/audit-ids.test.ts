import assert from "node:assert/strict";
import { test } from "node:test";
import { AuditIds } from "./audit-ids.ts";

test("AuditIds makes UUIDs that are never the same", () => {
  const made = [new AuditIds(), new AuditIds()].flatMap((ids) => Array.from({ length: 20 }, () => ids.next()));
  assert.equal(new Set(made).size, 40);
  for (const id of made) assert.match(id, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
});
