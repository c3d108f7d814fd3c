// What the API is: resource definitions, schemas, defaults, validation, printer columns; a folder per group.
// Reads nothing but its own tables; everything here is pure. Object types and ResourceRefs: types/<group>-<version>.ts.
export { builtinStorage, builtinStrategies } from "./builtin.ts";
export type {
  Column,
  NameRule,
  ResourceDefinition,
  StorageDefinition,
  Strategy,
  SubresourceDefinition,
} from "./definition.ts";
export { ageSince, humanDuration } from "./duration.ts";
export {
  apiVersionOf,
  type KubeObject,
  type Mutable,
  mutableCopy,
  type NewObject,
  type ResourceRef,
} from "./resource-ref.ts";
export type { Definitions, Schema } from "./schema/schema.ts";
export {
  EVERYTHING,
  formatLabelSelector,
  formatLabels,
  type Labels,
  NOTHING,
  parseSelector,
  type Requirement,
  requirementMatches,
  type Selector,
  selectorFrom,
  selectorOf,
  selectorOfMap,
  SelectorSyntaxError,
} from "./labels.ts";
export { semanticEqual } from "./equal.ts";
export {
  addQuantities,
  addResources,
  canonicalQuantity,
  compareQuantities,
  formatQuantity,
  isQuantity,
  maxResources,
  parseQuantity,
  QuantityError,
  quantityMilliValue,
  quantityValue,
  type ResourceList,
  subtractQuantities,
} from "./quantity.ts";
