// Keeps the status of PodDisruptionBudgets, which evictions are granted by.
export { DisruptionController } from "./disruption-controller.ts";
