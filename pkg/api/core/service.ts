import { strategyOf } from "../strategy-of.ts";
import type { Service } from "../types/core-v1.ts";
import { serviceColumns } from "./service-columns.ts";
import { defaultService } from "./service-defaults.ts";

export const serviceStrategy = strategyOf<Service>({
  nameRule: "dns-1035-label",
  columns: serviceColumns,
  defaults: defaultService,
  prepareForCreate: (service) => {
    service.status = { loadBalancer: {} };
  },
  prepareForUpdate: (service, old) => {
    service.status = structuredClone(old.status ?? { loadBalancer: {} }) as NonNullable<typeof service.status>;
  },
  selectableFields: {
    "spec.clusterIP": (service) => service.spec?.clusterIP ?? "",
    "spec.type": (service) => service.spec?.type ?? "",
  },
});
