import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, integerColumn, nameColumn } from "../columns.ts";
import { defaultPodTemplate } from "../core/pod-defaults.ts";
import { podSpecWarnings } from "../core/pod-warnings.ts";
import { semanticEqual } from "../equal.ts";
import {
  checkImmutable,
  checkIntOrPercent,
  checkNotMoreThan100Percent,
  checkNotNegative,
  type Errors,
  intOrPercentValue,
} from "../field-checks.ts";
import { formatLabels } from "../labels.ts";
import type { Mutable } from "../resource-ref.ts";
import { separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { DaemonSet } from "../types/apps-v1.ts";
import { containersColumn, imagesColumn, selectorColumn } from "./workload-columns.ts";
import { checkCounts, checkSelectorAndTemplate } from "./workload-validation.ts";

const NO_PODS = {
  currentNumberScheduled: 0,
  desiredNumberScheduled: 0,
  numberMisscheduled: 0,
  numberReady: 0,
} as const;

function defaultDaemonSet(set: Mutable<DaemonSet>): void {
  set.spec ??= {} as typeof set.spec;
  set.status ??= { ...NO_PODS };
  const { spec } = set;
  spec.updateStrategy ??= {};
  spec.updateStrategy.type ||= "RollingUpdate";
  if (spec.updateStrategy.type === "RollingUpdate") {
    spec.updateStrategy.rollingUpdate ??= {};
    spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
    spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
  }
  spec.revisionHistoryLimit ??= 10;
  spec.template ??= {};
  defaultPodTemplate(spec.template);
}

function validate(set: DaemonSet): Errors {
  const errors: Errors = [];
  const { spec } = set;
  checkSelectorAndTemplate(errors, "daemonset", spec.selector, spec.template);
  checkNotNegative(errors, "spec.minReadySeconds", spec.minReadySeconds);
  checkNotNegative(errors, "spec.revisionHistoryLimit", spec.revisionHistoryLimit);
  const strategy = spec.updateStrategy ?? {};
  if (strategy.type !== "OnDelete" && strategy.type !== "RollingUpdate") {
    errors.push(fieldError.notSupported("spec.updateStrategy", strategy, ["RollingUpdate", "OnDelete"]));
  }
  const update = spec.updateStrategy?.rollingUpdate;
  if (spec.updateStrategy?.type !== "RollingUpdate" || update === undefined) return errors;
  const at = "spec.updateStrategy.rollingUpdate";
  for (const field of ["maxUnavailable", "maxSurge"] as const) {
    checkIntOrPercent(errors, `${at}.${field}`, update[field]);
    checkNotMoreThan100Percent(errors, `${at}.${field}`, update[field]);
  }
  const unavailable = intOrPercentValue(update.maxUnavailable) > 0;
  const surge = intOrPercentValue(update.maxSurge) > 0;
  if (unavailable && surge) {
    errors.push(
      fieldError.invalid(`${at}.maxSurge`, update.maxSurge, "may not be set when maxUnavailable is non-zero"),
    );
  } else if (!unavailable && !surge) {
    const why = "cannot be 0 when maxSurge is 0";
    errors.push(fieldError.invalid(`${at}.maxUnavailable`, update.maxUnavailable, why));
  }
  return errors;
}

const COUNTS = [
  "currentNumberScheduled",
  "numberMisscheduled",
  "desiredNumberScheduled",
  "numberReady",
  "observedGeneration",
  "updatedNumberScheduled",
  "numberAvailable",
  "numberUnavailable",
];

/** The number of the template, which v1 has no field for (upstream's conversion keeps it in an annotation). */
const TEMPLATE_GENERATION = "deprecated.daemonset.template.generation";

function setTemplateGeneration(set: Mutable<DaemonSet>, generation: number): void {
  set.metadata.annotations = { ...set.metadata.annotations, [TEMPLATE_GENERATION]: String(generation) };
}
const templateGeneration = (set: { readonly metadata: DaemonSet["metadata"] }): number => {
  const text = set.metadata.annotations?.[TEMPLATE_GENERATION] ?? "";
  return /^\d{1,15}$/.test(text) ? Math.max(1, Number(text)) : 1;
};

const status = separateStatus<DaemonSet>(() => ({ ...NO_PODS }));

export const daemonSetStrategy = strategyOf<DaemonSet>({
  prepareForCreate: (set) => {
    status.prepareForCreate(set);
    setTemplateGeneration(set, templateGeneration(set as DaemonSet));
  },
  prepareForUpdate: (set, old) => {
    status.prepareForUpdate(set, old);
    const changed = !semanticEqual(set.spec.template, old.spec.template);
    setTemplateGeneration(set, templateGeneration(old) + (changed ? 1 : 0));
  },
  generation: true,
  warnings: (set) => podSpecWarnings("spec.template.spec", set.spec.template?.spec),
  defaults: defaultDaemonSet,
  validate,
  validateUpdate: (set, old) => {
    const errors = validate(set);
    checkImmutable(errors, "spec.selector", set.spec.selector, old.spec.selector);
    return errors;
  },
  validateStatusUpdate: (set, old) => {
    const errors: Errors = [];
    checkCounts(errors, { ...set.status }, COUNTS);
    const collisions = set.status?.collisionCount ?? 0;
    if (collisions < (old.status?.collisionCount ?? 0)) {
      errors.push(fieldError.invalid("status.collisionCount", collisions, "cannot be decremented"));
    }
    return errors;
  },
  columns: [
    nameColumn,
    integerColumn("Desired", "Nodes that should run it", (s: DaemonSet) => s.status?.desiredNumberScheduled ?? 0),
    integerColumn("Current", "Nodes that run it", (s: DaemonSet) => s.status?.currentNumberScheduled ?? 0),
    integerColumn("Ready", "Nodes where it is ready", (s: DaemonSet) => s.status?.numberReady ?? 0),
    integerColumn(
      "Up-to-date",
      "Nodes that run the current template",
      (s: DaemonSet) => s.status?.updatedNumberScheduled ?? 0,
    ),
    integerColumn("Available", "Nodes where it is available", (s: DaemonSet) => s.status?.numberAvailable ?? 0),
    column("Node Selector", "Labels of its nodes", (s: DaemonSet) => formatLabels(s.spec.template?.spec?.nodeSelector)),
    ageColumn,
    containersColumn,
    imagesColumn,
    selectorColumn,
  ],
});
