// Who owns which field of an object: metadata.managedFields after every write, and server-side apply.
// Reads schemas and objects, writes nothing but what it returns.
export { type Applied, applyConfiguration, type ApplyRequest } from "./apply.ts";
export { isSameValue } from "./compare.ts";
export { FieldManager } from "./field-manager.ts";
export { isSameIgnoringTimes } from "./same-managers.ts";
export { TypedError } from "./fields-of.ts";
