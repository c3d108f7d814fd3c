import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { calibrate, formatCalibration } from "./calibration.ts";
import { calibrationPod } from "./calibration-pod.ts";

describe("calibrate", () => {
  it("takes the time of a pod of the size that it says", () => {
    const bytes = JSON.stringify(calibrationPod()).length;
    assert.ok(bytes > 3_650 && bytes < 3_750, `${bytes} bytes`);
    const { parse, stringify } = calibrate();
    assert.ok(parse > 0 && stringify > 0);
  });
});

describe("formatCalibration", () => {
  it("says it in one line beside the other machine's", () => {
    assert.equal(
      formatCalibration({ parse: 14.04, stringify: 7 }),
      "This machine at this hour: JSON.parse of a 3.7 KB pod took 14.0 µs, JSON.stringify 7.0 µs; " +
        '10.0 µs each where "upstream there" was measured.',
    );
  });
});
