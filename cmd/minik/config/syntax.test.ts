import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isCidr, isDnsName, isLabel, isSubjectName, isTaint } from "./syntax.ts";

const cases: readonly [(text: string) => boolean, good: readonly string[], bad: readonly string[]][] = [
  [
    isCidr,
    ["10.42.0.0/16", "0.0.0.0/0", "10.0.0.4/30"],
    ["10.42.0.1/16", "10.42.0.0", "10.42.0.0/33", "a/8", "1.2.3.0/"],
  ],
  [isDnsName, ["node-1", "a.b", "1"], ["", "A", "a_b", "a..b", "-a", "a-", `${"a".repeat(64)}.b`]],
  [isSubjectName, ["api.example.org", "API", "*.example.org", "192.0.2.1", "::1"], ["", "a b", "https://a", "*"]],
  [isLabel, ["disk=ssd", "a", "example.org/a=", "a=B_c.d"], ["", "=b", "a=b=c", "a b=c", "a/b/c=d", "a=-b", "Ex/a=b"]],
  [isTaint, ["a=b:NoSchedule", "a:NoExecute", "x.org/a=:PreferNoSchedule"], ["a", "a=b", "a=b:Never", ":NoSchedule"]],
];

for (const [check, good, bad] of cases) {
  describe(check.name, () => {
    it("accepts what Kubernetes accepts", () => {
      for (const text of good) assert.equal(check(text), true, text);
    });
    it("refuses the rest", () => {
      for (const text of bad) assert.equal(check(text), false, text);
    });
  });
}
