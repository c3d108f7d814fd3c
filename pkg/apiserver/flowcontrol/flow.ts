import type { FlowSchema, PolicyRulesWithSubjects } from "#pkg/api/types/flowcontrol-v1.ts";
import type { RequestInfo, UserInfo } from "../types.ts";
import { hasSubject, matchesEverything, matchesRequest } from "./flow-matcher.ts";
import type { FlowStats } from "./flow-stats.ts";
import type { PriorityLevel } from "./priority-level.ts";

/** A FlowSchema that is in effect: its level exists. */
export interface Flow {
  readonly name: string;
  readonly level: PriorityLevel;
  readonly distinguisher: string;
  readonly rules: readonly PolicyRulesWithSubjects[];
  /** Of every answer to a request of it. */
  readonly uid: string;
  readonly stats: FlowStats;
}

/** Which requests are of which flow, the schema of the lowest precedence first. Made anew when the objects change. */
export class FlowTable {
  readonly #flows: readonly Flow[];
  readonly #catchAll: Flow;
  /** Users are the same object for as long as a connection is, so that their schemas are found once. */
  readonly #ofUser = new WeakMap<UserInfo, readonly Candidate[]>();

  /** `flows` in the order in which they are tried; `catchAll` takes what none of them does. */
  constructor(flows: readonly Flow[], catchAll: Flow) {
    this.#flows = flows;
    this.#catchAll = catchAll;
  }

  of(user: UserInfo, info: RequestInfo): Flow {
    let candidates = this.#ofUser.get(user);
    if (candidates === undefined) this.#ofUser.set(user, (candidates = this.#candidates(user)));
    for (const { flow, rule } of candidates) if (rule === undefined || matchesRequest(rule, info)) return flow;
    return this.#catchAll;
  }

  #candidates(user: UserInfo): Candidate[] {
    const found: Candidate[] = [];
    for (const flow of this.#flows)
      for (const rule of flow.rules) {
        if (!hasSubject(rule.subjects, user)) continue;
        if (!matchesEverything(rule)) found.push({ flow, rule });
        else return [...found, { flow, rule: undefined }];
      }
    return found;
  }
}

interface Candidate {
  readonly flow: Flow;
  /** Undefined: every request of the user. */
  readonly rule: PolicyRulesWithSubjects | undefined;
}

/** The order in which schemas are tried. */
export function byPrecedence(a: FlowSchema, b: FlowSchema): number {
  const difference = (a.spec.matchingPrecedence ?? 0) - (b.spec.matchingPrecedence ?? 0);
  if (difference !== 0) return difference;
  return (a.metadata.name ?? "") < (b.metadata.name ?? "") ? -1 : 1;
}
