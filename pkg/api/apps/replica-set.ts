import { ageColumn, integerColumn, nameColumn } from "../columns.ts";
import { defaultPodTemplate } from "../core/pod-defaults.ts";
import { hostnameWarnings, podSpecWarnings } from "../core/pod-warnings.ts";
import { selectorOf } from "../labels.ts";
import { separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { ReplicaSet } from "../types/apps-v1.ts";
import {
  validateReplicaSet,
  validateReplicaSetStatusUpdate,
  validateReplicaSetUpdate,
} from "./replica-set-validation.ts";
import { containersColumn, imagesColumn, selectorColumn } from "./workload-columns.ts";

export const replicaSetStrategy = strategyOf<ReplicaSet>({
  ...separateStatus<ReplicaSet>(() => ({ replicas: 0 })),
  generation: true,
  warnings: (set, old) => [
    ...(old === undefined ? hostnameWarnings(set.metadata.name) : []),
    ...podSpecWarnings("spec.template.spec", set.spec.template?.spec),
  ],
  defaults: (set) => {
    set.status ??= { replicas: 0 };
    set.spec ??= {} as typeof set.spec;
    set.spec.replicas ??= 1;
    set.spec.template ??= {};
    defaultPodTemplate(set.spec.template);
  },
  validate: validateReplicaSet,
  validateUpdate: validateReplicaSetUpdate,
  validateStatusUpdate: validateReplicaSetStatusUpdate,
  selectableFields: { "status.replicas": (set) => String(set.status?.replicas ?? 0) },
  scale: {
    specReplicas: ".spec.replicas",
    statusReplicas: ".status.replicas",
    selector: (set) => selectorOf(set.spec?.selector).toString(),
  },
  columns: [
    nameColumn,
    integerColumn("Desired", "Replicas wanted", (s: ReplicaSet) => s.spec?.replicas ?? 0),
    integerColumn("Current", "Replicas there are", (s: ReplicaSet) => s.status?.replicas ?? 0),
    integerColumn("Ready", "Replicas that are ready", (s: ReplicaSet) => s.status?.readyReplicas ?? 0),
    ageColumn,
    containersColumn,
    imagesColumn,
    selectorColumn,
  ],
});
