import { type Figure, FIGURES, goalOf } from "./figures.ts";
import type { Values } from "./measurement.ts";

export interface Column {
  readonly title: string;
  readonly values: Values;
}

/** A value with two or three digits that mean something, and its unit. */
export function formatValue(value: number, unit: Figure["unit"]): string {
  const digits = unit === "/s" || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  const number = value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return unit === "/s" || unit === "%" || unit === "x" ? `${number}${unit}` : `${number} ${unit}`;
}

/** How often `value` holds `base`: "3.1x" for more, "1/3.1" for less. */
export function formatRatio(value: number, base: number): string {
  if (base === 0 || value === 0) return "";
  const times = value / base;
  return times >= 1 ? `${times.toFixed(1)}x` : `1/${(1 / times).toFixed(1)}`;
}

function met(figure: Figure, value: number): string {
  const goal = goalOf(figure);
  if (goal === undefined) return "";
  return (figure.better === "more" ? value >= goal : value <= goal) ? "yes" : "no";
}

/**
 * One line for each figure that some column has: the first column is minik's, whose ratios are shown; a second is what
 * was measured in the same run.
 */
export function formatTable(columns: readonly Column[]): string {
  const [own, ...others] = columns;
  const head = ["figure", own?.title ?? ""];
  for (const other of others) head.push(other.title, "ratio");
  head.push("upstream there", "ratio", "goal", "met");
  const rows: string[][] = [head];
  for (const figure of FIGURES) {
    if (!columns.some(({ values }) => values[figure.key] !== undefined)) continue;
    const show = (value: number | undefined): string => (value === undefined ? "-" : formatValue(value, figure.unit));
    const value = own?.values[figure.key];
    const against = (base: number | undefined): string =>
      value === undefined || base === undefined ? "" : formatRatio(value, base);
    const row = [figure.title, show(value)];
    for (const { values } of others) row.push(show(values[figure.key]), against(values[figure.key]));
    row.push(show(figure.upstream), against(figure.upstream), show(goalOf(figure)));
    row.push(value === undefined ? "" : met(figure, value));
    rows.push(row);
  }
  const widths = head.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  return [line(head), rule, ...rows.slice(1).map(line)].join("\n");
}
