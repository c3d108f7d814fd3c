import { ZoneClock } from "./zone-clock.ts";

/** When a cron schedule fires. Times are ms since the epoch, whole minutes except for "@every". */
export interface CronSchedule {
  /** The first time after `after`; undefined for a schedule that never fires (30 February). */
  next(after: number): number | undefined;
  /** The last time at or before `at`, given that nothing before `since` matters. */
  latest(at: number, since: number): number | undefined;
}

const MACROS: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const DAY_MS = 86_400_000;
// Leap years at the end of a century are the longest gap of any schedule that fires at all.
const HORIZON_DAYS = 366 * 8 + 2;

/** Reads the five fields of cron, with names, ranges, steps and macros. Throws an Error that says what is wrong. */
export function parseCron(text: string, timeZone = "UTC"): CronSchedule {
  const trimmed = text.trim();
  const every = /^@every\s+(.+)$/.exec(trimmed);
  if (every !== null) return everySchedule(parseDuration(every[1] ?? ""));
  const fields = (MACROS[trimmed] ?? trimmed).split(/\s+/);
  if (fields.length !== 5) throw new Error(`expected exactly 5 fields, found ${fields.length}: [${trimmed}]`);
  const [minute = "", hour = "", dom = "", month = "", dow = ""] = fields;
  return new FieldSchedule(
    {
      minutes: parseField(minute, 0, 59),
      hours: parseField(hour, 0, 23),
      days: parseField(dom, 1, 31),
      months: parseField(month, 1, 12, MONTHS),
      weekdays: new Set([...parseField(dow, 0, 7, DAYS)].map((day) => day % 7)),
      anyDay: /^[*?]/.test(dom),
      anyWeekday: /^[*?]/.test(dow),
    },
    new ZoneClock(timeZone),
  );
}

interface Fields {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly weekdays: ReadonlySet<number>;
  readonly anyDay: boolean;
  readonly anyWeekday: boolean;
}

class FieldSchedule implements CronSchedule {
  readonly #fields: Fields;
  readonly #clock: ZoneClock;
  readonly #hours: readonly number[];
  readonly #minutes: readonly number[];

  constructor(fields: Fields, clock: ZoneClock) {
    this.#fields = fields;
    this.#clock = clock;
    this.#hours = [...fields.hours].sort((a, b) => a - b);
    this.#minutes = [...fields.minutes].sort((a, b) => a - b);
  }

  next(after: number): number | undefined {
    const start = Math.floor(this.#clock.toLocal(after) / DAY_MS);
    for (let day = start; day < start + HORIZON_DAYS; day++) {
      if (!this.#isDay(day)) continue;
      for (const at of this.#timesOf(day)) if (at > after) return at;
    }
    return undefined;
  }

  latest(at: number, since: number): number | undefined {
    const first = Math.floor(this.#clock.toLocal(since) / DAY_MS);
    for (let day = Math.floor(this.#clock.toLocal(at) / DAY_MS); day >= first; day--) {
      if (!this.#isDay(day)) continue;
      const found = [...this.#timesOf(day)].findLast((time) => time <= at);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** `day` counts days since the epoch in local time. */
  #isDay(day: number): boolean {
    const date = new Date(day * DAY_MS);
    const { days, months, weekdays, anyDay, anyWeekday } = this.#fields;
    if (!months.has(date.getUTCMonth() + 1)) return false;
    const dayFits = days.has(date.getUTCDate());
    const weekdayFits = weekdays.has(date.getUTCDay());
    // Two restricted day fields: either will do.
    return anyDay || anyWeekday ? dayFits && weekdayFits : dayFits || weekdayFits;
  }

  *#timesOf(day: number): Generator<number> {
    for (const hour of this.#hours) {
      for (const minute of this.#minutes) {
        const at = this.#clock.fromLocal(day * DAY_MS + hour * 3_600_000 + minute * 60_000);
        // An hour that a change to summer time skips has no such minute.
        if (at !== undefined) yield at;
      }
    }
  }
}

function everySchedule(intervalMs: number): CronSchedule {
  return {
    next: (after) => Math.floor(after / 1000) * 1000 + intervalMs,
    latest: (at, since) => {
      const count = Math.floor((at - since) / intervalMs);
      return count < 1 ? undefined : since + count * intervalMs;
    },
  };
}

function parseField(text: string, min: number, max: number, names: readonly string[] = []): Set<number> {
  const values = new Set<number>();
  for (const part of text.split(",")) {
    const match = /^(\*|\?|[a-z0-9]+)(?:-([a-z0-9]+))?(?:\/(\d+))?$/i.exec(part);
    if (match === null) throw new Error(`failed to parse "${part}" in a schedule`);
    const [, from = "", to, step] = match;
    const star = from === "*" || from === "?";
    const first = star ? min : parseValue(from, min, names);
    const last = to !== undefined ? parseValue(to, min, names) : star || step !== undefined ? max : first;
    const by = Number(step ?? 1);
    if (by === 0) throw new Error(`step of range should be a positive number: ${part}`);
    if (first < min) throw new Error(`beginning of range (${first}) below minimum (${min}): ${part}`);
    if (last > max) throw new Error(`end of range (${last}) above maximum (${max}): ${part}`);
    if (first > last) throw new Error(`beginning of range (${first}) beyond end of range (${last}): ${part}`);
    for (let value = first; value <= last; value += by) values.add(value);
  }
  return values;
}

function parseValue(text: string, min: number, names: readonly string[]): number {
  const name = names.indexOf(text.toLowerCase());
  if (name >= 0) return name + min;
  if (!/^\d+$/.test(text)) throw new Error(`failed to parse int from ${text}`);
  return Number(text);
}

function parseDuration(text: string): number {
  const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 };
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|m|s)/g)];
  if (parts.length === 0 || parts.map((p) => p[0]).join("") !== text)
    throw new Error(`failed to parse duration ${text}`);
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ""] ?? 0), 0);
  return Math.max(1000, Math.floor(ms / 1000) * 1000);
}
