import type { Reply } from "../types.ts";
import { requestedRevision, waitForRevision } from "./resource-version.ts";
import { existingReady, type RegistryServices, type Target } from "./services.ts";

/** GET of one object. Always the newest state, which satisfies every resourceVersion that may be asked for. */
export async function get(services: RegistryServices, target: Target): Promise<Reply> {
  const revision = requestedRevision(target.context.query.get("resourceVersion"));
  if (revision !== undefined) await waitForRevision(services, revision);
  const { definition } = target;
  return { kind: "view", status: 200, definition, view: (await existingReady(target)).as(definition) };
}
