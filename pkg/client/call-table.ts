const FIRST_SIZE = 256;

/**
 * Calls under way, by id. Not a Map: one that lives long leaves its outgrown tables, and with them all that went through
 * it, to the next full garbage collection. The place of a call is what its id leaves when divided by the table's size.
 */
export class CallTable<T> {
  #places: ({ readonly id: number; readonly call: T } | undefined)[] = empty(FIRST_SIZE);
  #size = 0;
  #lastId = 0;

  /** Keeps a call under an id that no call had before. */
  add(call: T): number {
    if (this.#size * 2 > this.#places.length) this.#grow();
    let id = this.#lastId + 1;
    while (this.#places[id % this.#places.length] !== undefined) id++;
    this.#lastId = id;
    this.set(id, call);
    return id;
  }

  /** Keeps a call under an id that the other side's table chose. */
  set(id: number, call: T): void {
    for (let other = this.#at(id); other !== undefined && other.id !== id; other = this.#at(id)) this.#grow();
    if (this.#at(id) === undefined) this.#size++;
    this.#places[id % this.#places.length] = { id, call };
  }

  get(id: number): T | undefined {
    const found = this.#at(id);
    return found?.id === id ? found.call : undefined;
  }

  delete(id: number): void {
    if (this.#at(id)?.id !== id) return;
    this.#places[id % this.#places.length] = undefined;
    this.#size--;
  }

  /** Of all calls, as of now. */
  ids(): number[] {
    return this.#places.flatMap((place) => (place === undefined ? [] : [place.id]));
  }

  #at(id: number): { readonly id: number; readonly call: T } | undefined {
    return this.#places[id % this.#places.length];
  }

  /** Those whose places differ still do in a table of twice the size. */
  #grow(): void {
    const before = this.#places;
    this.#places = empty(before.length * 2);
    for (const place of before) if (place !== undefined) this.#places[place.id % this.#places.length] = place;
  }
}

const empty = (size: number): undefined[] => Array.from<undefined>({ length: size }).fill(undefined);
