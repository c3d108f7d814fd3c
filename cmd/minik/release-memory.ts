import { performance } from "node:perf_hooks";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const INTERVAL_MS = 5_000;
/** A thread that worked more than this share of the last interval is left alone. */
const QUIET = 0.05;
/** What must be gained at least. */
const WORTH_BYTES = 6e6;
/** Caches forget what a burst of work left in them within two minutes: then it is looked again, once. */
const LATER_MS = 130_000;

type Gc = (options: { readonly type: "major"; readonly execution: "sync"; readonly flavor: "last-resort" }) => void;

/**
 * Gives memory that this thread no longer uses back to the machine in quiet moments: starting, or a burst of work, takes
 * more than running, and V8 keeps it. Costs some 30 ms of the thread when it happens, and nothing while it works.
 */
export function releaseMemoryWhenQuiet(): void {
  let before = performance.eventLoopUtilization();
  let collectedAt = 0;
  let againAt = Number.POSITIVE_INFINITY;
  setInterval(() => {
    const { utilization } = performance.eventLoopUtilization(before);
    before = performance.eventLoopUtilization();
    if (utilization <= QUIET) collect();
  }, INTERVAL_MS).unref();

  function collect(): void {
    const { total_heap_size: total, used_heap_size: used } = getHeapStatistics();
    // What is in use right after a collection is the floor: nothing is gained until it has grown again, or caches shrank.
    const hasGrown = total - collectedAt >= WORTH_BYTES && total - used >= WORTH_BYTES / 2;
    if (!hasGrown && performance.now() < againAt) return;
    setFlagsFromString("--expose-gc");
    (runInNewContext("gc") as Gc)({ type: "major", execution: "sync", flavor: "last-resort" });
    collectedAt = getHeapStatistics().total_heap_size;
    againAt = hasGrown ? performance.now() + LATER_MS : Number.POSITIVE_INFINITY;
  }
}
