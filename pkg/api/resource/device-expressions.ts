// What selectors of devices may speak of. Imported lazily, as CEL takes time to load.
import { CelEnvironment, celTypes, typeName } from "#pkg/cel/index.ts";
import { fieldError } from "#pkg/errors/index.ts";
import type { Errors } from "../field-checks.ts";

const { bool, dyn, map, object, opaque, string } = celTypes;
/** Attributes and capacities are found by domain and name; domains without any are empty. */
const device = object("kubernetes.DRADevice", {
  driver: string,
  attributes: map(string, map(string, dyn)),
  capacity: map(string, map(string, opaque("kubernetes.Quantity"))),
  allowMultipleAllocations: bool,
});

/** An expression compiles, and is a condition. */
export function checkDeviceExpression(errors: Errors, path: string, expression: string): void {
  const compiled = new CelEnvironment({ variables: { device }, bindings: true }).compile(expression);
  if (compiled.error !== undefined) errors.push(fieldError.invalid(path, expression, compiled.error));
  else if (compiled.type.kind !== "bool" && compiled.type.kind !== "dyn") {
    const why = `must evaluate to bool or the unknown type, not ${typeName(compiled.type)}`;
    errors.push(fieldError.invalid(path, expression, why));
  }
}
