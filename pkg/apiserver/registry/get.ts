import type { Reply } from "../types.ts";
import { requestedRevision, waitForRevision } from "./resource-version.ts";
import { existing, type RegistryServices, type Target } from "./services.ts";

/** GET of one object. Always the newest state, which satisfies every resourceVersion that may be asked for. */
export async function get(services: RegistryServices, target: Target): Promise<Reply> {
  const revision = requestedRevision(target.context.query);
  if (revision !== undefined && revision > services.cache.revision) await waitForRevision(services.cache, revision);
  return { kind: "view", status: 200, definition: target.definition, view: existing(target).as(target.definition) };
}
