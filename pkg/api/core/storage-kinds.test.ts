// Rules of claims and volumes, a line for each finding.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { KindRules } from "../testing.ts";

type Loose = Record<string, unknown>;
const claim = (spec: Loose = {}, more: Loose = {}): Loose => ({
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "2Gi" } }, ...spec },
  ...more,
});
const volume = (spec: Loose = {}): Loose => ({
  spec: { accessModes: ["ReadWriteOnce"], capacity: { storage: "1Gi" }, hostPath: { path: "/x" }, ...spec },
});
const CLAIM = "/persistentvolumeclaims";
const VOLUME = "/persistentvolumes";

describe("what claims and volumes are refused for", () => {
  const cases: [string, Loose, string[]][] = [
    [CLAIM, claim(), []],
    [
      CLAIM,
      claim({ accessModes: ["ReadWriteOncePod", "ReadOnlyMany"], volumeMode: "x" }),
      [
        "spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes",
        'spec.volumeMode: Unsupported value: "x": supported values: "Block", "Filesystem"',
      ],
    ],
    [
      CLAIM,
      claim({ dataSourceRef: { kind: "Thing", name: "" } }),
      [
        "spec.dataSource.name: Required value",
        `spec.dataSource: Invalid value: "Thing": must be 'PersistentVolumeClaim' when referencing the default apiGroup`,
        "spec.dataSourceRef.name: Required value",
        `spec.dataSourceRef: Invalid value: "Thing": must be 'PersistentVolumeClaim' when referencing the default apiGroup`,
      ],
    ],
    [VOLUME, volume(), []],
    [
      VOLUME,
      volume({ hostPath: { path: "/" }, persistentVolumeReclaimPolicy: "Recycle" }),
      ["spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'"],
    ],
    [
      VOLUME,
      volume({ hostPath: undefined, local: { path: "a/.." }, capacity: { storage: "0", cpu: "1" } }),
      [
        'spec.capacity: Unsupported value: {"storage":"0","cpu":"1"}: supported values: "storage"',
        'spec.capacity[storage]: Invalid value: "0": must be greater than zero',
        "spec.local.path: Invalid value: \"a/..\": must not contain '..'",
        "spec.nodeAffinity: Required value: Local volume requires node affinity",
      ],
    ],
    [
      VOLUME,
      volume({ csi: { driver: "" }, nodeAffinity: {}, volumeAttributesClassName: "" }),
      [
        "spec.nodeAffinity.required: Required value: must specify required node constraints",
        "spec.csi: Forbidden: may not specify more than 1 volume type",
        "spec.csi.volumeHandle: Required value",
        "spec.volumeAttributesClassName: Required value: an empty string is disallowed",
      ],
    ],
  ];
  for (const [key, object, expected] of cases)
    it(`${key} ${JSON.stringify(object).slice(0, 80)}`, () =>
      assert.deepEqual(new KindRules(key).creating(object), expected));
  it("drops a data source that only the new name takes", () => {
    const source = { kind: "Thing", name: "t", apiGroup: "example.com" };
    const { spec } = new KindRules(CLAIM).create(claim({ dataSource: source }));
    assert.deepEqual([spec.dataSource, spec.dataSourceRef], [undefined, undefined]);
  });
});

describe("a claim", () => {
  const bound = { phase: "Bound", capacity: { storage: "2Gi" } };
  const change = (before: Loose, after: Loose, status: Loose): string[] => {
    const rules = new KindRules(CLAIM);
    const old = rules.create(before);
    old.status = status;
    // The rules see the status that the machine kept.
    const next = rules.create(after);
    next.status = status;
    return rules.validatingUpdate(next, old);
  };
  const sized = (storage: string): Loose => claim({ resources: { requests: { storage } } });
  const IMMUTABLE =
    "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
  it("is bound once", () => {
    assert.deepEqual(change(claim(), claim({ volumeName: "v" }), { phase: "Pending" }), []);
    assert.deepEqual(change(claim({ volumeName: "v" }), claim({ volumeName: "w" }), { phase: "Pending" }), [
      `${IMMUTABLE}\n  spec.volumeName`,
    ]);
  });
  it("grows when it is bound and shrinks to more than it has", () => {
    assert.deepEqual(change(sized("2Gi"), sized("3Gi"), bound), []);
    assert.deepEqual(change(sized("2Gi"), sized("3Gi"), { phase: "Pending" }), [`${IMMUTABLE}\n  spec.resources`]);
    assert.deepEqual(change(sized("5Gi"), sized("3Gi"), bound), []);
    assert.deepEqual(change(sized("5Gi"), sized("1Gi"), bound), [
      "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity",
    ]);
  });
  it("takes on a class once and keeps its mode", () => {
    assert.deepEqual(change(claim(), claim({ storageClassName: "c" }), { phase: "Pending" }), []);
    assert.deepEqual(change(claim({ volumeMode: "Block" }), claim(), { phase: "Pending" }), [
      `${IMMUTABLE}\n  spec.volumeMode`,
      'volumeMode: Invalid value: "Filesystem": field is immutable',
    ]);
  });
});

it("a volume keeps its source, mode and node affinity", () => {
  assert.deepEqual(
    new KindRules(VOLUME).updating(volume(), volume({ hostPath: { path: "/y" }, volumeMode: "Block" })),
    [
      "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation",
      'volumeMode: Invalid value: "Block": field is immutable',
    ],
  );
});

it("warnings name annotations, sources and policies of old", () => {
  const metadata = { annotations: { "volume.beta.kubernetes.io/storage-class": "c" } };
  const OLD =
    'metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "storageClassName" attribute instead';
  assert.deepEqual(new KindRules(CLAIM).warnings({ ...claim(), metadata }), [OLD]);
  const old = volume({
    persistentVolumeReclaimPolicy: "Recycle",
    hostPath: undefined,
    rbd: { monitors: ["m"], image: "i" },
  });
  assert.deepEqual(new KindRules(VOLUME).warnings({ ...old, metadata }), [
    OLD,
    "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.",
    "spec.rbd: deprecated in v1.28, non-functional in v1.31+",
  ]);
});
