// Measures the store: `minik-node e2e/bench/store.ts [seconds per figure] [directory]`. Prints one line per figure.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "#pkg/log/index.ts";
import { jsonCodec, openSqliteStore, type Store } from "#pkg/store/index.ts";

type Value = Readonly<Record<string, string>>;

const seconds = Number(process.argv[2] ?? 2);
const dir = await mkdtemp(join(process.argv[3] ?? tmpdir(), "minik-bench-"));
const open = (): Promise<Store<Value>> =>
  openSqliteStore({ path: join(dir, "state.db"), codec: jsonCodec<Value>(), log: createLogger("info") });

/** `writers` loops that each overwrite their own keys, `keysPerWriter` in turn. */
async function write(name: string, store: Store<Value>, writers: number, bytes: number): Promise<void> {
  const value: Value = { data: "x".repeat(bytes) };
  const latencies: number[] = [];
  const began = performance.now();
  const until = began + seconds * 1000;
  const loop = async (writer: number): Promise<void> => {
    const revisions = Array.from({ length: 100 }, () => 0);
    for (let i = 0; performance.now() < until; i = (i + 1) % revisions.length) {
      const sent = performance.now();
      revisions[i] = await store.put(`/${name}/${writer}/${i}`, value, revisions[i] as number);
      latencies.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, writer) => loop(writer)));
  const elapsed = (performance.now() - began) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (q: number): string => (latencies[Math.floor(q * (latencies.length - 1))] ?? 0).toFixed(2);
  const { sizeBytes, walBytes } = await store.stats();
  const rate = Math.round(latencies.length / elapsed);
  const mb = (n: number): string => `${(n / 1e6).toFixed(0)} MB`;
  console.log(
    `${name}: ${rate}/s, latency ms p50 ${at(0.5)} p99 ${at(0.99)} p99.9 ${at(0.999)} max ${at(1)}, file ${mb(sizeBytes)}, WAL ${mb(walBytes)}`,
  );
}

async function timed(name: string, work: () => Promise<unknown>): Promise<void> {
  const began = performance.now();
  await work();
  console.log(`${name}: ${(performance.now() - began).toFixed(0)} ms`);
}

let store = await open();
try {
  await write("one writer, 1.6 KB", store, 1, 1600);
  await write("32 writers, 100 B", store, 32, 100);
  await write("32 writers, 1.6 KB", store, 32, 1600);
  await write("128 writers, 1.6 KB", store, 128, 1600);
  const compacting = store.compact(store.revision);
  await write("32 writers, 1.6 KB, while compacting", store, 32, 1600);
  await timed("compaction ends after", () => compacting);
  await timed("compact all", () => store.compact(store.revision));
  await timed("list everything", () => store.list(""));
  await timed("close", () => store.close());
  await timed("open", async () => {
    store = await open();
  });
} finally {
  await store.close();
  await rm(dir, { recursive: true });
}
