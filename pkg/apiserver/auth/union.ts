import type { SubjectRulesReviewStatus } from "#pkg/api/types/authorization-v1.ts";
import type { Authorizer, Decision, RequestInfo, UserInfo } from "../types.ts";

/** The first authorizer with an opinion decides; without one the answer is no. Waits only for those that have to. */
export function unionAuthorizer(authorizers: readonly Authorizer[]): Authorizer {
  const askFrom = (
    first: number,
    user: UserInfo,
    info: RequestInfo,
    reasons: readonly string[],
  ): Decision | Promise<Decision> => {
    let heard = reasons;
    for (let at = first; at < authorizers.length; at++) {
      const answer = authorizers[at]?.authorize(user, info) as Decision | Promise<Decision>;
      if (answer instanceof Promise)
        return answer.then((late) =>
          late.decision === "no-opinion" ? askFrom(at + 1, user, info, withReason(heard, late)) : late,
        );
      if (answer.decision !== "no-opinion") return answer;
      heard = withReason(heard, answer);
    }
    return { decision: "no-opinion", reason: heard.join(", ") };
  };
  return {
    authorize: (user, info) => askFrom(0, user, info, []),
    async rulesFor(user, namespace) {
      const found: SubjectRulesReviewStatus[] = [];
      for (const each of authorizers) if (each.rulesFor) found.push(await each.rulesFor(user, namespace));
      const errors = found.flatMap(({ evaluationError }) => evaluationError ?? []);
      return {
        ...(errors.length === 0 ? {} : { evaluationError: errors.join(", ") }),
        resourceRules: found.flatMap((each) => each.resourceRules),
        nonResourceRules: found.flatMap((each) => each.nonResourceRules),
        incomplete: found.some((each) => each.incomplete),
      };
    },
  };
}

const withReason = (reasons: readonly string[], { reason }: Decision): readonly string[] =>
  reason === "" ? reasons : [...reasons, reason];

/** Members of system:masters may do everything, whatever else is configured. */
export const mastersAuthorizer: Authorizer = {
  authorize: (user) => ({
    decision: user.groups.includes("system:masters") ? "allow" : "no-opinion",
    reason: "",
  }),
  rulesFor: async (user) => {
    const all = user.groups.includes("system:masters");
    return {
      resourceRules: all ? [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }] : [],
      nonResourceRules: all ? [{ verbs: ["*"], nonResourceURLs: ["*"] }] : [],
      incomplete: false,
    };
  },
};
