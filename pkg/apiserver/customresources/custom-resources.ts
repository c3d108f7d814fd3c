import { isDeepStrictEqual } from "node:util";
import {
  type CustomResourceDefinition,
  type CustomResourceDefinitionStatus,
  customresourcedefinitions,
} from "#pkg/api/types/apiextensions-v1.ts";
import { type Client, WorkQueue } from "#pkg/client/index.ts";
import type { Change } from "../cache/index.ts";
import { type DefinitionTable, type RegistryServices, timestamp } from "../registry/index.ts";
import type { UserInfo } from "../types.ts";
import type { WebhookCaller } from "../webhook/index.ts";
import { approvalCondition } from "./api-approval.ts";
import { cachedResource, CRD_PREFIX } from "./cached-resource.ts";
import { findCondition, isTrue, type WantedCondition, withCondition } from "./conditions.ts";
import { deleteInstances } from "./delete-instances.ts";
import { GrantedNames } from "./granted-names.ts";
import { acceptNames } from "./naming.ts";
import {
  CLEANUP_FINALIZER,
  DELETION_COMPLETED,
  DELETION_IN_PROGRESS,
  deletionFailed,
  deletionUnfinished,
  NEVER_ESTABLISHED,
} from "./terminating.ts";

const WORKERS = 4;
/** How long objects of a CRD that goes may take before its condition says so; upstream's wait. */
const DELETION_PATIENCE_MS = 60_000;
const RECHECK_MS = 5_000;

export interface CustomResourcesOptions {
  readonly services: RegistryServices;
  readonly resources: DefinitionTable;
  /** In process, as `user`. */
  readonly client: Pick<Client, "updateStatus">;
  /** The API server itself. */
  readonly user: UserInfo;
}

/** What the definitions of a CRD were made of. */
interface Installed {
  readonly uid: string;
  readonly spec: CustomResourceDefinition["spec"];
  readonly names: unknown;
  readonly terminating: boolean;
}

/**
 * Serves what CustomResourceDefinitions define:
 *
 *   CRD written ─▶ sync: names granted? ─▶ cache of its objects ─▶ status: Established ─▶ definitions into the table
 *   CRD deleted ─▶ sync: objects deleted, one by one gone ─▶ finalizer off ─▶ definitions and cache gone
 *
 * Definitions follow the stored CRD in the very turn of its event, before any client can know of it; all that takes time
 * was done before that event is written.
 */
export class CustomResources {
  readonly #options: CustomResourcesOptions;
  readonly #queue: WorkQueue;
  readonly #granted = new GrantedNames();
  readonly #installed = new Map<string, Installed>();
  /** Prefixes of built-in kinds: a CRD of the same name serves nothing and touches nothing. */
  readonly #builtin: ReadonlySet<string>;
  /** Of CRDs whose objects are being deleted: the wait for the last of them. */
  readonly #waits = new Map<string, () => void>();
  #webhooks: Promise<WebhookCaller> | undefined;
  /** What makes definitions: comes into memory with the first CRD. */
  #maker: typeof import("./definitions.ts") | undefined;

