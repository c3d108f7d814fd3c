// Pure reading of API objects that several controllers share: owners, conditions, pods, equality.
export { findCondition, removeCondition, setCondition, timestamp } from "./conditions.ts";
export { canonicalJson, semanticEqual } from "./equal.ts";
export { scaledValue } from "./int-or-percent.ts";
export { omitZero } from "./omit-zero.ts";
export { controllerOf, controllerRefTo, controllerUid, isControlledBy, ownerRefTo } from "./owner-refs.ts";
export {
  isPodActive,
  isPodAvailable,
  isPodFinished,
  isPodReady,
  isPodTerminating,
  podCondition,
} from "./pod-state.ts";
export { labelsInclude, sameLabels } from "./selector.ts";
export { fnv1a, randomSuffix, safeEncode, templateHash } from "./template-hash.ts";
