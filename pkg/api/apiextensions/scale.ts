import { type FieldError, fieldError } from "#pkg/errors/index.ts";
import type { Strategy } from "../definition.ts";
import type { KubeObject } from "../resource-ref.ts";
import type { CustomResourceSubresourceScale } from "../types/apiextensions-v1.ts";
import { isObject, ownValue } from "../json-object.ts";

const MAX_INT32 = 2 ** 31 - 1;
const steps = (path: string): string[] => path.replace(/^\./, "").split(".");

/** The value at a dotted path. @throws Error in upstream's words where the path leads through something else than objects */
function nested(object: unknown, path: string): unknown {
  let at = object;
  const names = steps(path);
  for (const [i, name] of names.entries()) {
    if (at === undefined) return undefined;
    if (!isObject(at)) {
      const where = `.${names.slice(0, i + 1).join(".")}`;
      throw new Error(
        `${where} accessor error: ${shown(at)} is of the type ${goType(at)}, expected map[string]interface{}`,
      );
    }
    at = ownValue(at, name);
  }
  return at;
}

const shown = (value: unknown): string =>
  typeof value === "string" ? value : value === null ? "<nil>" : JSON.stringify(value);
function goType(value: unknown): string {
  if (value === null) return "<nil>";
  if (Array.isArray(value)) return "[]interface {}";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  if (typeof value === "boolean") return "bool";
  return typeof value === "string" ? "string" : "map[string]interface {}";
}

/** How the scale subresource reads and writes the object. */
export function scaleRules(scale: CustomResourceSubresourceScale): NonNullable<Strategy["scale"]> {
  const { labelSelectorPath = "" } = scale;
  return {
    specReplicas: scale.specReplicasPath,
    statusReplicas: scale.statusReplicasPath,
    mustHaveReplicas: true,
    selector: (object: KubeObject) => {
      if (labelSelectorPath === "") return "";
      try {
        const selector = nested(object, labelSelectorPath);
        return typeof selector === "string" ? selector : "";
      } catch {
        return "";
      }
    },
  };
}

/** What stands at the paths must be usable by the subresource: `part` names those that a write could have changed. */
export function validateScale(
  object: object,
  scale: CustomResourceSubresourceScale,
  part: "spec" | "status",
): FieldError[] {
  const errors: FieldError[] = [];
  const path = part === "spec" ? scale.specReplicasPath : scale.statusReplicasPath;
  check(errors, path, 0, () => {
    const replicas = nested(object, path) ?? 0;
    if (!Number.isSafeInteger(replicas)) throw wrongType(path, replicas, "int64");
    const count = replicas as number;
    if (count < 0) errors.push(fieldError.invalid(path, count, "should be a non-negative integer"));
    else if (count > MAX_INT32)
      errors.push(fieldError.invalid(path, count, `should be less than or equal to ${MAX_INT32}`));
  });
  const { labelSelectorPath = "" } = scale;
  if (part === "status" && labelSelectorPath !== "")
    check(errors, labelSelectorPath, "", () => {
      const selector = nested(object, labelSelectorPath) ?? "";
      if (typeof selector !== "string") throw wrongType(labelSelectorPath, selector, "string");
    });
  return errors;
}

function check(errors: FieldError[], path: string, zero: unknown, run: () => void): void {
  try {
    run();
  } catch (err) {
    errors.push(fieldError.invalid(path, zero, (err as Error).message));
  }
}

const wrongType = (path: string, value: unknown, wanted: string): Error =>
  new Error(
    `.${steps(path).join(".")} accessor error: ${shown(value)} is of the type ${goType(value)}, expected ${wanted}`,
  );
