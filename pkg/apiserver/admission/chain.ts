import type { AdmissionAttributes, AdmissionPass, AdmissionPlugin } from "../types.ts";

/** The plugins in order: all that change the object, and, after validation, all that only judge it. */
export class AdmissionChain {
  readonly #mutating: readonly AdmissionPlugin[];
  readonly #validating: readonly AdmissionPlugin[];

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#mutating = plugins.filter((plugin) => plugin.admit !== undefined);
    this.#validating = plugins.filter((plugin) => plugin.validate !== undefined);
  }

  /** @throws the ApiError of the first plugin that refuses */
  async admit(attributes: AdmissionAttributes): Promise<void> {
    let wanted = false;
    const first: AdmissionPass = { again: false, notes: new Map(), runAgain: () => (wanted = true) };
    for (const plugin of this.#mutating) await plugin.admit?.(attributes, first);
    if (!wanted) return;
    const second: AdmissionPass = { ...first, again: true };
    for (const plugin of this.#mutating) await plugin.admit?.(attributes, second);
  }

  /** What plugins count, in Prometheus' text form. */
  metrics(): string[] {
    return this.#validating.flatMap((plugin) => plugin.metrics?.() ?? []);
  }

  /** @throws the ApiError of the first plugin that refuses */
  async validate(attributes: AdmissionAttributes): Promise<void> {
    for (const plugin of this.#validating) await plugin.validate?.(attributes);
  }
}
