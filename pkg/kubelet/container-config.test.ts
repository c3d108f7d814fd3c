import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Container, PodSpec } from "#pkg/api/types/core-v1.ts";
import { containerConfig } from "./container-config.ts";
import { volumeDevices, volumeMounts } from "./container-mounts.ts";
import type { SecurityFacts } from "./security-context.ts";
import { testContainer, testPod } from "./testing.ts";

const make = (container: Partial<Container>, spec: Partial<PodSpec> = {}, security: Partial<SecurityFacts> = {}) => {
  const made = testContainer(container);
  return containerConfig(testPod({ containers: [made], ...spec }), made, {
    imageRef: "sha256:1",
    attempt: 2,
    env: new Map([["WHO", "world"]]),
    mounts: [],
    devices: [],
    resources: {},
    security: { seccompRoot: "/seccomp", ...security },
  });
};

describe("containerConfig", () => {
  it("expands command and arguments and names its log", () => {
    const config = make({ command: ["echo", "$(WHO)"], args: ["$$(WHO)"], tty: true });
    assert.deepEqual([config.command, config.args], [["echo", "world"], ["$(WHO)"]]);
    assert.equal(config.logPath, "c/2.log");
    assert.equal(config.tty, true);
  });

  it("puts the container's security context over the pod's", () => {
    const { linux } = make(
      {
        securityContext: {
          runAsUser: 5,
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { add: ["NET_ADMIN"], drop: ["ALL"] },
        },
      },
      { securityContext: { runAsUser: 1, runAsGroup: 7, fsGroup: 9, supplementalGroups: [8] } },
    );
    const context = linux?.securityContext;
    assert.deepEqual(context?.runAsUser, { value: 5 });
    assert.deepEqual(context?.runAsGroup, { value: 7 });
    assert.deepEqual(context?.supplementalGroups, [8, 9]);
    assert.deepEqual(context?.capabilities, { addCapabilities: ["NET_ADMIN"], dropCapabilities: ["ALL"] });
    assert.equal(context?.noNewPrivs, true);
    assert.equal(context?.readonlyRootfs, true);
    assert.ok(context?.maskedPaths?.includes("/proc/kcore"));
    assert.deepEqual(context?.seccomp, { profileType: "Unconfined" });
  });

  it("names a localhost profile by its path", () => {
    const seccompProfile = { type: "Localhost", localhostProfile: "p/a.json" };
    assert.deepEqual(make({ securityContext: { seccompProfile } }).linux?.securityContext?.seccomp, {
      profileType: "Localhost",
      localhostRef: "/seccomp/p/a.json",
    });
  });

  it("takes the image's user unless told", () => {
    assert.deepEqual(make({}, {}, { imageUid: 12 }).linux?.securityContext?.runAsUser, { value: 12 });
    assert.equal(make({}, {}, { imageUsername: "bob" }).linux?.securityContext?.runAsUsername, "bob");
  });

  for (const [what, own, facts, message] of [
    [
      "root is asked for",
      { runAsUser: 0 },
      {},
      /container's runAsUser breaks non-root policy \(pod: "web_ns\(u1\)", container: c\)/,
    ],
    ["the image runs as root", {}, { imageUid: 0 }, /image will run as root/],
    ["the image's user is a name", {}, { imageUsername: "bob" }, /image has non-numeric user \(bob\)/],
  ] as const) {
    it(`refuses runAsNonRoot when ${what}`, () => {
      assert.throws(() => make({ securityContext: { runAsNonRoot: true, ...own } }, {}, facts), message);
    });
  }
});

describe("volumeMounts", () => {
  const sources = {
    env: new Map([["POD", "web-1"]]),
    volume: (name: string) =>
      name === "v"
        ? { hostPath: "/pods/v", readOnly: false, relabel: true }
        : name === "s"
          ? { hostPath: "/pods/s", readOnly: true, relabel: true }
          : undefined,
    bindSubPath: async (volume: { hostPath: string }, _: string, subPath: string) => `${volume.hostPath}!${subPath}`,
    recursiveReadOnly: false,
  };
  const mountOf = async (mount: object) =>
    (await volumeMounts(testContainer({ volumeMounts: [{ name: "v", mountPath: "/d", ...mount }] }), sources))[0];

  it("makes secrets read-only and passes propagation", async () => {
    assert.equal((await mountOf({ name: "s" }))?.readonly, true);
    assert.equal((await mountOf({ mountPropagation: "Bidirectional" }))?.propagation, "PROPAGATION_BIDIRECTIONAL");
  });
  it("expands subPathExpr", async () => {
    assert.equal((await mountOf({ subPathExpr: "logs/$(POD)" }))?.hostPath, "/pods/v!logs/web-1");
    await assert.rejects(mountOf({ subPathExpr: "$(NONE)" }), /missing value for "NONE"/);
  });
  it("refuses paths that lead out, unknown volumes, and read-only modes the runtime lacks", async () => {
    await assert.rejects(mountOf({ subPath: "a/../../b" }), /must not contain '\.\.'/);
    await assert.rejects(mountOf({ subPathExpr: "/$(POD)" }), /must not be an absolute path/);
    await assert.rejects(mountOf({ name: "w" }), /cannot find volume "w"/);
    await assert.rejects(mountOf({ readOnly: true, recursiveReadOnly: "Enabled" }), /not supported by the runtime/);
  });
  it("gives block volumes as devices", () => {
    const container = testContainer({ volumeDevices: [{ name: "v", devicePath: "/dev/x" }] });
    assert.deepEqual(volumeDevices(container, sources), [
      { containerPath: "/dev/x", hostPath: "/pods/v", permissions: "mrw" },
    ]);
  });
});
