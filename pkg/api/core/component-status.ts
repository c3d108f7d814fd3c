import { column, nameColumn } from "../columns.ts";
import { strategyOf } from "../strategy-of.ts";
import type { ComponentCondition, ComponentStatus } from "../types/core-v1.ts";

const healthy = (c: ComponentStatus): ComponentCondition | undefined =>
  c.conditions?.find((condition) => condition.type === "Healthy");

export const componentStatusStrategy = strategyOf<ComponentStatus>({
  columns: [
    nameColumn,
    column("Status", "Health", (c: ComponentStatus) =>
      healthy(c)?.status === "True" ? "Healthy" : healthy(c)?.status === "False" ? "Unhealthy" : "Unknown",
    ),
    column("Message", "What it says", (c: ComponentStatus) => healthy(c)?.message ?? ""),
    column("Error", "What went wrong", (c: ComponentStatus) => healthy(c)?.error ?? ""),
  ],
});
