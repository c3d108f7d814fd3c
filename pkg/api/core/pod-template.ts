import { containerImages, containerNames } from "../apps/workload-columns.ts";
import { column, nameColumn } from "../columns.ts";
import type { Errors } from "../field-checks.ts";
import { formatLabels } from "../labels.ts";
import { strategyOf } from "../strategy-of.ts";
import type { PodTemplate } from "../types/core-v1.ts";
import { defaultPodTemplate } from "./pod-defaults.ts";
import { checkPodTemplate } from "./pod-spec-validation.ts";

function validate(template: PodTemplate): Errors {
  const errors: Errors = [];
  checkPodTemplate(errors, "template", template.template);
  return errors;
}

export const podTemplateStrategy = strategyOf<PodTemplate>({
  generation: true,
  allowCreateOnUpdate: true,
  defaults: (template) => defaultPodTemplate((template.template ??= {})),
  validate,
  validateUpdate: validate,
  columns: [
    nameColumn,
    column("Containers", "Names of its containers", (t: PodTemplate) => containerNames(t.template)),
    column("Images", "Images of its containers", (t: PodTemplate) => containerImages(t.template)),
    column("Pod Labels", "Labels its pods get", (t: PodTemplate) => formatLabels(t.template?.metadata?.labels)),
  ],
});
