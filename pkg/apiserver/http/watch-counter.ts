/** Upstream's bounds of the sizes of watch events, in bytes: 1 to 128 KiB in powers of two. */
export const EVENT_SIZE_BUCKETS: readonly number[] = Array.from({ length: 8 }, (_, i) => 1024 * 2 ** i);

/** What the watches of one kind sent. */
export class WatchCounter {
  readonly labels: string;
  readonly counts: number[] = EVENT_SIZE_BUCKETS.map(() => 0);
  events = 0;
  bytes = 0;

  constructor(labels: string) {
    this.labels = labels;
  }

  count(bytes: number): void {
    this.events++;
    this.bytes += bytes;
    // The power of two above a size is its bucket.
    const bucket = bytes <= 1024 ? 0 : 32 - Math.clz32((bytes - 1) >>> 10);
    if (bucket < this.counts.length) (this.counts[bucket] as number)++;
  }
}
