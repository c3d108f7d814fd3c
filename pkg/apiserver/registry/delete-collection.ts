import { isNotFound } from "#pkg/errors/index.ts";
import type { ServedObject, Reply } from "../types.ts";
import { deleteObject } from "./delete.ts";
import { deletePlan } from "./delete-options.ts";
import { list } from "./list.ts";
import type { RegistryServices, Target } from "./services.ts";

/** How many objects are deleted at once: enough to share the store's transactions. */
const PARALLEL = 16;

/** DELETE of a collection: every object of the list that the query asks for, one by one. Answers that list. */
export async function deleteCollection(services: RegistryServices, target: Target): Promise<Reply> {
  const plan = await deletePlan(services, target);
  const listed = await list(services, target);
  if (listed.kind !== "list") return listed;
  const { views } = listed;
  let next = 0;
  const work = async (): Promise<void> => {
    for (let at = next++; at < views.length; at = next++) {
      const { namespace = "", name } = (views[at] as ServedObject).object.metadata;
      try {
        await deleteObject(services, { ...target, namespace, name }, plan);
      } catch (err) {
        if (!isNotFound(err)) throw err;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, views.length) }, work));
  return listed;
}
