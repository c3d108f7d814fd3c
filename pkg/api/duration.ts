/** Ages as kubectl shows them (upstream's duration.HumanDuration): two units while the larger one is small. */
export function humanDuration(ms: number): string {
  // Clocks differ between machines: two seconds into the future still read as now.
  const seconds = Math.trunc(ms / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 10) return two(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 8) return two(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (hours < 192) return two(days, "d", hours % 24, "h");
  if (hours < 24 * 365 * 2) return `${days}d`;
  const years = Math.trunc(hours / 24 / 365);
  if (hours < 24 * 365 * 8) return two(years, "y", days % 365, "d");
  return `${years}y`;
}

const two = (large: number, unit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large}${unit}` : `${large}${unit}${small}${smallUnit}`;

/** The age of an RFC 3339 time; "<unknown>" without one. `now` in ms since the epoch. */
export function ageSince(time: string | undefined, now: number): string {
  return time === undefined ? "<unknown>" : humanDuration(now - Date.parse(time));
}
