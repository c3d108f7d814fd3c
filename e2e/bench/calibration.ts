// How fast the machine is at this hour: the same hardware differs by half, after what its neighbours do. What limits one core
// of an API server is JSON, so that is the measure.
import { calibrationPod } from "./calibration-pod.ts";
import { percentile } from "./load.ts";

/** What both take where the figures of "upstream there" come from, in microseconds. */
const THERE = 10;

const BATCHES = 25;
const RUNS_OF_BATCH = 200;
/** Batches before the clock starts. */
const WARM_UP = 10;

export interface Calibration {
  /** Microseconds that JSON.parse takes for the pod, and JSON.stringify. */
  readonly parse: number;
  readonly stringify: number;
}

/** Takes 0.2 s, and a core. */
export function calibrate(): Calibration {
  const text = JSON.stringify(calibrationPod());
  // As a server holds it: decoded.
  const pod: unknown = JSON.parse(text);
  return { parse: median(() => JSON.parse(text)), stringify: median(() => JSON.stringify(pod)) };
}

/** One line to stand under the table. */
export function formatCalibration({ parse, stringify }: Calibration): string {
  const micros = (value: number): string => `${value.toFixed(1)} µs`;
  const here = `JSON.parse of a 3.7 KB pod took ${micros(parse)}, JSON.stringify ${micros(stringify)}`;
  return `This machine at this hour: ${here}; ${micros(THERE)} each where "upstream there" was measured.`;
}

/** Microseconds of one run, the median of batches. */
function median(work: () => unknown): number {
  const samples: number[] = [];
  for (let batch = 0; batch < WARM_UP + BATCHES; batch++) {
    const began = performance.now();
    for (let run = 0; run < RUNS_OF_BATCH; run++) work();
    if (batch >= WARM_UP) samples.push(((performance.now() - began) * 1000) / RUNS_OF_BATCH);
  }
  return percentile(samples, 0.5);
}
