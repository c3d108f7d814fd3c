import { quotaIsAbout, quotaUsage, resourceOfQuotaName } from "#pkg/api/core/quota-usage.ts";
import { addQuantities, compareQuantities, subtractQuantities } from "#pkg/api/index.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import { type Pod, type ResourceQuota as Quota, resourcequotas } from "#pkg/api/types/core-v1.ts";
import type { Client } from "#pkg/client/types.ts";
import { isConflict, isNotFound } from "#pkg/errors/index.ts";
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader } from "../../types.ts";
import { concerns, refusal } from "./attributes.ts";

export type QuotaClient = Pick<Client, "get" | "updateStatus">;
type Amounts = Readonly<Record<string, string>>;
const ATTEMPTS = 5;
/** Asked of every container once a quota limits them. */
const REQUIRED = /^(cpu|memory|(requests|limits)\.(cpu|memory))$/;

/** A write that was charged and is not over: readers do not see it yet. */
interface Pending {
  readonly resource: string;
  readonly object: KubeObject;
  readonly old: KubeObject | undefined;
}

/**
 * Refuses what would exceed a namespace's quotas and charges the rest to their status. One namespace is charged by one
 * request at a time. A quota that looks exceeded is counted again from what is really there before anyone is refused,
 * so that objects that went, or were charged and then not written, do not hold it forever.
 */
export class ResourceQuota implements AdmissionPlugin {
  readonly name = "ResourceQuota";
  readonly #reader: ObjectReader;
  readonly #client: () => QuotaClient;
  readonly #turns = new Map<string, Promise<void>>();
  /** By namespace. */
  readonly #pending = new Map<string, Set<Pending>>();

  constructor(parts: { readonly reader: ObjectReader; readonly client: () => QuotaClient }) {
    this.#reader = parts.reader;
    this.#client = parts.client;
  }

  validate(attributes: AdmissionAttributes): Promise<void> | undefined {
    const { info, operation } = attributes;
    if (info.namespace === "" || info.resource === "namespaces") return undefined;
    const isWrite = info.subresource === "" && (operation === "CREATE" || operation === "UPDATE");
    if (!isWrite && !concerns(attributes, "pods", ["UPDATE"], "resize")) return undefined;
    return this.#quotas(info.namespace).length === 0 ? undefined : this.#inTurn(attributes);
  }

  async #inTurn(attributes: AdmissionAttributes): Promise<void> {
    const { info } = attributes;
    const before = this.#turns.get(info.namespace) ?? Promise.resolve();
    const mine = before.then(() => this.#charge(attributes));
    const turn = mine.catch(() => undefined);
    this.#turns.set(info.namespace, turn);
    try {
      await mine;
    } finally {
      if (this.#turns.get(info.namespace) === turn) this.#turns.delete(info.namespace);
    }
  }

  #quotas(namespace: string): readonly Quota[] {
    return this.#reader.list("resourcequotas", namespace) as readonly Quota[];
  }

