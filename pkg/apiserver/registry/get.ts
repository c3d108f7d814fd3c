import type { Entry } from "../cache/index.ts";
import type { Reply } from "../types.ts";
import { requestedRevision, waitForRevision } from "./resource-version.ts";
import { existingReady, type RegistryServices, type Target } from "./services.ts";

/** GET of one object. Always the newest state, which satisfies every resourceVersion that may be asked for. */
export function get(services: RegistryServices, target: Target): Reply | Promise<Reply> {
  const { query } = target.context;
  const revision = query.size === 0 ? undefined : requestedRevision(query.get("resourceVersion"));
  return revision === undefined ? found(target) : waitForRevision(services, revision).then(() => found(target));
}

function found(target: Target): Reply | Promise<Reply> {
  const entry = existingReady(target);
  return entry instanceof Promise ? entry.then((ready) => replyOf(target, ready)) : replyOf(target, entry);
}

const replyOf = ({ definition }: Target, entry: Entry): Reply => ({
  kind: "view",
  status: 200,
  definition,
  view: entry.as(definition),
});
