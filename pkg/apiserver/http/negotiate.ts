import { ApiError } from "#pkg/errors/index.ts";
import { acceptedTypes } from "../discovery/index.ts";
import type { MetaVersion } from "../table/index.ts";

/** The form of an answer that a caller asked for. */
export interface Format {
  readonly encoding: "json" | "yaml";
  readonly as: "object" | "Table" | "PartialObjectMetadata" | "PartialObjectMetadataList";
  readonly version: MetaVersion;
}

const JSON_OBJECT: Format = { encoding: "json", as: "object", version: "v1" };

/** Chooses from the Accept header. @throws 406 when nothing of it can be served */
export function negotiate(accept: string | string[] | undefined): Format {
  // What client-go and curl send, answered without taking it apart.
  if (accept === undefined || accept === "" || accept === "*/*" || accept === "application/json") return JSON_OBJECT;
  for (const { type, parameters } of acceptedTypes({ headers: { accept } })) {
    const encoding = encodingOf(type);
    if (encoding === undefined) continue;
    const { as, v, g } = parameters;
    if (as === undefined) return encoding === "json" ? JSON_OBJECT : { encoding, as: "object", version: "v1" };
    if (g !== "meta.k8s.io" || (v !== "v1" && v !== "v1beta1")) continue;
    if (as === "Table" || as === "PartialObjectMetadata" || as === "PartialObjectMetadataList")
      return { encoding, as, version: v };
  }
  throw new ApiError(
    406,
    "NotAcceptable",
    "only the following media types are accepted: application/json, application/yaml",
  );
}

function encodingOf(type: string): Format["encoding"] | undefined {
  if (type === "application/json" || type === "*/*" || type === "application/*") return "json";
  return type === "application/yaml" ? "yaml" : undefined;
}
