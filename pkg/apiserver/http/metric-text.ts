/** A metric's two first lines in Prometheus' text form. */
export const headOf = (name: string, type: "counter" | "gauge" | "histogram", help: string): string[] => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} ${type}`,
];

/** Series that there is room in for one more: where there are `max`, the oldest goes. */
export function bounded<V>(series: Map<string, V>, max: number): Map<string, V> {
  const [oldest] = series.keys();
  if (series.size >= max && oldest !== undefined) series.delete(oldest);
  return series;
}

/** Values by upper bounds. Observing costs a few comparisons; sums are made when it is written out. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    this.#sum += value;
    this.#count++;
    for (let i = 0; i < this.#bounds.length; i++)
      if (value <= (this.#bounds[i] as number)) {
        (this.#counts[i] as number)++;
        return;
      }
  }

  /** Appends its lines; none when nothing was observed. */
  write(lines: string[], name: string, labels: string): void {
    if (this.#count === 0) return;
    const bucket = `${name}_bucket{${labels},le="`;
    let total = 0;
    for (let i = 0; i < this.#bounds.length; i++) {
      total += this.#counts[i] as number;
      lines.push(`${bucket}${this.#bounds[i]}"} ${total}`);
    }
    lines.push(`${bucket}+Inf"} ${this.#count}`);
    lines.push(`${name}_sum{${labels}} ${this.#sum}`, `${name}_count{${labels}} ${this.#count}`);
  }
}
