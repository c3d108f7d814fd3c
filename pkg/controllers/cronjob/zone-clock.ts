/** Wall-clock time of a time zone. "Local" times are ms since the epoch as if the zone were UTC. */
export class ZoneClock {
  readonly #format: Intl.DateTimeFormat | undefined;

  /** Throws a RangeError for a zone that does not exist. */
  constructor(timeZone: string) {
    this.#format =
      timeZone === "UTC"
        ? undefined
        : new Intl.DateTimeFormat("en-US", {
            timeZone,
            hourCycle: "h23",
            year: "numeric",
            month: "numeric",
            day: "numeric",
            hour: "numeric",
            minute: "numeric",
            second: "numeric",
          });
  }

  toLocal(at: number): number {
    if (this.#format === undefined) return at;
    const parts = Object.fromEntries(this.#format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second);
  }

  /** The (first) moment that shows this local time; undefined for one that a change of the clocks skips. */
  fromLocal(local: number): number | undefined {
    if (this.#format === undefined) return local;
    // The offset a day before and a day after: one of them, or both, hold at the time itself.
    const offsets = [local - 86_400_000, local + 86_400_000].map((near) => this.toLocal(near) - near);
    const candidates = offsets.map((offset) => local - offset).filter((at) => this.toLocal(at) === local);
    return candidates.length === 0 ? undefined : Math.min(...candidates);
  }
}
