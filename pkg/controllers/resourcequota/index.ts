// Counts what namespaces use against their ResourceQuotas. Writes quota status.
export { ResourceQuotaController } from "./resourcequota-controller.ts";
