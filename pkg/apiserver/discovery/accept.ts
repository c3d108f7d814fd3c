import type { RequestContext } from "../types.ts";

/** One media range of an Accept header: "application/json;g=apidiscovery.k8s.io;v=v2". */
export interface MediaRange {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** The media ranges that a caller accepts, the most wanted first; any type where the header is absent. */
export function acceptedTypes(context: Pick<RequestContext, "headers">): readonly MediaRange[] {
  const header = context.headers.accept;
  const text = Array.isArray(header) ? header.join(",") : header;
  if (text === undefined || text.trim() === "") return [{ type: "*/*", parameters: {} }];
  const ranges = text.split(",").map((part) => {
    const [type = "", ...rest] = part.split(";").map((field) => field.trim());
    const parameters: Record<string, string> = {};
    for (const field of rest) {
      const at = field.indexOf("=");
      if (at > 0) parameters[field.slice(0, at).trim().toLowerCase()] = field.slice(at + 1).trim();
    }
    return { type: type.toLowerCase(), parameters, weight: Number.parseFloat(parameters.q ?? "1") || 0 };
  });
  return ranges.filter((r) => r.weight > 0).toSorted((a, b) => b.weight - a.weight);
}
