const MACROS = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly|every .+)$/;
const FIELDS: readonly (readonly [name: string, min: number, max: number, words: readonly string[]])[] = [
  ["minute", 0, 59, []],
  ["hour", 0, 23, []],
  ["day of month", 1, 31, []],
  ["month", 1, 12, ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]],
  ["day of week", 0, 6, ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]],
];

/** What is wrong with a cron schedule of five fields (or a macro); undefined when nothing is. */
export function checkSchedule(schedule: string): string | undefined {
  const text = schedule.replace(/^(CRON_)?TZ=\S+\s+/, "").trim();
  if (MACROS.test(text)) return undefined;
  const fields = text.split(/\s+/);
  if (fields.length !== 5) return `expected exactly 5 fields, found ${fields.length}: [${fields.join(" ")}]`;
  for (const [i, field] of fields.entries()) {
    const [name, min, max, words] = FIELDS[i] as (typeof FIELDS)[number];
    for (const part of field.split(",")) {
      if (!isRange(part, min, max, words)) return `failed to parse ${name} field "${part}"`;
    }
  }
  return undefined;
}

function isRange(part: string, min: number, max: number, words: readonly string[]): boolean {
  const [range = "", step, extra] = part.split("/");
  if (extra !== undefined || (step !== undefined && !/^[1-9]\d*$/.test(step))) return false;
  if (range === "*" || range === "?") return true;
  const ends = range.split("-").map((end) => {
    const word = words.indexOf(end.toLowerCase());
    return word >= 0 ? word + min : /^\d+$/.test(end) ? Number(end) : Number.NaN;
  });
  if (ends.length > 2 || ends.some((n) => Number.isNaN(n) || n < min || n > max)) return false;
  return ends.length === 1 || (ends[0] as number) <= (ends[1] as number);
}
