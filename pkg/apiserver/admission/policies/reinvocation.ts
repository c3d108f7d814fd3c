import type { KubeObject } from "#pkg/api/resource-ref.ts";

/** Which invocations run again in the second pass (KEP-492): those that want to, when the object changed after them. */
export class Reinvocation {
  readonly #called = new Set<string>();
  readonly #again = new Set<string>();
  #left = "";

  /** Before a pass: others may have changed the object since the last one. */
  begin(object: KubeObject, again: boolean): void {
    if (again && this.#called.size > 0 && this.#left !== JSON.stringify(object)) this.changed();
  }

  isDue(id: string): boolean {
    return this.#again.has(id);
  }

  /** The object changed: whoever was called before must see it. */
  changed(): void {
    for (const id of this.#called) this.#again.add(id);
    this.#called.clear();
  }

  /** `id` was called and wants to be again. */
  called(id: string): void {
    this.#called.add(id);
  }

  end(object: KubeObject): void {
    if (this.#called.size > 0) this.#left = JSON.stringify(object);
  }
}
