import { badRequest } from "#pkg/errors/index.ts";

/** Where the next page of a list begins: a snapshot's revision (-1: the newest) and the last key before it. */
export interface Continue {
  readonly revision: number;
  /** The key without the resource's prefix. */
  readonly start: string;
}

/** The token of list metadata; clients must not look into it. The form is upstream's. */
export function encodeContinue({ revision, start }: Continue): string {
  return Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv: revision, start: `${start}\0` })).toString("base64url");
}

/** @throws 400 */
export function decodeContinue(token: string): Continue {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(token, "base64url").toString());
  } catch {
    throw invalidToken();
  }
  const { v, rv, start } = (value ?? {}) as { v?: unknown; rv?: unknown; start?: unknown };
  if (v !== "meta.k8s.io/v1" || !Number.isSafeInteger(rv) || typeof start !== "string" || start === "")
    throw invalidToken();
  return { revision: rv as number, start: start.replace(/\0$/, "") };
}

const invalidToken = (): Error => badRequest("continue key is not valid");
