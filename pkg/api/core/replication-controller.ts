import { fieldError } from "#pkg/errors/index.ts";
import { containersColumn, imagesColumn } from "../apps/workload-columns.ts";
import { checkReplicaCounts } from "../apps/workload-validation.ts";
import { ageColumn, integerColumn, nameColumn, wideColumn } from "../columns.ts";
import { checkNotNegative, type Errors } from "../field-checks.ts";
import { formatLabels, selectorOfMap } from "../labels.ts";
import { separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { ReplicationController } from "../types/core-v1.ts";
import { defaultPodTemplate } from "./pod-defaults.ts";
import { checkPodTemplate } from "./pod-spec-validation.ts";
import { podSpecWarnings } from "./pod-warnings.ts";

function validate(rc: ReplicationController): Errors {
  const errors: Errors = [];
  const { spec } = rc;
  const selector = spec?.selector ?? {};
  checkNotNegative(errors, "spec.minReadySeconds", spec?.minReadySeconds);
  if (Object.keys(selector).length === 0) errors.push(fieldError.required("spec.selector"));
  checkNotNegative(errors, "spec.replicas", spec?.replicas);
  if (spec?.template === undefined) return [...errors, fieldError.required("spec.template")];
  if (Object.keys(selector).length > 0 && !selectorOfMap(selector).matches(spec.template.metadata?.labels)) {
    const labels = spec.template.metadata?.labels ?? {};
    errors.push(
      fieldError.invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`"),
    );
  }
  checkPodTemplate(errors, "spec.template", spec.template);
  if (spec.template.spec?.restartPolicy !== "Always") {
    const policy = spec.template.spec?.restartPolicy;
    errors.push(fieldError.notSupported("spec.template.spec.restartPolicy", policy, ["Always"]));
  }
  if (spec.template.spec?.activeDeadlineSeconds !== undefined) {
    const why = "activeDeadlineSeconds in ReplicationController is not Supported";
    errors.push(fieldError.forbidden("spec.template.spec.activeDeadlineSeconds", why));
  }
  return errors;
}

export const replicationControllerStrategy = strategyOf<ReplicationController>({
  ...separateStatus<ReplicationController>(() => ({ replicas: 0 })),
  generation: true,
  defaultPropagation: "Orphan",
  defaults: (rc) => {
    rc.spec ??= {};
    rc.status ??= { replicas: 0 };
    rc.spec.replicas ??= 1;
    if (rc.spec.template !== undefined) defaultPodTemplate(rc.spec.template);
    const labels = rc.spec.template?.metadata?.labels;
    if (labels !== undefined) {
      if (Object.keys(rc.spec.selector ?? {}).length === 0) rc.spec.selector = { ...labels };
      if (Object.keys(rc.metadata.labels ?? {}).length === 0) rc.metadata.labels = { ...labels };
    }
  },
  validate,
  validateUpdate: validate,
  validateStatusUpdate: (rc) => {
    const errors: Errors = [];
    checkReplicaCounts(errors, { ...rc.status });
    return errors;
  },
  warnings: (rc) => podSpecWarnings("spec.template.spec", rc.spec?.template?.spec),
  selectableFields: { "status.replicas": (rc) => String(rc.status?.replicas ?? 0) },
  scale: {
    specReplicas: ".spec.replicas",
    statusReplicas: ".status.replicas",
    selector: (rc) => selectorOfMap(rc.spec?.selector).toString(),
  },
  columns: [
    nameColumn,
    integerColumn("Desired", "Replicas wanted", (c: ReplicationController) => c.spec?.replicas ?? 0),
    integerColumn("Current", "Replicas there are", (c: ReplicationController) => c.status?.replicas ?? 0),
    integerColumn("Ready", "Replicas that are ready", (c: ReplicationController) => c.status?.readyReplicas ?? 0),
    ageColumn,
    containersColumn,
    imagesColumn,
    wideColumn("Selector", "Labels of its pods", (c: ReplicationController) => formatLabels(c.spec?.selector)),
  ],
});
