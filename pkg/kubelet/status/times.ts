/** metav1.Time of nanoseconds since 1970 as CRI counts them; undefined for 0, which means "not yet". */
export function timeOfNanos(nanos: number | undefined): string | undefined {
  return nanos === undefined || nanos <= 0 ? undefined : timeOf(nanos / 1e6);
}

/** metav1.Time: whole seconds, UTC. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