  /** Resolves when everything is served that was established before. */
  static async open(options: CustomResourcesOptions): Promise<CustomResources> {
    const opened = new CustomResources(options);
    const crds = options.services.cache.resource(CRD_PREFIX);
    if (crds.size > 0) await opened.#load();
    for (const entry of crds.list("")) opened.#take(entry.view.object as CustomResourceDefinition);
    crds.listen("", (change) => opened.#note(change));
    return opened;
  }

  private constructor(options: CustomResourcesOptions) {
    this.#options = options;
    this.#builtin = new Set(options.resources.all().map((each) => each.storage.prefix));
    this.#queue = new WorkQueue({
      name: "customresourcedefinition",
      workers: WORKERS,
      log: options.services.log,
      sync: (name, signal) => this.#sync(name, signal),
    });
  }

  async #load(): Promise<typeof import("./definitions.ts")> {
    this.#maker ??= await import("./definitions.ts");
    return this.#maker;
  }

  /** Runs until the signal aborts. What was established before is served without it. */
  async start(signal: AbortSignal): Promise<void> {
    for (const entry of this.#options.services.cache.resource(CRD_PREFIX).list("")) this.#queue.add(entry.name);
    try {
      await this.#queue.start(signal);
    } finally {
      (await this.#webhooks)?.close();
    }
  }

  /** Few servers ever convert. */
  #webhookClient(): Promise<WebhookCaller> {
    this.#webhooks ??= import("../webhook/index.ts").then(
      ({ WebhookClient }) => new WebhookClient({ reader: this.#options.services.cache }),
    );
    return this.#webhooks;
  }

  #note({ entry, deleted }: Change): void {
    const crd = entry.view.object as CustomResourceDefinition;
    if (deleted) this.#forget(crd);
    else this.#take(crd);
    this.#queue.add(entry.name);
  }

  /** Takes in a CRD as it is stored now. */
  #take(crd: CustomResourceDefinition): void {
    const { group } = crd.spec;
    const { name } = crd.metadata;
    const names = crd.status?.acceptedNames ?? { plural: "", kind: "" };
    if (this.#granted.set(group, name, names)) this.#revisitGroup(group, name);
    this.#install(crd);
  }

  #forget(crd: CustomResourceDefinition): void {
    const { resources, services } = this.#options;
    const { cache } = services;
    const { group } = crd.spec;
    const { name } = crd.metadata;
    const { prefix } = cachedResource(crd);
    this.#waits.get(name)?.();
    this.#waits.delete(name);
    this.#installed.delete(name);
    resources.remove(name);
    if (!this.#builtin.has(prefix)) cache.remove(prefix);
    this.#granted.delete(group, name);
    this.#revisitGroup(group, name);
  }

  /** Names became free or taken: the group's others may get what they want, or not. */
  #revisitGroup(group: string, except: string): void {
    for (const name of this.#granted.holders(group)) if (name !== except) this.#queue.add(name);
  }

  #install(crd: CustomResourceDefinition): void {
    const { resources, services } = this.#options;
    const { cache, log } = services;
    const { name, uid } = crd.metadata;
    const { prefix } = cachedResource(crd);
    const maker = this.#maker;
    // Without its objects at hand it waits for its sync, which gets them.
    if (maker === undefined || !isTrue(crd, "Established") || this.#builtin.has(prefix) || !cache.has(prefix)) return;
    const now = { uid, spec: crd.spec, names: crd.status?.acceptedNames, terminating: isTrue(crd, "Terminating") };
    const before = this.#installed.get(name);
    if (isDeepStrictEqual(before, now)) return;
    this.#installed.set(name, now);
    try {
      resources.set(
        name,
        maker.definitionsOf(crd, () => this.#webhookClient()),
      );
    } catch (err) {
      resources.remove(name);
      log.error("cannot serve a custom resource", { err, crd: name });
    }
    // Who watches has to see the new schema: it watches again, as upstream makes it do.
    if (before !== undefined && !isDeepStrictEqual(before.spec, now.spec)) cache.resource(prefix).endWatches();
  }

  async #sync(name: string, signal: AbortSignal): Promise<{ requeueAfterMs: number } | undefined> {
    const { cache } = this.#options.services;
    await this.#load();
    const crd = cache.get(CRD_PREFIX, "", name) as CustomResourceDefinition | undefined;
    if (crd === undefined) return undefined;
    if (crd.metadata.deletionTimestamp !== undefined) return this.#finish(crd, signal);
    const resource = cachedResource(crd);
    const status = this.#statusOf(crd);
    const willServe = status.conditions?.some((each) => each.type === "Established" && each.status === "True");
    if (willServe === true && !this.#builtin.has(resource.prefix)) await cache.add(resource);
    await this.#write(crd, status);
    // For one that was established by somebody else's hand.
    const now = cache.get(CRD_PREFIX, "", name) as CustomResourceDefinition | undefined;
    if (now !== undefined) this.#install(now);
    return undefined;
  }

  #statusOf(crd: CustomResourceDefinition): CustomResourceDefinitionStatus {
    const taken = this.#granted.taken(crd.spec.group, crd.metadata.name);
    const { acceptedNames, namesAccepted, established } = acceptNames(crd, taken);
    const stored = crd.spec.versions.find((each) => each.storage)?.name;
    const storedVersions = crd.status?.storedVersions ?? [];
    return {
      ...crd.status,
      conditions: this.#conditions(crd, [namesAccepted, established, approvalCondition(crd)]),
      acceptedNames,
      storedVersions:
        stored === undefined || storedVersions.includes(stored) ? storedVersions : [...storedVersions, stored],
    };
  }

  #conditions(
    crd: CustomResourceDefinition,
    wanted: readonly (WantedCondition | undefined)[],
  ): NonNullable<CustomResourceDefinitionStatus["conditions"]> {
    const now = timestamp(this.#options.services.now());
    let conditions = crd.status?.conditions ?? [];
    for (const each of wanted) if (each !== undefined) conditions = withCondition(conditions, each, now);
    return conditions;
  }

  /** Deletes the objects of a CRD that goes, and lets it go when the last is gone. */
  async #finish(crd: CustomResourceDefinition, signal: AbortSignal): Promise<{ requeueAfterMs: number } | undefined> {
    const { services, user } = this.#options;
    const { cache, now } = services;
    const finalizers = crd.metadata.finalizers ?? [];
    if (!finalizers.includes(CLEANUP_FINALIZER)) return undefined;
    const resource = cachedResource(crd);
    const others = finalizers.filter((each) => each !== CLEANUP_FINALIZER);
    if (!isTrue(crd, "Established") || this.#builtin.has(resource.prefix)) {
      await this.#writeCondition(crd, NEVER_ESTABLISHED, others);
      return undefined;
    }
    // What it writes comes back as an event, and so here again.
    if (findCondition(crd, "Terminating")?.reason === "InstanceDeletionPending")
      return this.#writeCondition(crd, DELETION_IN_PROGRESS);
    await cache.add(resource);
    try {
      const { storedDefinition } = await this.#load();
      await deleteInstances(services, storedDefinition(crd), user, signal);
    } catch (err) {
      await this.#writeCondition(crd, deletionFailed(err instanceof Error ? err.message : String(err)));
      throw err;
    }
    const instances = cache.resource(resource.prefix);
    if (instances.size === 0) return this.#writeCondition(crd, DELETION_COMPLETED, others);
    const { name, deletionTimestamp = "" } = crd.metadata;
    if (!this.#waits.has(name))
      this.#waits.set(
        name,
        instances.listen("", () => {
          if (instances.size === 0) this.#queue.add(name);
        }),
      );
    if (now() - Date.parse(deletionTimestamp) > DELETION_PATIENCE_MS)
      await this.#writeCondition(crd, deletionUnfinished(instances.size));
    return { requeueAfterMs: RECHECK_MS };
  }

  async #writeCondition(
    crd: CustomResourceDefinition,
    condition: WantedCondition,
    finalizers?: readonly string[],
  ): Promise<undefined> {
    const { metadata } = crd;
    const given = finalizers === undefined ? crd : { ...crd, metadata: { ...metadata, finalizers } };
    const status = { ...crd.status, conditions: this.#conditions(crd, [condition]) };
    if (finalizers === undefined && isDeepStrictEqual(status, crd.status)) return;
    await this.#options.client.updateStatus(customresourcedefinitions, { ...given, status });
  }

  async #write(crd: CustomResourceDefinition, status: CustomResourceDefinitionStatus): Promise<void> {
    if (isDeepStrictEqual(status, crd.status)) return;
    await this.#options.client.updateStatus(customresourcedefinitions, { ...crd, status });
  }
}
