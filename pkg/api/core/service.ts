import { separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { Service } from "../types/core-v1.ts";
import { serviceColumns } from "./service-columns.ts";
import { defaultService } from "./service-defaults.ts";
import { validateService, validateServiceStatusUpdate, validateServiceUpdate } from "./service-validation.ts";
import { serviceWarnings } from "./service-warnings.ts";

/** Addresses and ports are given by the API server's allocator before validation. */
export const serviceStrategy = strategyOf<Service>({
  ...separateStatus<Service>(() => ({ loadBalancer: {} })),
  nameRule: "dns-1035-label",
  columns: serviceColumns,
  warnings: serviceWarnings,
  defaults: defaultService,
  validate: validateService,
  validateUpdate: validateServiceUpdate,
  validateStatusUpdate: validateServiceStatusUpdate,
  selectableFields: {
    "spec.clusterIP": (service) => service.spec?.clusterIP ?? "",
    "spec.type": (service) => service.spec?.type ?? "",
  },
});
