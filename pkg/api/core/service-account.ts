import { ageColumn, column, nameColumn } from "../columns.ts";
import { strategyOf } from "../strategy-of.ts";
import type { ServiceAccount } from "../types/core-v1.ts";

export const serviceAccountStrategy = strategyOf<ServiceAccount>({
  columns: [
    nameColumn,
    column("Secrets", "Secrets it may use", (a: ServiceAccount) => (a.secrets ?? []).length),
    ageColumn,
  ],
});
