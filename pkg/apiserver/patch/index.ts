// What patches make of an object: JSON Patch, merge patch and strategic merge patch, each bounded in what it may cost.
// Reads objects and schemas, writes nothing but what it returns.
export { applyJsonPatch } from "./json-patch.ts";
export { applyMergePatch } from "./merge-patch.ts";
export { applyStrategicMergePatch } from "./strategic-merge-patch.ts";
