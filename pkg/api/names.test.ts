import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  checkCidr,
  checkDns1035Label,
  checkDnsLabel,
  checkDnsSubdomain,
  checkEnvVarName,
  checkIp,
  checkLabelValue,
  checkPathSegment,
  checkPortName,
  checkQualifiedName,
} from "./names.ts";

type Check = (value: string) => readonly string[];
const cases: [string, Check, string[], string[]][] = [
  ["checkDnsLabel", checkDnsLabel, ["a", "a-b", "1a"], ["", "A", "-a", "a-", "a.b", "a".repeat(64)]],
  ["checkDnsSubdomain", checkDnsSubdomain, ["a.b", "a-1.b"], ["a..b", ".a", "a_b", "a".repeat(254)]],
  ["checkDns1035Label", checkDns1035Label, ["a1"], ["1a", "a.b"]],
  ["checkQualifiedName", checkQualifiedName, ["a", "A_b.c", "x.io/a"], ["", "/a", "x.io/", "a/b/c", "X.io/a", "-a"]],
  ["checkLabelValue", checkLabelValue, ["", "a", "A.b_c-1"], ["-a", "a b", "a".repeat(64)]],
  ["checkPortName", checkPortName, ["http", "h-2", "1a"], ["", "1", "a--b", "-a", "A", "a".repeat(16)]],
  ["checkIp", checkIp, ["10.0.0.1", "::1"], ["10.0.0", "x", "010.0.0.1", "fe80::1%eth0"]],
  ["checkCidr", checkCidr, ["10.0.0.0/8", "fd00::/64"], ["10.0.0.0", "10.0.0.0/33", "x/8", "/8"]],
  ["checkPathSegment", checkPathSegment, ["system:x", "a b"], [".", "..", "a/b", "a%"]],
  ["checkEnvVarName", checkEnvVarName, ["A", "my.env-1", "1a"], ["", "a=b", "é"]],
];
for (const [name, check, good, bad] of cases) {
  it(`${name} knows good from bad`, () => {
    for (const value of good) assert.deepEqual(check(value), [], value);
    for (const value of bad) assert.notDeepEqual(check(value), [], value);
  });
}

describe("messages", () => {
  it("are upstream's", () => {
    assert.deepEqual(checkDnsSubdomain("A"), [
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ]);
    assert.deepEqual(checkDnsLabel("A"), [
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ]);
    assert.deepEqual(checkLabelValue("a".repeat(64)), ["must be no more than 63 bytes"]);
  });
});
