import { isNotFound } from "#pkg/errors/index.ts";
import { type Entry, readyAll } from "../cache/index.ts";
import type { Reply } from "../types.ts";
import { deleteObject } from "./delete.ts";
import { deletePlan } from "./delete-options.ts";
import { selectionOf } from "./selection.ts";
import type { RegistryServices, Target } from "./services.ts";

/** How many objects are deleted at once: enough to share the store's transactions. */
const PARALLEL = 16;

/** DELETE of a collection: every object that the selectors choose, one by one. Answers their list. */
export async function deleteCollection(services: RegistryServices, target: Target): Promise<Reply> {
  const plan = await deletePlan(services, target);
  const { matches } = selectionOf(target);
  const { definition } = target;
  const found = target.cache.list(definition.namespaced ? target.namespace : "");
  await readyAll(found, definition);
  const chosen = found.filter((entry) => matches === undefined || matches(entry.as(definition).object));
  const deleted: Entry[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let at = next++; at < chosen.length; at = next++) {
      const { namespace, name } = chosen[at] as Entry;
      try {
        deleted[at] = (await deleteObject(services, { ...target, namespace, name }, plan)).entry;
      } catch (err) {
        if (!isNotFound(err)) throw err;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, chosen.length) }, work));
  const views = deleted.filter((entry) => entry !== undefined).map((entry) => entry.as(definition));
  return { kind: "list", definition, metadata: { resourceVersion: String(services.cache.revision) }, views };
}
