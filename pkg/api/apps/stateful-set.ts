import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { defaultPodTemplate } from "../core/pod-defaults.ts";
import { podSpecWarnings } from "../core/pod-warnings.ts";
import { semanticEqual } from "../equal.ts";
import {
  checkEnum,
  checkIntOrPercent,
  checkNotMoreThan100Percent,
  checkNotNegative,
  type Errors,
  intOrPercentValue,
} from "../field-checks.ts";
import { selectorOf } from "../labels.ts";
import type { Mutable } from "../resource-ref.ts";
import { separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { StatefulSet, StatefulSetSpec } from "../types/apps-v1.ts";
import { containersColumn, imagesColumn } from "./workload-columns.ts";
import { checkCounts, checkSelectorAndTemplate } from "./workload-validation.ts";

function defaultStatefulSet(set: Mutable<StatefulSet>): void {
  set.spec ??= {} as typeof set.spec;
  set.status ??= { replicas: 0 };
  const { spec } = set;
  spec.podManagementPolicy ||= "OrderedReady";
  spec.updateStrategy ??= {};
  spec.updateStrategy.type ||= "RollingUpdate";
  if (spec.updateStrategy.type === "RollingUpdate") {
    spec.updateStrategy.rollingUpdate ??= {};
    spec.updateStrategy.rollingUpdate.partition ??= 0;
  }
  spec.persistentVolumeClaimRetentionPolicy ??= {};
  spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= "Retain";
  spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= "Retain";
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  spec.template ??= {};
  defaultPodTemplate(spec.template);
  for (const claim of spec.volumeClaimTemplates ?? []) {
    claim.apiVersion ||= "v1";
    claim.kind ||= "PersistentVolumeClaim";
    claim.spec ??= {};
    claim.spec.volumeMode ??= "Filesystem";
    claim.spec.resources ??= {};
    claim.status = { phase: "Pending" };
  }
}

function validate(set: StatefulSet): Errors {
  const errors: Errors = [];
  const { spec } = set;
  const policy = spec.podManagementPolicy ?? "";
  if (policy === "") errors.push(fieldError.required("spec.podManagementPolicy"));
  else if (policy !== "OrderedReady" && policy !== "Parallel") {
    errors.push(fieldError.invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'"));
  }
  const strategy = spec.updateStrategy ?? {};
  const update = strategy.rollingUpdate;
  if (!strategy.type) errors.push(fieldError.required("spec.updateStrategy"));
  else if (strategy.type !== "OnDelete" && strategy.type !== "RollingUpdate") {
    errors.push(fieldError.invalid("spec.updateStrategy", strategy, "must be 'RollingUpdate' or 'OnDelete'"));
  } else if (strategy.type === "OnDelete" && update !== undefined) {
    const why = "only allowed for updateStrategy 'RollingUpdate'";
    errors.push(fieldError.invalid("spec.updateStrategy.rollingUpdate", update, why));
  }
  checkNotNegative(errors, "spec.updateStrategy.rollingUpdate.partition", update?.partition);
  if (update?.maxUnavailable !== undefined) {
    const at = "spec.updateStrategy.rollingUpdate.maxUnavailable";
    checkIntOrPercent(errors, at, update.maxUnavailable);
    if (intOrPercentValue(update.maxUnavailable) === 0) {
      errors.push(fieldError.invalid(at, update.maxUnavailable, "cannot be 0"));
    }
    checkNotMoreThan100Percent(errors, at, update.maxUnavailable);
  }
  for (const field of ["whenDeleted", "whenScaled"] as const) {
    const at = `spec.persistentVolumeClaimRetentionPolicy.${field}`;
    checkEnum(errors, at, spec.persistentVolumeClaimRetentionPolicy?.[field], ["Delete", "Retain"]);
  }
  checkNotNegative(errors, "spec.replicas", spec.replicas);
  checkNotNegative(errors, "spec.minReadySeconds", spec.minReadySeconds);
  checkNotNegative(errors, "spec.ordinals.start", spec.ordinals?.start);
  checkNotNegative(errors, "spec.revisionHistoryLimit", spec.revisionHistoryLimit);
  checkSelectorAndTemplate(errors, "statefulset", spec.selector, templateWithClaims(spec));
  return errors;
}

/** Containers mount the claims by name: each stands for a volume. */
function templateWithClaims(spec: StatefulSetSpec): StatefulSetSpec["template"] {
  const claims = spec.volumeClaimTemplates ?? [];
  if (claims.length === 0 || spec.template?.spec === undefined) return spec.template;
  const names = new Set(claims.map((claim) => claim.metadata?.name));
  const volumes = [
    ...(spec.template.spec.volumes ?? []).filter((volume) => !names.has(volume.name)),
    ...claims.map((claim) => ({ name: claim.metadata?.name ?? "", emptyDir: {} })),
  ];
  return { ...spec.template, spec: { ...spec.template.spec, volumes } };
}

const MUTABLE = [
  "minReadySeconds",
  "ordinals",
  "persistentVolumeClaimRetentionPolicy",
  "replicas",
  "revisionHistoryLimit",
  "template",
  "updateStrategy",
] as const;

function validateUpdate(set: StatefulSet, old: StatefulSet): Errors {
  const errors = validate(set);
  const kept = (s: StatefulSet): object =>
    Object.fromEntries(Object.entries(s.spec).filter(([field]) => !(MUTABLE as readonly string[]).includes(field)));
  if (!semanticEqual(kept(set), kept(old))) {
    const why =
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
    errors.push(fieldError.forbidden("spec", why));
  }
  return errors;
}

const COUNTS = ["replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"];

export const statefulSetStrategy = strategyOf<StatefulSet>({
  ...separateStatus<StatefulSet>(() => ({ replicas: 0 })),
  generation: true,
  warnings: (set) => podSpecWarnings("spec.template.spec", set.spec.template?.spec),
  defaults: defaultStatefulSet,
  validate,
  validateUpdate,
  validateStatusUpdate: (set, old) => {
    const errors: Errors = [];
    checkCounts(errors, { ...set.status }, COUNTS, "replicas");
    const { availableReplicas = 0, readyReplicas = 0, collisionCount = 0 } = set.status ?? {};
    if (availableReplicas > readyReplicas) {
      const why = "cannot be greater than status.readyReplicas";
      errors.push(fieldError.invalid("status.availableReplicas", availableReplicas, why));
    }
    if (collisionCount < (old.status?.collisionCount ?? 0)) {
      errors.push(fieldError.invalid("status.collisionCount", collisionCount, "cannot be decremented"));
    }
    return errors;
  },
  scale: {
    specReplicas: ".spec.replicas",
    statusReplicas: ".status.replicas",
    selector: (set) => selectorOf(set.spec.selector).toString(),
  },
  columns: [
    nameColumn,
    column(
      "Ready",
      "Ready replicas of those wanted",
      (s: StatefulSet) => `${s.status?.readyReplicas ?? 0}/${s.spec.replicas ?? 0}`,
    ),
    ageColumn,
    containersColumn,
    imagesColumn,
  ],
});
