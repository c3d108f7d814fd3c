import { ageColumn, column, nameColumn } from "../columns.ts";
import { defaultPodTemplate } from "../core/pod-defaults.ts";
import { hostnameWarnings, podSpecWarnings } from "../core/pod-warnings.ts";
import { selectorOf } from "../labels.ts";
import type { Mutable } from "../resource-ref.ts";
import { separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { Deployment } from "../types/apps-v1.ts";
import {
  validateDeployment,
  validateDeploymentStatusUpdate,
  validateDeploymentUpdate,
} from "./deployment-validation.ts";
import { containersColumn, imagesColumn, selectorColumn } from "./workload-columns.ts";

function defaultDeployment(deployment: Mutable<Deployment>): void {
  deployment.status ??= {};
  deployment.spec ??= {} as typeof deployment.spec;
  const { spec } = deployment;
  spec.replicas ??= 1;
  spec.strategy ??= {};
  spec.strategy.type ||= "RollingUpdate";
  if (spec.strategy.type === "RollingUpdate") {
    spec.strategy.rollingUpdate ??= {};
    spec.strategy.rollingUpdate.maxUnavailable ??= "25%";
    spec.strategy.rollingUpdate.maxSurge ??= "25%";
  }
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
  spec.template ??= {};
  defaultPodTemplate(spec.template);
}

export const deploymentStrategy = strategyOf<Deployment>({
  ...separateStatus<Deployment>(() => ({})),
  generation: true,
  warnings: (deployment, old) => [
    ...(old === undefined ? hostnameWarnings(deployment.metadata.name) : []),
    ...podSpecWarnings("spec.template.spec", deployment.spec.template?.spec),
  ],
  defaults: defaultDeployment,
  validate: validateDeployment,
  validateUpdate: validateDeploymentUpdate,
  validateStatusUpdate: validateDeploymentStatusUpdate,
  scale: {
    specReplicas: ".spec.replicas",
    statusReplicas: ".status.replicas",
    selector: (deployment) => selectorOf(deployment.spec?.selector).toString(),
  },
  columns: [
    nameColumn,
    column(
      "Ready",
      "Ready replicas of those wanted",
      (d: Deployment) => `${d.status?.readyReplicas ?? 0}/${d.spec?.replicas ?? 0}`,
    ),
    column("Up-to-date", "Replicas of the current template", (d: Deployment) => d.status?.updatedReplicas ?? 0),
    column("Available", "Replicas that are available", (d: Deployment) => d.status?.availableReplicas ?? 0),
    ageColumn,
    containersColumn,
    imagesColumn,
    selectorColumn,
  ],
});
