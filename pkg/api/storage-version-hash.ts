import { createHash } from "node:crypto";

/** What discovery says of the stored version, so that clients notice a new one; `group` is "" for the core group. */
export function storageVersionHash({ group, version, kind }: { group: string; version: string; kind: string }): string {
  return createHash("sha256").update(`${group}/${version}/${kind}`).digest().subarray(0, 8).toString("base64");
}
