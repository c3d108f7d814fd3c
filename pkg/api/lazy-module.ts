/** A module that takes longer to load than a start may: it is loaded before the first write of a kind that needs it. */
export class LazyModule<M> {
  readonly #import: () => Promise<M>;
  #module: M | undefined;

  constructor(load: () => Promise<M>) {
    this.#import = load;
  }

  /** For `Strategy.ready`. */
  readonly ready = (): Promise<void> | undefined => (this.#module === undefined ? this.#load() : undefined);

  get module(): M {
    if (this.#module === undefined) throw new Error("a module is used before the strategy was ready");
    return this.#module;
  }

  async #load(): Promise<void> {
    this.#module = await this.#import();
  }
}
