import { posix } from "node:path";
import { badRequest } from "#pkg/errors/index.ts";

/** Where the next page of a list begins: a snapshot's revision (-1: the newest) and the last key before it. */
export interface Continue {
  readonly revision: number;
  /** The key without the resource's prefix. */
  readonly start: string;
}

export const NEWEST = -1;

/** The token of list metadata; clients must not look into it. The form is upstream's. */
export function encodeContinue({ revision, start }: Continue): string {
  return Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv: revision, start: `${start}\0` })).toString("base64url");
}

/** @throws 400 */
export function decodeContinue(token: string): Continue {
  const at = /[^\w-]/.exec(token);
  if (at !== null) throw notValid(`illegal base64 data at input byte ${at.index}`);
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(token, "base64url").toString());
  } catch (err) {
    throw notValid((err as Error).message);
  }
  const { v, rv, start } = (value ?? {}) as { v?: unknown; rv?: unknown; start?: unknown };
  if (v !== "meta.k8s.io/v1") throw notValid(`server does not recognize this encoded version ${shown(v)}`);
  if (!Number.isSafeInteger(rv) || rv === 0)
    throw notValid("incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
  if (typeof start !== "string" || start === "") throw notValid("encoded start key empty (version meta.k8s.io/v1)");
  // No key of another resource can be reached from here, whoever made the token.
  const key = start.startsWith("/") ? start : `/${start}`;
  if (posix.normalize(key) !== key) throw notValid(start);
  return { revision: Math.max(NEWEST, rv as number), start: key.slice(1).replace(/\0$/, "") };
}

const shown = (value: unknown): string => JSON.stringify(typeof value === "string" ? value : "");
const notValid = (why: string): Error => badRequest(`invalid continue token: continue key is not valid: ${why}`);
