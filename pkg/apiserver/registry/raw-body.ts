import type { Decode } from "#pkg/api/schema/decoder.ts";
import { type ApiError, badRequest } from "#pkg/errors/index.ts";

/** A body as parsed, with its JSON text when there was one. */
export interface RawBody {
  readonly value: unknown;
  readonly text: string | undefined;
  /** Of a caller in the process, whose client knows what it sends: its type may be left out. */
  readonly isTyped?: true;
  /** What strict decoding found already: in YAML, or in the patch that made the value. */
  readonly found?: readonly string[];
}

/** What the body must be. */
export interface Expected {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly decode: Decode;
  /** Of a CustomResourceDefinition. */
  readonly isCustom?: boolean;
}

/** The answer to a body that cannot be read as anything. */
export function unrecognized(kind: string, why: string, text: string): ApiError {
  const shown = text.startsWith("{") ? text : Buffer.from(text.slice(0, 256)).toString("hex");
  const short = shown.length > 256 ? `${shown.slice(0, 256)} ...` : shown;
  return badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${short})`);
}
