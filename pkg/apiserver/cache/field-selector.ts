import type { ResourceDefinition } from "#pkg/api/definition.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import { badRequest } from "#pkg/errors/index.ts";

export interface FieldSelector {
  /** True when it says nothing. */
  readonly empty: boolean;
  /** Undefined when everything matches. */
  readonly matches: ((object: KubeObject) => boolean) | undefined;
  /** Set when the selector says `metadata.name=NAME`: a list looks up one object. */
  readonly name: string | undefined;
}

/** Parses `a=b,c!=d` against the fields that the resource can be selected by. @throws 400 */
export function parseFieldSelector(text: string, definition: ResourceDefinition): FieldSelector {
  const holds: ((object: KubeObject) => boolean)[] = [];
  let name: string | undefined;
  for (const part of splitUnescaped(text)) {
    if (part === "") continue;
    const match = /^((?:[^=!\\]|\\.)*?)(!=|==|=)(.*)$/s.exec(part);
    if (match === null) throw badRequest(`invalid selector: '${part}'; can't understand '${part}'`);
    const field = match[1] as string;
    const wanted = (match[3] as string).replace(/\\([\\,=])/g, "$1");
    const read = reader(field, definition);
    if (match[2] === "!=") holds.push((object) => read(object) !== wanted);
    else {
      holds.push((object) => read(object) === wanted);
      if (field === "metadata.name") name = wanted;
    }
  }
  const only = holds[0];
  if (only === undefined) return { empty: true, matches: undefined, name: undefined };
  return { empty: false, matches: holds.length === 1 ? only : (object) => holds.every((each) => each(object)), name };
}

function reader(field: string, definition: ResourceDefinition): (object: KubeObject) => string {
  if (field === "metadata.name") return (object) => object.metadata.name;
  if (field === "metadata.namespace" && definition.namespaced) return (object) => object.metadata.namespace ?? "";
  const fields = definition.strategy.selectableFields;
  const own = fields !== undefined && Object.hasOwn(fields, field) ? fields[field] : undefined;
  if (own === undefined) throw badRequest(unsupported(field, definition));
  return own;
}

/** Kinds that know fields of their own, and all custom resources, say it in other words than the rest (upstream). */
function unsupported(field: string, { strategy, decode, group, kind }: ResourceDefinition): string {
  if (group === "batch" && kind === "Job") return `field label ${JSON.stringify(field)} not supported for Job`;
  if (strategy.selectableFields !== undefined || decode !== undefined) return `field label not supported: ${field}`;
  return `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
}

function splitUnescaped(text: string): string[] {
  const parts: string[] = [];
  let part = "";
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\") part += text.slice(at, ++at + 1);
    else if (text[at] === ",") {
      parts.push(part);
      part = "";
    } else part += text[at];
  }
  parts.push(part);
  return parts;
}
