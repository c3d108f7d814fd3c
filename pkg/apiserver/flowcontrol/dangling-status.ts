import { type FlowSchema, flowschemas } from "#pkg/api/types/flowcontrol-v1.ts";
import type { Client } from "#pkg/client/types.ts";
import { isConflict, isNotFound } from "#pkg/errors/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { ObjectReader } from "../types.ts";

export interface DanglingStatusOptions {
  readonly reader: Pick<ObjectReader, "get" | "list" | "onChange">;
  readonly client: Pick<Client, "updateStatus">;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const SCHEMAS = "flowcontrol.apiserver.k8s.io/flowschemas";
const LEVELS = "flowcontrol.apiserver.k8s.io/prioritylevelconfigurations";

/** Says in each FlowSchema's status whether the level that it names is there (condition Dangling). */
export class DanglingStatus {
  readonly #options: DanglingStatusOptions;
  /** Names of schemas to look at. */
  readonly #due = new Set<string>();
  #wake: (() => void) | undefined;

  constructor(options: DanglingStatusOptions) {
    this.#options = options;
  }

  /** Runs until the signal aborts. */
  async start(signal: AbortSignal): Promise<void> {
    const { reader } = this.#options;
    const wake = (): void => this.#wake?.();
    const stops = [
      reader.onChange(SCHEMAS, ({ object, deleted }) => {
        if (deleted) return;
        this.#due.add(object.metadata.name ?? "");
        wake();
      }),
      reader.onChange(LEVELS, ({ object }) => {
        this.#addThoseOf(object.metadata.name ?? "");
        wake();
      }),
    ];
    signal.addEventListener("abort", wake, { once: true });
    for (const { metadata } of reader.list(SCHEMAS)) this.#due.add(metadata.name ?? "");
    while (!signal.aborted) {
      const names = [...this.#due];
      this.#due.clear();
      await Promise.all(names.map((name) => this.#sync(name, signal)));
      if (this.#due.size > 0 || signal.aborted) continue;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    for (const stop of stops) stop();
    signal.removeEventListener("abort", wake);
  }

  #addThoseOf(level: string): void {
    for (const schema of this.#options.reader.list(SCHEMAS) as readonly FlowSchema[])
      if (schema.spec.priorityLevelConfiguration.name === level) this.#due.add(schema.metadata.name ?? "");
  }

  async #sync(name: string, signal: AbortSignal): Promise<void> {
    const { reader, client, log, now } = this.#options;
    const schema = reader.get(SCHEMAS, "", name) as FlowSchema | undefined;
    if (schema === undefined) return;
    const level = schema.spec.priorityLevelConfiguration.name;
    const exists = reader.get(LEVELS, "", level) !== undefined;
    const which = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)}`;
    const wanted = {
      type: "Dangling",
      status: exists ? "False" : "True",
      reason: exists ? "Found" : "NotFound",
      message: exists ? `${which} and it exists` : `${which} but there is no such object`,
    };
    const conditions = schema.status?.conditions ?? [];
    const found = conditions.find(({ type }) => type === wanted.type);
    if (found?.status === wanted.status && found.reason === wanted.reason && found.message === wanted.message) return;
    const condition = { ...wanted, lastTransitionTime: `${new Date(now()).toISOString().slice(0, 19)}Z` };
    const others = conditions.filter(({ type }) => type !== wanted.type);
    try {
      await client.updateStatus(flowschemas, { ...schema, status: { conditions: [...others, condition] } });
    } catch (err) {
      // What made it conflict is a change, which comes here by itself.
      if (signal.aborted || isConflict(err) || isNotFound(err)) return;
      log.error("cannot tell whether a FlowSchema is dangling", { err, name });
    }
  }
}
