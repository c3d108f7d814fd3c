import type { Api, Prepared } from "./api.ts";

/** Sends all, `concurrency` at once. */
export async function sendAll(api: Api, requests: readonly Prepared[], concurrency: number): Promise<void> {
  let next = 0;
  const loop = async (): Promise<void> => {
    for (;;) {
      const request = requests[next++];
      if (request === undefined) return;
      await api.send(request);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, requests.length) }, loop));
}

const ROUNDS = 5;
/** This part of the requests goes before the clock starts: both sides compile their code, which takes thousands of them. */
const WARM_UP = 1 / 3;

/** Requests a second: the median of several rounds over the requests, after a warm-up. */
export async function rate(api: Api, requests: readonly Prepared[], concurrency: number): Promise<number> {
  const warm = Math.floor(requests.length * WARM_UP);
  await sendAll(api, requests.slice(0, warm), concurrency);
  const size = Math.floor((requests.length - warm) / ROUNDS);
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const part = requests.slice(warm + round * size, warm + (round + 1) * size);
    const began = performance.now();
    await sendAll(api, part, concurrency);
    rates.push((part.length * 1000) / (performance.now() - began));
  }
  return percentile(rates, 0.5);
}

/** The value below which the part `q` of the samples lies. */
export function percentile(samples: readonly number[], q: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

/** Milliseconds that `work` takes, for each of `times` runs. */
export async function timings(times: number, work: (run: number) => Promise<unknown>): Promise<number[]> {
  const samples: number[] = [];
  for (let run = 0; run < times; run++) {
    const began = performance.now();
    await work(run);
    samples.push(performance.now() - began);
  }
  return samples;
}
