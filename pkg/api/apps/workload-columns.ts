// Columns of everything that holds a pod template.
import { wideColumn } from "../columns.ts";
import type { Column } from "../definition.ts";
import { formatLabelSelector } from "../labels.ts";
import type { PodTemplateSpec } from "../types/core-v1.ts";
import type { LabelSelector } from "../types/meta-v1.ts";

interface Workload {
  readonly spec?: { readonly template?: PodTemplateSpec; readonly selector?: LabelSelector };
}

export const containerNames = (template: PodTemplateSpec | undefined): string =>
  (template?.spec?.containers ?? []).map((c) => c.name).join(",");
export const containerImages = (template: PodTemplateSpec | undefined): string =>
  (template?.spec?.containers ?? []).map((c) => c.image ?? "").join(",");

export const containersColumn: Column = wideColumn("Containers", "Names of its containers", (o: Workload) =>
  containerNames(o.spec?.template),
);
export const imagesColumn: Column = wideColumn("Images", "Images of its containers", (o: Workload) =>
  containerImages(o.spec?.template),
);
export const selectorColumn: Column = wideColumn("Selector", "Labels of its pods", (o: Workload) =>
  formatLabelSelector(o.spec?.selector),
);
