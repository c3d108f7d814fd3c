import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PodSpec } from "#pkg/api/types/core-v1.ts";
import { forbiddenSysctl } from "./sysctls.ts";
import { testPod } from "./testing.ts";

describe("forbiddenSysctl", () => {
  const check = (name: string, spec: Partial<PodSpec> = {}, allowed: readonly string[] = []) =>
    forbiddenSysctl(testPod({ securityContext: { sysctls: [{ name, value: "1" }] }, ...spec }), allowed);

  it("lets safe ones pass, and unsafe ones that the node allows", () => {
    assert.equal(check("kernel.shm_rmid_forced"), undefined);
    assert.equal(check("net/ipv4/tcp_syncookies"), undefined);
    assert.equal(check("net.core.somaxconn", {}, ["net.core.*"]), undefined);
  });
  it("refuses unsafe ones, and those that would change the host", () => {
    assert.equal(check("net.core.somaxconn"), 'forbidden sysctl: "net.core.somaxconn" not allowlisted');
    assert.match(check("net.ipv4.tcp_syncookies", { hostNetwork: true }) ?? "", /not allowed with host net enabled/);
    assert.match(check("kernel.shm_rmid_forced", { hostIPC: true }) ?? "", /not allowed with host ipc enabled/);
  });
});
