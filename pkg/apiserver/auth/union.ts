import type { SubjectRulesReviewStatus } from "#pkg/api/types/authorization-v1.ts";
import type { Authorizer } from "../types.ts";

/** The first authorizer with an opinion decides; without one the answer is no. */
export function unionAuthorizer(authorizers: readonly Authorizer[]): Authorizer {
  return {
    async authorize(user, info) {
      const reasons: string[] = [];
      for (const each of authorizers) {
        const answer = await each.authorize(user, info);
        if (answer.decision !== "no-opinion") return answer;
        if (answer.reason !== "") reasons.push(answer.reason);
      }
      return { decision: "no-opinion", reason: reasons.join(", ") };
    },
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

/** Members of system:masters may do everything, whatever else is configured. */
export const mastersAuthorizer: Authorizer = {
  authorize: async (user) => ({
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
