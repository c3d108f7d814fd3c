/** Freezes API data all the way down and returns it. What is frozen at the top counts as frozen. */
export function deepFreeze<T>(value: T): T {
  if (!Object.isFrozen(value)) freeze(value as object);
  return value;
}

/** Asking every object first whether it is frozen would cost as much as freezing. */
function freeze(value: object): void {
  Object.freeze(value);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const child: unknown = value[i];
      if (typeof child === "object" && child !== null) freeze(child);
    }
    return;
  }
  for (const key in value) {
    const child = (value as Record<string, unknown>)[key];
    if (typeof child === "object" && child !== null) freeze(child);
  }
}
