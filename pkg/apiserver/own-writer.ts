import { ConflictError, type Store } from "#pkg/store/types.ts";
import { type Cache, Stored } from "./cache/index.ts";
import type { ObjectWriter } from "./types.ts";

/** Puts the server's own records into the store directly: whoever calls made them well formed. */
export function ownWriter(store: Store<Stored>, cache: Cache): ObjectWriter {
  return {
    async create(resource, object) {
      const key = cache.resource(resource).key(object.metadata.namespace ?? "", object.metadata.name);
      await store.put(key, Stored.of(object), 0);
    },
    async remove(resource, namespace, name, stillMeant) {
      const objects = cache.resource(resource);
      for (;;) {
        const entry = objects.get(namespace, name);
        if (entry === undefined || !stillMeant(entry.view.object)) return;
        try {
          await store.delete(objects.key(namespace, name), entry.revision);
          return;
        } catch (err) {
          // Somebody wrote to it meanwhile: what is there now decides.
          if (!(err instanceof ConflictError)) throw err;
        }
      }
    },
  };
}