  async #charge(attributes: AdmissionAttributes): Promise<void> {
    const { info } = attributes;
    const resource = info.group === "" ? info.resource : `${info.group}/${info.resource}`;
    const delta = growth(resource, attributes);
    if (Object.keys(delta).length === 0) return;
    const charges: { readonly quota: Quota; readonly used: Amounts }[] = [];
    for (const quota of this.#quotas(info.namespace)) {
      const limited = Object.keys(quota.spec?.hard ?? {}).filter((name) => delta[name] !== undefined);
      if (!quotaIsAbout(quota, resource, attributes.object as KubeObject)) continue;
      if (resource === "pods" && attributes.operation === "CREATE") refuseUnspecified(attributes, quota);
      if (limited.length === 0) continue;
      charges.push({ quota, used: this.#usedAfter(attributes, quota, delta, limited) });
    }
    if (attributes.dryRun) return;
    for (const charge of charges) await this.#write(charge.quota, charge.used);
    if (charges.length > 0) this.#keepUntilDone(attributes, resource);
  }

  #keepUntilDone(attributes: AdmissionAttributes, resource: string): void {
    const { namespace } = attributes.info;
    const pending = this.#pending.get(namespace) ?? new Set();
    this.#pending.set(namespace, pending);
    const { object, old } = attributes as { readonly object: KubeObject; readonly old: KubeObject | undefined };
    const charged: Pending = { resource, object, old };
    pending.add(charged);
    attributes.whenDone(() => {
      pending.delete(charged);
      if (pending.size === 0 && this.#pending.get(namespace) === pending) this.#pending.delete(namespace);
    });
  }

  /** The objects there are, and those that are about to be. */
  #objects(resource: string, namespace: string): readonly KubeObject[] {
    const objects = this.#reader.list(resource, namespace);
    const pending = [...(this.#pending.get(namespace) ?? [])].filter((each) => each.resource === resource);
    if (pending.length === 0) return objects;
    const byUid = new Map(objects.map((each) => [each.metadata.uid, each]));
    for (const { object, old } of pending) {
      const { uid } = object.metadata;
      if (byUid.get(uid)?.metadata.resourceVersion === old?.metadata.resourceVersion) byUid.set(uid, object);
    }
    return [...byUid.values()];
  }

  #usedAfter(attributes: AdmissionAttributes, quota: Quota, delta: Amounts, limited: readonly string[]): Amounts {
    const hard = quota.spec?.hard ?? {};
    const sum = (used: Amounts): Record<string, string> => {
      const after: Record<string, string> = { ...used };
      for (const name of limited) after[name] = addQuantities(after[name], delta[name]);
      return after;
    };
    const over = (after: Amounts): string[] =>
      limited.filter((name) => compareQuantities(after[name] ?? "0", hard[name] ?? "0") > 0);
    const known = quota.status?.used;
    const isCounted = known !== undefined && limited.every((name) => known[name] !== undefined);
    if (isCounted && over(sum(known)).length === 0) return sum(known);
    const counted = this.#count(quota);
    const exceeded = over(sum(counted));
    if (exceeded.length === 0) return sum(counted);
    const names = [...exceeded].sort();
    const show = (amounts: Amounts): string => names.map((name) => `${name}=${amounts[name] ?? "0"}`).join(",");
    throw refusal(
      attributes,
      `exceeded quota: ${quota.metadata.name}, requested: ${show(delta)}, used: ${show(counted)}, limited: ${show(hard)}`,
    );
  }

  #count(quota: Quota): Record<string, string> {
    const used: Record<string, string> = {};
    const names = Object.keys(quota.spec?.hard ?? {});
    for (const name of names) used[name] = "0";
    for (const resource of new Set(names.map(resourceOfQuotaName))) {
      if (resource === undefined) continue;
      for (const object of this.#objects(resource, quota.metadata.namespace ?? "")) {
        if (!quotaIsAbout(quota, resource, object)) continue;
        const usage = quotaUsage(resource, object);
        for (const name of names) if (usage[name] !== undefined) used[name] = addQuantities(used[name], usage[name]);
      }
    }
    return used;
  }

  /** The status may have been written by a controller meanwhile: then this charge is added to what it says now. */
  async #write(quota: Quota, used: Amounts): Promise<void> {
    let current = quota;
    let after = used;
    for (let attempt = 1; ; attempt++) {
      try {
        const status = { hard: { ...current.spec?.hard }, used: after };
        await this.#client().updateStatus(resourcequotas, { ...current, status });
        return;
      } catch (err) {
        if (isNotFound(err)) return;
        if (!isConflict(err) || attempt === ATTEMPTS) throw err;
      }
      const { namespace, name } = quota.metadata;
      current = await this.#client().get(resourcequotas, { ...(namespace === undefined ? {} : { namespace }), name });
      const charged: Record<string, string> = { ...current.status?.used };
      for (const [key, amount] of Object.entries(used)) {
        const added = subtractQuantities(amount, quota.status?.used?.[key]);
        charged[key] = addQuantities(charged[key], added);
      }
      after = charged;
    }
  }
}

/** What the write adds; an update charges only what grew. */
function growth(resource: string, attributes: AdmissionAttributes): Record<string, string> {
  const after = quotaUsage(resource, attributes.object as KubeObject);
  const before: Amounts = attributes.operation === "CREATE" ? {} : quotaUsage(resource, attributes.old as KubeObject);
  const grown: Record<string, string> = {};
  for (const [name, amount] of Object.entries(after)) {
    const more = subtractQuantities(amount, before[name]);
    if (compareQuantities(more, "0") > 0) grown[name] = more;
  }
  return grown;
}

function refuseUnspecified(attributes: AdmissionAttributes, quota: Quota): void {
  const pod = attributes.object as Pod;
  // The pod's own resources speak for all its containers.
  if (Object.keys({ ...pod.spec.resources?.requests, ...pod.spec.resources?.limits }).length > 0) return;
  const missing: string[] = [];
  for (const name of Object.keys(quota.spec?.hard ?? {})
    .filter((n) => REQUIRED.test(n))
    .sort()) {
    const field = name.startsWith("limits.") ? "limits" : "requests";
    const resource = name.replace(/^(requests|limits)\./, "");
    const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].filter(
      (c) => c.resources?.[field]?.[resource] === undefined,
    );
    if (containers.length > 0)
      missing.push(
        `${name} for: ${containers
          .map((c) => c.name)
          .sort()
          .join(",")}`,
      );
  }
  if (missing.length > 0) {
    throw refusal(attributes, `failed quota: ${quota.metadata.name}: must specify ${missing.join("; ")}`);
  }
}
