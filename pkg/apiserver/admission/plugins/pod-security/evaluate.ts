import { BASELINE } from "./baseline-checks.ts";
import type { PodLike, Violation } from "./check.ts";
import type { Standard } from "./policy.ts";
import { RESTRICTED } from "./restricted-checks.ts";

/** Everything in a pod that a standard does not allow, in the order upstream lists it. */
export function violations(pod: PodLike, { level, minor }: Standard): Violation[] {
  if (level === "privileged") return [];
  const applies = ({ since, until = Infinity }: { since: number; until?: number }): boolean =>
    since <= minor && (minor < until || until === Infinity);
  const restricted = level === "restricted" ? RESTRICTED.filter(applies) : [];
  const overridden = new Set(restricted.map((each) => each.overrides));
  const checks = [...BASELINE.filter((each) => applies(each) && !overridden.has(each.id)), ...restricted];
  return checks.map((each) => each.find(pod)).filter((each) => each !== undefined);
}

/** 'host namespaces (hostNetwork=true), hostPort (container "c" uses hostPort 80)' */
export const detailText = (found: readonly Violation[]): string =>
  found.map(({ reason, detail }) => `${reason} (${detail})`).join(", ");

/** "host namespaces, hostPort" */
export const reasonText = (found: readonly Violation[]): string => found.map(({ reason }) => reason).join(", ");
