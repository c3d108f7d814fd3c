// The child of apiserver-crash.e2e.ts: an API server that writes to itself until it is killed. On its IPC channel it says
// which writes were acknowledged and what an open watch of its own saw.
import { configmaps } from "#pkg/api/types/core-v1.ts";
import { Compactor, createApiServer, storedCodec } from "#pkg/apiserver/index.ts";
import { createClient } from "#pkg/client/index.ts";
import { isConflict, isNotFound } from "#pkg/errors/index.ts";
import { createLogger } from "#pkg/log/index.ts";
import { openSqliteStore } from "#pkg/store/index.ts";

const WRITERS = 16;
const NAMES = 5;
const PREFIX = "/registry/configmaps/default/";
const [path = "", resourceVersion = ""] = process.argv.slice(2);
const log = createLogger("error");
const store = await openSqliteStore({ path, codec: storedCodec, log });
const server = await createApiServer({ store, log });
const client = createClient(server.transport({ name: "crash", groups: ["system:masters"] }));
const say = (what: object): void => void process.send?.(what);

const { items } = await client.list(configmaps);
const { entries } = await store.list(PREFIX);
say({
  kept: items.map(({ metadata, data }) => [metadata.name, Number(metadata.resourceVersion), Number(data?.["n"])]),
  stored: entries.map(({ key, revision }) => [key.slice(PREFIX.length), revision]),
});

const life = new AbortController();
let compacting: Promise<void> | undefined;
void (async () => {
  const from = resourceVersion === "" ? String(store.revision) : resourceVersion;
  for await (const { type, object } of client.watch(configmaps, { resourceVersion: from, signal: life.signal })) {
    say({ seen: [type, object.metadata.name, Number(object.metadata.resourceVersion), Number(object.data?.["n"])] });
    // Not before the watch has resumed: it would be told, rightly, that its revision is gone.
    compacting ??= new Compactor({ store, log, intervalMs: 100 }).start(life.signal);
  }
})();

await Promise.all(
  Array.from({ length: WRITERS }, async (_, writer) => {
    for (let i = 0; ; i++) {
      const at = { namespace: "default", name: `w${writer}-${i % NAMES}` };
      const now = await client.get(configmaps, at).catch((err: unknown) => {
        if (isNotFound(err)) return undefined;
        throw err;
      });
      const n = Number(now?.data?.["n"] ?? 0) + 1;
      try {
        if (now !== undefined && i % 7 === 6) {
          await client.delete(configmaps, at);
          say({ removed: [at.name, Number(now.metadata.resourceVersion)] });
          continue;
        }
        const object = { metadata: now?.metadata ?? at, data: { n: String(n), pad: "x".repeat(500) } };
        const made = await (now === undefined
          ? client.create(configmaps, object)
          : client.update(configmaps, object as typeof now));
        say({ written: [at.name, Number(made.metadata.resourceVersion), n] });
      } catch (err) {
        if (!isConflict(err)) throw err;
      }
    }
  }),
);
