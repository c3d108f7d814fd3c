import { parseSelector, SelectorSyntaxError } from "#pkg/api/labels.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import { badRequest } from "#pkg/errors/index.ts";
import { parseFieldSelector } from "../cache/index.ts";
import type { Target } from "./services.ts";

/** Which objects of a resource a list, watch or deletecollection is about. */
export interface Selection {
  /** Undefined when all match. */
  readonly matches: ((object: KubeObject) => boolean) | undefined;
  /** Set when only one object can match. */
  readonly name: string | undefined;
}

/** @throws 400 */
export function selectionOf(target: Target): Selection {
  const { query } = target.context;
  const field = parseFieldSelector(query.get("fieldSelector") ?? "", target.definition);
  const labels = parseLabels(query.get("labelSelector") ?? "");
  if (target.name !== "" && !field.empty && field.name !== target.name)
    throw badRequest("fieldSelector metadata.name doesn't match requested name");
  const name = target.name === "" ? field.name : target.name;
  const byName = target.name === "" ? undefined : (object: KubeObject) => object.metadata.name === target.name;
  const tests = [byName, labels, field.matches].filter((test) => test !== undefined);
  if (tests.length < 2) return { matches: tests[0], name };
  return { matches: (object) => tests.every((test) => test(object)), name };
}

function parseLabels(text: string): ((object: KubeObject) => boolean) | undefined {
  try {
    const selector = parseSelector(text);
    return selector.empty ? undefined : (object) => selector.matches(object.metadata.labels);
  } catch (err) {
    if (err instanceof SelectorSyntaxError) throw badRequest(err.message);
    throw err;
  }
}
