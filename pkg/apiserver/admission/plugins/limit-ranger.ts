import { podTotal } from "#pkg/api/core/pod-resources.ts";
import { compareQuantities, quantityMilliValue } from "#pkg/api/index.ts";
import type { Mutable } from "#pkg/api/resource-ref.ts";
import type { Container, LimitRange, LimitRangeItem, PersistentVolumeClaim, Pod } from "#pkg/api/types/core-v1.ts";
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader } from "../../types.ts";
import { concerns, refusal } from "./attributes.ts";

type Amounts = Readonly<Record<string, string>>;
const ANNOTATION = "kubernetes.io/limit-ranger";

/** Fills in a namespace's default requests and limits, and refuses what is outside its bounds. */
export class LimitRanger implements AdmissionPlugin {
  readonly name = "LimitRanger";
  readonly resources = ["pods", "persistentvolumeclaims"];
  readonly #reader: ObjectReader;

  constructor(parts: { readonly reader: ObjectReader }) {
    this.#reader = parts.reader;
  }

  async admit(attributes: AdmissionAttributes): Promise<void> {
    if (!concerns(attributes, "pods", ["CREATE"])) return;
    for (const item of this.#items(attributes, "Container")) setDefaults(attributes.object as Mutable<Pod>, item);
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const found: string[] = [];
    if (concerns(attributes, "pods", ["CREATE"]) || concerns(attributes, "pods", ["UPDATE"], "resize")) {
      const pod = attributes.object as Pod;
      for (const item of this.#items(attributes, "Container")) {
        for (const c of [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]) {
          found.push(...violations(item, c.resources?.requests ?? {}, c.resources?.limits ?? {}));
        }
      }
      for (const item of this.#items(attributes, "Pod")) {
        found.push(...violations(item, podTotal(pod, "requests"), podTotal(pod, "limits")));
      }
    } else if (concerns(attributes, "persistentvolumeclaims", ["CREATE", "UPDATE"])) {
      const requests = (attributes.object as PersistentVolumeClaim).spec?.resources?.requests ?? {};
      for (const item of this.#items(attributes, "PersistentVolumeClaim")) {
        found.push(...violations({ min: item.min, max: item.max, type: item.type }, requests, requests));
      }
    }
    if (found.length > 0) throw refusal(attributes, found.length === 1 ? `${found[0]}` : `[${found.join(", ")}]`);
  }

  #items(attributes: AdmissionAttributes, type: string): LimitRangeItem[] {
    const ranges = this.#reader.list("limitranges", attributes.info.namespace) as readonly LimitRange[];
    return ranges.flatMap((range) => range.spec?.limits ?? []).filter((item) => item.type === type);
  }
}

function setDefaults(pod: Mutable<Pod>, item: LimitRangeItem): void {
  const notes: string[] = [];
  const apply = (container: Mutable<Container>, kind: "init container" | "container"): void => {
    const resources = (container.resources ??= {});
    for (const [field, word, amounts] of [
      ["requests", "request", item.defaultRequest],
      ["limits", "limit", item.default],
    ] as const) {
      const own: Record<string, string> = resources[field] ?? {};
      const missing = Object.keys(amounts ?? {}).filter((name) => own[name] === undefined);
      for (const name of missing) own[name] = amounts?.[name] as string;
      if (missing.length === 0) continue;
      resources[field] = own;
      notes.push(`${missing.sort().join(", ")} ${word} for ${kind} ${container.name}`);
    }
  };
  for (const c of pod.spec?.containers ?? []) apply(c, "container");
  for (const c of pod.spec?.initContainers ?? []) apply(c, "init container");
  if (notes.length > 0) {
    const text = `LimitRanger plugin set: ${notes.join("; ")}`;
    pod.metadata.annotations = { ...pod.metadata.annotations, [ANNOTATION]: text };
  }
}

type Bounds = Partial<LimitRangeItem> & { readonly type: string };

function violations(item: Bounds, requests: Amounts, limits: Amounts): string[] {
  const found: string[] = [];
  for (const [name, min] of Object.entries(item.min ?? {})) {
    const say = (why: string): number => found.push(`minimum ${name} usage per ${item.type} is ${min}, but ${why}`);
    const request = requests[name];
    const limit = limits[name];
    if (request === undefined) say("no request is specified");
    else if (compareQuantities(request, min) < 0) say(`request is ${request}`);
    if (limit !== undefined && limit !== request && compareQuantities(limit, min) < 0) say(`limit is ${limit}`);
  }
  for (const [name, max] of Object.entries(item.max ?? {})) {
    const say = (why: string): number => found.push(`maximum ${name} usage per ${item.type} is ${max}, but ${why}`);
    const request = requests[name];
    const limit = limits[name];
    if (limit === undefined) say("no limit is specified");
    else if (compareQuantities(limit, max) > 0) say(`limit is ${limit}`);
    if (request !== undefined && limit !== request && compareQuantities(request, max) > 0) say(`request is ${request}`);
  }
  for (const [name, most] of Object.entries(item.maxLimitRequestRatio ?? {})) {
    const prefix = `${name} max limit to request ratio per ${item.type} is ${most}, but`;
    const request = quantityMilliValue(requests[name] ?? "0");
    const limit = quantityMilliValue(limits[name] ?? "0");
    if (request === 0) found.push(`${prefix} no request is specified or request is 0`);
    else if (limit === 0) found.push(`${prefix} no limit is specified or limit is 0`);
    else if (limit / request > quantityMilliValue(most) / 1000) {
      found.push(`${prefix} provided ratio is ${(limit / request).toFixed(6)}`);
    }
  }
  return found;
}
