import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseCron } from "./cron-schedule.ts";

const at = (text: string): number => Date.parse(text);
const next = (schedule: string, after: string, zone?: string): string =>
  new Date(parseCron(schedule, zone).next(at(after)) ?? 0).toISOString().replace(":00.000Z", "Z");

describe("parseCron", () => {
  it("finds the next time of fields, ranges, steps, names and macros", () => {
    assert.equal(next("*/5 * * * *", "2026-01-01T00:01:00Z"), "2026-01-01T00:05Z");
    assert.equal(next("0 9-17/4 * * mon-fri", "2026-01-02T17:30:00Z"), "2026-01-05T09:00Z");
    assert.equal(next("30 4 1,15 * *", "2026-01-02T00:00:00Z"), "2026-01-15T04:30Z");
    assert.equal(next("0 0 13 * 5", "2026-01-10T00:00:00Z"), "2026-01-13T00:00Z");
    assert.equal(next("0 0 29 feb *", "2026-01-01T00:00:00Z"), "2028-02-29T00:00Z");
    assert.equal(next("@monthly", "2026-01-31T00:00:00Z"), "2026-02-01T00:00Z");
    assert.equal(next("0 0 * * 7", "2026-01-01T00:00:00Z"), "2026-01-04T00:00Z");
    assert.equal(parseCron("0 0 30 2 *").next(at("2026-01-01T00:00:00Z")), undefined);
  });

  it("follows a time zone over its changes of the clock", () => {
    assert.equal(next("30 9 * * *", "2026-01-01T00:00:00Z", "Europe/Berlin"), "2026-01-01T08:30Z");
    assert.equal(next("30 9 * * *", "2026-07-01T00:00:00Z", "Europe/Berlin"), "2026-07-01T07:30Z");
    // 02:30 does not exist on 29 March 2026 there.
    assert.equal(next("30 2 * * *", "2026-03-28T12:00:00Z", "Europe/Berlin"), "2026-03-30T00:30Z");
  });

  it("finds the latest missed time", () => {
    const hourly = parseCron("@hourly");
    assert.equal(hourly.latest(at("2026-01-03T10:20:00Z"), at("2026-01-01T00:00:00Z")), at("2026-01-03T10:00:00Z"));
    assert.equal(parseCron("@every 1h30m").latest(at("1970-01-01T04:00:00Z"), 0), at("1970-01-01T03:00:00Z"));
  });

  it("says what is wrong", () => {
    assert.throws(() => parseCron("* * * *"), /expected exactly 5 fields, found 4/);
    assert.throws(() => parseCron("61 * * * *"), /end of range \(61\) above maximum \(59\)/);
    assert.throws(() => parseCron("* * * * *", "Nowhere/At_All"), RangeError);
  });
});
