import type { NewObject } from "#pkg/api/resource-ref.ts";
import { type APIService, apiservices } from "#pkg/api/types/apiregistration-v1.ts";
import { WorkQueue } from "#pkg/client/index.ts";
import { isAlreadyExists, isNotFound } from "#pkg/errors/index.ts";
import { localPriority } from "./priorities.ts";
import { APISERVICES } from "./remote-services.ts";
import type { AggregationParts } from "./types.ts";

const MANAGED = "kube-aggregator.kubernetes.io/automanaged";
/** Built-in groups: looked after at start, then an administrator's. */
const ON_START = "onstart";
/** Groups of CRDs: kept as they should be all the time. */
const ALWAYS = "true";
/** Served by the aggregator itself, which needs no leave to. */
const OWN_GROUP = "apiregistration.k8s.io";
const WORKERS = 4;

/** Keeps an APIService object for every group version that this server answers itself (upstream's autoregister). */
export class LocalServices {
  readonly #parts: AggregationParts;
  readonly #queue: WorkQueue;
  /** By name. */
  #wanted: ReadonlyMap<string, NewObject<APIService>> = new Map();
  /** Built-in ones that were made or seen once. */
  readonly #settled = new Set<string>();
  #stale = false;

  constructor(parts: AggregationParts) {
    this.#parts = parts;
    this.#queue = new WorkQueue({
      name: "apiservice-registration",
      sync: (name) => this.#sync(name),
      workers: WORKERS,
      log: parts.log,
    });
  }

  async start(signal: AbortSignal): Promise<void> {
    const { reader, resources } = this.#parts;
    const stops = [
      resources.onChange(() => this.#refreshSoon(signal)),
      reader.onChange(APISERVICES, ({ object }) => this.#queue.add(object.metadata.name as string)),
    ];
    this.#refresh();
    for (const { metadata } of reader.list(APISERVICES)) this.#queue.add(metadata.name as string);
    try {
      await this.#queue.start(signal);
    } finally {
      for (const stop of stops) stop();
    }
  }

  /** Many CRDs that come at once are looked at together. */
  #refreshSoon(signal: AbortSignal): void {
    if (this.#stale) return;
    this.#stale = true;
    setImmediate(() => {
      this.#stale = false;
      if (!signal.aborted) this.#refresh();
    });
  }

  #refresh(): void {
    const before = this.#wanted;
    const wanted = new Map<string, NewObject<APIService>>();
    for (const { group, version } of this.#parts.resources.all()) {
      const name = `${version}.${group}`;
      if (group !== OWN_GROUP && !wanted.has(name)) wanted.set(name, before.get(name) ?? localService(group, version));
    }
    this.#wanted = wanted;
    for (const name of wanted.keys()) if (!before.has(name)) this.#queue.add(name);
    for (const name of before.keys()) if (!wanted.has(name)) this.#queue.add(name);
  }

  async #sync(name: string): Promise<void> {
    const { reader, client } = this.#parts;
    const wanted = this.#wanted.get(name);
    const now = reader.get(APISERVICES, "", name) as APIService | undefined;
    const managed = now?.metadata.labels?.[MANAGED];
    if (wanted === undefined) {
      if (managed === ALWAYS || (managed === ON_START && !this.#settled.has(name)))
        await this.#delete(now as APIService);
      return;
    }
    const onStart = wanted.metadata?.labels?.[MANAGED] === ON_START;
    if (onStart && this.#settled.has(name)) return;
    if (now === undefined) await client.create(apiservices, wanted).catch(ignoring(isAlreadyExists));
    else if (managed !== undefined && !isAsWanted(now, wanted))
      await client.update(apiservices, {
        ...now,
        metadata: { ...now.metadata, labels: labelsOf(now, wanted) },
        spec: wanted.spec,
      });
    if (onStart) this.#settled.add(name);
  }

  async #delete({ metadata }: APIService): Promise<void> {
    const uid = metadata.uid as string;
    await this.#parts.client
      .delete(apiservices, { name: metadata.name as string }, { preconditions: { uid } })
      .catch(ignoring(isNotFound));
  }
}

function localService(group: string, version: string): NewObject<APIService> {
  const priority = localPriority(group, version);
  return {
    metadata: { name: `${version}.${group}`, labels: { [MANAGED]: priority.builtin ? ON_START : ALWAYS } },
    spec: {
      ...(group === "" ? {} : { group }),
      version,
      groupPriorityMinimum: priority.group,
      versionPriority: priority.version,
    },
  };
}

const labelsOf = (now: APIService, wanted: NewObject<APIService>) => ({
  ...now.metadata.labels,
  ...wanted.metadata?.labels,
});

function isAsWanted({ metadata, spec }: APIService, wanted: NewObject<APIService>): boolean {
  return (
    metadata.labels?.[MANAGED] === wanted.metadata?.labels?.[MANAGED] &&
    spec.service === undefined &&
    spec.groupPriorityMinimum === wanted.spec.groupPriorityMinimum &&
    spec.versionPriority === wanted.spec.versionPriority
  );
}

const ignoring =
  (expected: (err: unknown) => boolean) =>
  (err: unknown): void => {
    if (!expected(err)) throw err;
  };
